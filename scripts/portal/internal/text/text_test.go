package text

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// used finds the keys that templates, scripts and handlers name.
func used(t *testing.T) map[string]bool {
	t.Helper()
	found := make(map[string]bool)
	patterns := map[string]*regexp.Regexp{
		"templates/*.html":      regexp.MustCompile(`\b(?:t|count|print) "([a-z0-9.-]+)"`),
		"static/*.js":           regexp.MustCompile(`"([a-z.]+)"`),
		"internal/site/*.go":    regexp.MustCompile(`"((?:error|done|role|record)\.[a-z-]*)"`),
		"internal/site/[s]*.go": regexp.MustCompile(`"(role\.[a-z]+)"`),
	}
	root := os.DirFS("../..")
	for glob, pattern := range patterns {
		files, err := fs.Glob(root, glob)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", glob, len(files), err)
		}
		for _, file := range files {
			source, err := fs.ReadFile(root, file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range pattern.FindAllStringSubmatch(string(source), -1) {
				key := match[1]
				if strings.HasSuffix(file, ".js") {
					key = scriptPrefix + key
				}
				found[key] = true
			}
		}
	}
	return found
}

// TestKeys finds texts that nobody shows, and names without a text.
func TestKeys(t *testing.T) {
	uses := used(t)
	covered := func(key string) bool {
		for name := range uses {
			if name == key || name+".one" == key || name+".many" == key || strings.HasSuffix(name, ".") && strings.HasPrefix(key, name) {
				return true
			}
		}
		return strings.HasPrefix(key, scriptPrefix+"here.") // put together from a state
	}
	keys := Keys()
	for _, key := range keys {
		if !covered(key) {
			t.Errorf("%s is shown nowhere", key)
		}
	}
	for name := range uses {
		exists := Has(name) || Has(name+".many") || slices.ContainsFunc(keys, func(k string) bool { return strings.HasSuffix(name, ".") && strings.HasPrefix(k, name) })
		if !exists && !strings.HasPrefix(name, scriptPrefix) {
			t.Errorf("%s has no text", name)
		}
	}
}

// TestScriptKeys finds names in page scripts that have no text.
func TestScriptKeys(t *testing.T) {
	calls := 0
	scripts, err := filepath.Glob("../../static/*.js")
	if err != nil || len(scripts) < 8 {
		t.Fatalf("%d scripts, %v", len(scripts), err)
	}
	for _, name := range scripts {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, call := range regexp.MustCompile(`\btext\("([a-z.]+)"`).FindAllStringSubmatch(string(source), -1) {
			calls++
			if !Has(scriptPrefix + call[1]) {
				t.Errorf("%s says %s, which has no text", name, call[1])
			}
		}
	}
	if calls < 15 {
		t.Errorf("only %d texts found", calls)
	}
}

// TestTexts holds both languages to their typography, and to the same values.
func TestTexts(t *testing.T) {
	seen := make(map[string]bool)
	verbs := regexp.MustCompile(`%[a-z]|\{\d\}`)
	for _, key := range Keys() {
		if seen[key] {
			t.Errorf("%s stands twice", key)
		}
		seen[key] = true
		e, _ := find(key)
		if e.fr == "" || e.en == "" || strings.Contains(e.fr+e.en, "'") || strings.Contains(e.fr+e.en, "  ") || strings.Contains(e.fr+e.en, "...") {
			t.Errorf("%s: %q, %q", key, e.fr, e.en)
		}
		if regexp.MustCompile(`[^\s ][:;!?»](\s|$)|«\S`).MatchString(strings.ReplaceAll(e.fr, " :", "")) && !strings.Contains(e.fr, "://") {
			if bare := regexp.MustCompile(`[^ ]([;!?»]|:(\s|$))`).FindString(e.fr); bare != "" {
				t.Errorf("%s: no space in %q of %q", key, bare, e.fr)
			}
		}
		if a, b := verbs.FindAllString(e.fr, -1), verbs.FindAllString(e.en, -1); !slices.Equal(a, b) {
			t.Errorf("%s: %v and %v", key, a, b)
		}
		if strings.ContainsAny(typeset(e.fr), "\u00a0\u202f") != strings.ContainsAny(e.fr, ":;!?«»") {
			t.Errorf("%s: no-break spaces of %q", key, typeset(e.fr))
		}
	}
}

func TestDate(t *testing.T) {
	winter, summer := time.Date(2026, 11, 22, 20, 5, 0, 0, time.UTC), time.Date(2027, 7, 1, 22, 30, 0, 0, time.UTC)
	for want, got := range map[string]string{
		"22/11/2026 à 21:05\u00a0(UTC+1,\u00a0Paris)": Date("fr")(winter),
		"02/07/2027 à 00:30\u00a0(UTC+2,\u00a0Paris)": Date("fr")(summer),
		"22 Nov 2026, 21:05\u00a0(UTC+1,\u00a0Paris)": Date("en")(winter),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestSameDay(t *testing.T) {
	late := time.Date(2027, 1, 1, 23, 30, 0, 0, time.UTC) // 0:30 of the 2nd in Paris
	if !SameDay(late, late.Add(time.Hour)) || SameDay(late, late.Add(-time.Hour)) || SameDay(late, late.AddDate(1, 0, 0)) {
		t.Error("days are not those of Paris")
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 octet", 1: "1 octet", 2: "2 octets", 999: "999 octets", 1000: "1,0 ko", 1_234_567: "1,2 Mo", 5_000_000_000: "5,0 Go", 2e15: "2000,0 To"} {
		if got := strings.ReplaceAll(Size("fr")(n), "\u00a0", " "); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	if got := Size("en")(1500); got != "1.5\u00a0kB" {
		t.Error(got)
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 pli non ouvert", 1: "1 pli non ouvert", 2: "2 plis non ouverts"} {
		if got := Count("fr", "keys.plis", n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := Count("en", "keys.plis", 0); got != "0 unopened submissions" {
		t.Error(got)
	}
}
