package wasmtest

import (
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scelle/extension"
	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/firefox"
)

//go:embed page
var page embed.FS

// suite is a package's tests that need a browser.
type suite struct {
	path  string
	run   string // pattern of the tests' names
	tests int
}

// packages have tests that only a browser can run, each with the fewest tests
// that must have passed: a test binary without tests succeeds.
var packages = []suite{
	{"scelle/wasm/internal/bridge", ".", 26},
	{"scelle/wasm/internal/webcrypto", ".", 17},
	{"scelle/wasm/internal/shell", "^TestBrowser", 6},
	{"scelle/wasm/crypto", "^TestBrowser", 5},
	{verifier, ".", 2},
	{inDocument, "^TestMount", 10},
}

// inDocument is the one package whose tests need a document, not a Worker.
const inDocument = "scelle/wasm/internal/dom"

// verifier is the package whose tests start verify.wasm and its stand-in.
const verifier = "scelle/wasm/internal/verifier"

// TestInBrowsers runs each package's tests in Chromium, in make test-all in
// Firefox too.
func TestInBrowsers(t *testing.T) {
	dir := t.TempDir()
	home := []string{"HOME=" + dir}
	c, err := browser.Start(t.Context(), browser.Options{UserDataDir: filepath.Join(dir, "chromium"), Env: home})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var f *firefox.Firefox
	if everything {
		if f, err = firefox.Start(t.Context(), firefox.Options{Profile: filepath.Join(dir, "firefox"), Env: home}); err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	for _, p := range packages {
		files := map[string]string{"/test.wasm": compile(t, p.path)}
		if p.path == verifier {
			files["/verify.wasm"] = build(t, "scelle/wasm/verify")
			files["/unfenced/verify.wasm"] = build(t, "scelle/scripts/e2e/wasmtest/unfenced")
		}
		server := serve(t, files)
		t.Run(filepath.Base(p.path)+" in Chromium", func(t *testing.T) { runIn(t, c, server, p) })
		if f == nil {
			continue
		}
		t.Run(filepath.Base(p.path)+" in Firefox", func(t *testing.T) { runIn(t, f, server, p) })
	}
}

var (
	passed  = regexp.MustCompile(`(?m)^--- PASS: `)
	skipped = regexp.MustCompile(`(?m)^\s*--- SKIP: .*`)
)

func runIn(t *testing.T, b browser.Browser, server string, s suite) {
	tab, err := b.Open(server)
	if err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	var result struct {
		Code   int
		Output string
	}
	run := "runTests"
	if s.path == inDocument {
		run = "runTestsHere"
	}
	if err := tab.Eval(fmt.Sprintf(run+`(["-test.v", "-test.run", %q]).then((r) => (globalThis.done = r)), true`, s.run), nil); err != nil {
		t.Fatal(err)
	}
	for range 4 { // a busy machine takes several times as long as an idle one
		if err = tab.Until("globalThis.done"); err == nil {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := tab.Eval("globalThis.done", &result); err != nil {
		t.Fatal(err)
	}
	n := len(passed.FindAllString(result.Output, -1))
	if result.Code != 0 || n < s.tests {
		t.Errorf("exit %d, %d tests passed of at least %d:\n%s", result.Code, n, s.tests, result.Output)
	}
	if !strings.Contains(result.Output, "\nPASS") {
		t.Errorf("the tests did not end:\n%s", result.Output)
	}
	if line := skipped.FindString(result.Output); line != "" {
		t.Errorf("a browser is there, and yet: %s", line)
	}
	t.Logf("%d tests passed", n)
}

// compile builds a package's tests for js/wasm.
func compile(t *testing.T, pkg string) string {
	out := filepath.Join(t.TempDir(), "test.wasm")
	cmd := exec.Command("go", "test", "-c", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if _, err := os.Stat(out); err != nil {
		t.Fatalf("%s has no tests for js/wasm", pkg)
	}
	return out
}

// build builds a program for js/wasm.
func build(t *testing.T, pkg string) string {
	out := filepath.Join(t.TempDir(), "program.wasm")
	cmd := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, pkg)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

// serve offers the page, Go's loader, the extension's workers and built files
// by their path on loopback.
func serve(t *testing.T, built map[string]string) string {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	static, err := fs.Sub(page, "page")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(static))
	loader := filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js")
	built["/wasm_exec.js"], built["/unfenced/wasm_exec.js"] = loader, loader
	for name, file := range built {
		mux.HandleFunc(name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	for _, name := range []string{"digest-worker.js", "chunks.js", "seclude.js", "verify-worker.js", "unfenced/verify-worker.js"} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, extension.Files(), "app/"+filepath.Base(name))
		})
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return fmt.Sprintf("%s/index.html", server.URL)
}
