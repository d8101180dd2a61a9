package threats

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const root = "../.."

var (
	row    = regexp.MustCompile(`^//  (\d+)\. (.*)$`)
	named  = regexp.MustCompile(`\b((?:host|shared|wasm|extension|scripts)(?:/[\w-]+)*)\.((?:Test|Fuzz)\w+)`)
	script = regexp.MustCompile(`(extension/test/[\w-]+\.test\.js)|"([^"]+)"`)
)

// rows are the numbered threats, each on one line.
func rows(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		switch m := row.FindStringSubmatch(line); {
		case m != nil:
			if n, _ := strconv.Atoi(m[1]); n != len(found)+1 {
				t.Errorf("row %d comes after %d", n, len(found))
			}
			found = append(found, m[2])
		case len(found) > 0 && strings.HasPrefix(line, "//     "):
			found[len(found)-1] += " " + strings.TrimSpace(line[2:])
		}
	}
	return found
}

// TestEveryNamedTestExists: each row names a test, and every test that is
// named anywhere in the documentation is there.
func TestEveryNamedTestExists(t *testing.T) {
	all := rows(t)
	if len(all) != 37 {
		t.Fatalf("%d rows, want 37", len(all))
	}
	sources := map[string]string{}
	for i, text := range all {
		if n := checkGo(t, sources, text) + checkJS(t, text); n == 0 {
			t.Errorf("row %d names no test", i+1)
		}
	}
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if n := checkGo(t, sources, string(text)); n < 80 {
		t.Errorf("only %d tests are named", n)
	}
}

// checkGo looks for the Go tests that a text names and returns how many.
func checkGo(t *testing.T, sources map[string]string, text string) int {
	t.Helper()
	found := named.FindAllStringSubmatch(text, -1)
	for _, m := range found {
		if _, read := sources[m[1]]; !read {
			sources[m[1]] = testsIn(t, m[1])
		}
		if !strings.Contains(sources[m[1]], "func "+m[2]+"(") {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
	return len(found)
}

func testsIn(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(dir), "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s has no tests: %v", dir, err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// checkJS looks for the JavaScript tests: titles belong to the file before them.
func checkJS(t *testing.T, text string) int {
	t.Helper()
	file, count := "", 0
	for _, m := range script.FindAllStringSubmatch(text, -1) {
		if m[1] != "" {
			raw, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m[1])))
			if err != nil {
				t.Fatal(err)
			}
			file = string(raw)
			continue
		}
		if count++; !strings.Contains(file, `test("`+m[2]+`"`) {
			t.Errorf("no test %q in the file named before it", m[2])
		}
	}
	return count
}
