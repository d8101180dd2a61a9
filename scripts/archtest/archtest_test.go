// Package archtest holds the architecture's rules as tests: who may import
// what, what the host may never link, where browsers' native messaging is
// touched, and what lies at the top level.
package archtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rule says what the non-test files of packages below a prefix may import.
// The longest prefix that fits a package decides.
type rule struct {
	below string   // of the module, such as "shared/pkcs12x"
	ours  []string // prefixes of our own packages
	third []string // prefixes of other modules' packages
}

var rules = []rule{
	{"shared", []string{"shared"}, []string{"golang.org/x/crypto/cryptobyte"}},
	{"shared/signeddata", []string{"shared"}, []string{"golang.org/x/crypto/cryptobyte", "go.mozilla.org/pkcs7"}},
	// certtest makes throw-away keys and files; only tests import it (see TestTestHelpers).
	{"shared/certtest", []string{"shared"}, []string{"golang.org/x/crypto/cryptobyte", "software.sslmate.com/src/go-pkcs12"}},
	{"host", []string{"shared", "host/internal"}, []string{"golang.org/x/sys"}},
	{"host/internal/keystore/nss", []string{"shared", "host/internal"}, []string{"golang.org/x/sys", "github.com/miekg/pkcs11"}},
	{"host/internal/keystore/cryptoki", []string{"shared", "host/internal"}, []string{"github.com/miekg/pkcs11"}},
	{"host/internal/keystore/pkcs11", []string{"shared", "host/internal"}, []string{"golang.org/x/sys", "github.com/miekg/pkcs11"}},
	{"host/internal/keystore/keychain", []string{"shared", "host/internal"}, []string{"golang.org/x/sys", "github.com/ebitengine/purego"}},
	{"host/internal/confine", []string{"shared", "host/internal"}, []string{"golang.org/x/sys", "github.com/landlock-lsm/go-landlock"}},
	{"host/internal/doctor", []string{"shared", "host/internal"}, []string{"golang.org/x/sys", "github.com/github/smimesign/certstore"}},
	{"wasm", []string{"shared", "wasm/internal"}, nil},
	{"wasm/internal/bridge", []string{"shared", "wasm/internal"}, []string{"github.com/hack-pad/safejs"}},
	{"wasm/internal/dom", []string{"shared", "wasm/internal"}, []string{"github.com/hack-pad/safejs"}},
	{"wasm/internal/webcrypto", []string{"shared", "wasm/internal"}, []string{"github.com/hack-pad/safejs"}},
	// The manifest takes its version and ids from shared.
	{"extension", []string{"shared"}, nil},
	{"scripts", []string{"shared", "extension"}, nil},
	{"scripts/portal", []string{"shared", "extension", "scripts/portal"}, []string{"modernc.org/sqlite"}},
	{"scripts/e2e", []string{"shared", "extension", "scripts/e2e", "scripts/phpportal"}, []string{"github.com/chromedp"}},
	// A stand-in for verify.wasm, without the fence.
	{"scripts/e2e/wasmtest/unfenced", nil, []string{"go.mozilla.org/pkcs7"}},
	{"scripts/genproto", []string{"shared", "extension", "scripts/phpportal", "scripts/outputs"}, nil},
	{"scripts/policy", []string{"shared", "extension", "scripts/outputs"}, nil},
	{"scripts/demo", []string{"shared", "extension", "scripts/e2e"}, nil},
	// x/sys drops files from the page cache.
	{"scripts/bench", []string{"shared", "extension", "scripts/e2e"}, []string{"github.com/chromedp", "golang.org/x/sys"}},
	{"scripts/mutate", nil, nil},
	{"scripts/nmclient", []string{"shared"}, []string{"github.com/rickypc/native-messaging-host"}},
}

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath   string
	Imports      []string
	TestGoFiles  []string
	XTestGoFiles []string
	GoFiles      []string
	Standard     bool
	Deps         []string
	Incomplete   bool
}

const module = "scelle/"

// systems are the builds whose imports are looked at.
var systems = [][]string{
	{"GOOS=linux", "CGO_ENABLED=1"},
	{"GOOS=windows", "CGO_ENABLED=0"},
	{"GOOS=darwin", "CGO_ENABLED=0"},
	{"GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0"},
}

func list(t *testing.T, env []string, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-e", "-json=ImportPath,Imports,Deps,Standard,GoFiles,TestGoFiles,XTestGoFiles"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func ruleFor(importPath string) (rule, bool) {
	rel := strings.TrimPrefix(importPath, module)
	var best rule
	for _, r := range rules {
		if within(rel, r.below) && len(r.below) > len(best.below) {
			best = r
		}
	}
	return best, best.below != ""
}

func within(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

func anyWithin(p string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(q string) bool { return within(p, q) })
}

func standard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".") && first != strings.TrimSuffix(module, "/")
}

func TestImports(t *testing.T) {
	seen := 0
	for _, env := range systems {
		for _, p := range list(t, env, "./...") {
			r, ok := ruleFor(p.ImportPath)
			if !ok {
				t.Errorf("%s lies under no rule", p.ImportPath)
				continue
			}
			seen++
			for _, i := range p.Imports {
				switch {
				case i == "C" || standard(i):
				case strings.HasPrefix(i, module):
					if !anyWithin(strings.TrimPrefix(i, module), r.ours) {
						t.Errorf("%s imports %s; %s may only import %v of ours", p.ImportPath, i, r.below, r.ours)
					}
				case !anyWithin(i, r.third):
					t.Errorf("%s imports %s; %s may only import %v", p.ImportPath, i, r.below, r.third)
				}
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d packages were looked at", seen)
	}
}

// TestSharedStaysPure keeps what the WebAssembly module is built from free of
// sockets, processes and JavaScript.
func TestSharedStaysPure(t *testing.T) {
	for _, p := range list(t, nil, "./shared/...") {
		for _, bad := range []string{"net/http", "os/exec", "syscall/js"} {
			if slices.Contains(p.Imports, bad) {
				t.Errorf("%s imports %s", p.ImportPath, bad)
			}
		}
	}
}

func TestHostLinksNoNetwork(t *testing.T) {
	for _, env := range systems[:3] {
		for _, p := range list(t, env, "./host") {
			for _, bad := range []string{"net/http", "crypto/tls", "github.com/rickypc/native-messaging-host", "go.mozilla.org/pkcs7"} {
				if slices.Contains(p.Deps, bad) {
					t.Errorf("%v: the host links %s", env, bad)
				}
			}
			if len(p.Deps) < 50 {
				t.Errorf("%v: go list saw only %d dependencies of the host", env, len(p.Deps))
			}
		}
	}
}

func TestModulesStaySmall(t *testing.T) {
	// crypto/x509 and pkcs7 are in verify.wasm, which is loaded for signed lists only.
	if verify := list(t, systems[3], "./wasm/verify"); len(verify) != 1 || !slices.Contains(verify[0].Deps, "go.mozilla.org/pkcs7") {
		t.Error("wasm/verify does not link go.mozilla.org/pkcs7: this test looks in the wrong place")
	}
	// What only draws screens does no public-key arithmetic, and hashes and reads
	// certificates without the large packages (shared/fingerprint, shared/tlv).
	for _, p := range list(t, systems[3], "./wasm/app", "./wasm/keys", "./wasm/plis") {
		for _, bad := range []string{"crypto/rsa", "crypto/ecdsa", "crypto/elliptic", "crypto/ed25519", "crypto/rand", "crypto/sha256", "math/big", "encoding/asn1", module + "shared/envelope", module + "shared/pli"} {
			if slices.Contains(p.Deps, bad) {
				t.Errorf("%s links %s", p.ImportPath, bad)
			}
		}
	}
	for _, p := range list(t, systems[3], "./wasm/app", "./wasm/keys", "./wasm/plis", "./wasm/crypto") {
		for _, bad := range []string{"crypto/x509", "net/http", "html/template", "text/template", "go.mozilla.org/pkcs7", module + "shared/signeddata"} {
			if slices.Contains(p.Deps, bad) {
				t.Errorf("%s links %s", p.ImportPath, bad)
			}
		}
	}
}

// TestTestHelpers: packages that exist for tests are imported by tests only.
func TestTestHelpers(t *testing.T) {
	helpers := []string{module + "shared/certtest", module + "shared/cms/dertest", module + "shared/envelope/paddingtest", module + "host/internal/keystore/keystoretest", module + "host/internal/keystore/cardtest", module + "wasm/internal/model/modeltest"}
	for _, p := range list(t, nil, "./...") {
		for _, h := range helpers {
			if p.ImportPath != h && !slices.Contains(helpers, p.ImportPath) && slices.Contains(p.Imports, h) {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, h)
			}
		}
	}
}

// files returns the tracked and new files that match, relative to the root.
func files(t *testing.T, match string) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	re := regexp.MustCompile(match)
	var found []string
	for f := range strings.Lines(string(out)) {
		if f = strings.TrimSpace(f); re.MatchString(f) {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		t.Fatalf("no file matches %s", match)
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestOneNativeModule: only one file of the extension talks to the host.
func TestOneNativeModule(t *testing.T) {
	call := regexp.MustCompile(`connectNative|sendNativeMessage`)
	for _, f := range files(t, `^(extension|wasm)/.*\.(js|go|html)$`) {
		if strings.HasPrefix(f, "extension/test/") || strings.HasSuffix(f, "_test.go") || f == "extension/app/native.js" {
			continue
		}
		for i, line := range strings.Split(read(t, f), "\n") {
			if call.MatchString(line) && !strings.HasPrefix(strings.TrimSpace(line), "//") && !strings.HasPrefix(strings.TrimSpace(line), "*") {
				t.Errorf("%s:%d talks to the host; only extension/app/native.js may", f, i+1)
			}
		}
	}
	if !call.MatchString(read(t, "extension/app/native.js")) {
		t.Error("extension/app/native.js talks to no host: this test looks in the wrong place")
	}
}

// TestWindowsLibrariesAreTheSystems: a library that lies beside the program, or
// where it was started, is never taken for one of Windows'.
func TestWindowsLibrariesAreTheSystems(t *testing.T) {
	anywhere := regexp.MustCompile(`\b(NewLazyDLL|MustLoadDLL|LoadDLL|LoadLibrary)\(`)
	named := 0
	for _, f := range files(t, `^(host|shared)/.*\.go$`) {
		text := read(t, f)
		if strings.Contains(text, "NewLazySystemDLL(") {
			named++
		}
		if found := anywhere.FindString(text); found != "" {
			t.Errorf("%s looks for a library wherever there is one: %s", f, found)
		}
	}
	if named < 3 {
		t.Errorf("only %d files name libraries of Windows", named)
	}
}

// TestNoMarkupFromStrings: no page is ever built from a string of markup.
func TestNoMarkupFromStrings(t *testing.T) {
	bad := regexp.MustCompile(`\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function)\b`)
	for _, f := range files(t, `^(extension|wasm|scripts/portal)/.*\.(js|go|html)$`) {
		if strings.HasPrefix(f, "extension/test/") || strings.HasSuffix(f, "_test.go") {
			continue
		}
		for i, line := range strings.Split(read(t, f), "\n") {
			code, _, _ := strings.Cut(line, "//")
			if bad.MatchString(code) && !strings.HasPrefix(strings.TrimSpace(line), "*") {
				t.Errorf("%s:%d builds a page or code from a string: %s", f, i+1, strings.TrimSpace(line))
			}
		}
	}
}

func TestTopLevel(t *testing.T) {
	allowed := []string{"host", "wasm", "extension", "shared", "scripts", "testdata", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE"}
	for _, f := range files(t, `.`) {
		top, _, _ := strings.Cut(f, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(allowed, top) {
			t.Errorf("%s: %s is not at the top level of the design", f, top)
		}
	}
}

// TestDirectDependencies keeps the list short and in the README's table.
func TestDirectDependencies(t *testing.T) {
	readme := read(t, "README.md")
	direct := 0
	for line := range strings.Lines(read(t, "go.mod")) {
		f := strings.Fields(line)
		if len(f) != 2 || !strings.HasPrefix(f[1], "v") || strings.Contains(line, "indirect") {
			continue
		}
		direct++
		if !strings.Contains(readme, f[0]) {
			t.Errorf("README.md's table does not explain %s", path.Clean(f[0]))
		}
	}
	if direct == 0 || direct > 15 {
		t.Errorf("%d direct dependencies, want 1 to 15", direct)
	}
}
