package site

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
)

// sealingFiles is a folder as `make build` leaves the npm package, with other
// bytes, and a file beside it that is not to be given out.
func sealingFiles(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"page/sealing.js": "export {};\n", "page/codes.js": "export {};\n", "page/sealing/app/crypto.wasm": "\x00asm",
		"page/sealing/app/crypto-worker.js": "// a Worker\n", "page/sealing/app/crypto.wasm.gz": zipped(t, "\x00asm"), "secret.js": "no\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "page")
}

// TestSealingFiles: what seals has its type and the one policy that lets
// WebAssembly run, which no page has; nothing else is given out, and nothing
// at all by a portal that does not offer it.
func TestSealingFiles(t *testing.T) {
	p := newPortal(t)
	c := newClient(t, p.url)
	for path, kind := range map[string]string{
		"/sealing.js": "text/javascript; charset=utf-8", "/sealing/app/crypto-worker.js": "text/javascript; charset=utf-8", "/sealing/app/crypto.wasm": "application/wasm",
	} {
		response, _ := c.send(http.MethodGet, path, nil, nil)
		policy := response.Header.Get("Content-Security-Policy")
		if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != kind {
			t.Errorf("%s: %d, %q", path, response.StatusCode, response.Header.Get("Content-Type"))
		}
		if wasm := strings.HasPrefix(path, "/sealing/"); strings.Contains(policy, "'wasm-unsafe-eval'") != wasm {
			t.Errorf("%s has the policy %q", path, policy)
		}
	}
	for _, path := range []string{"/sealing/app/none.wasm", "/sealing/..%2f../secret.js", "/sealing/..%2F/%2e%2e%2Fsecret.js", "/sealing/app/"} {
		if response, body := c.send(http.MethodGet, path, nil, nil); response.StatusCode == http.StatusOK {
			t.Errorf("%s gives %q", path, body)
		}
	}
	p.login(t, "agent").assistant().activate("Clé", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Clé"}))
	company := p.login(t, "entreprise")
	if _, page := company.page("/consultations/" + salt); !strings.Contains(page, `id="seal-here"`) {
		t.Error("the portal does not offer it")
	}
	p.config.Sealing = ""
	p.restart(t, c, company)
	for _, path := range []string{"/sealing.js", "/sealing/app/crypto.wasm"} {
		if response, _ := c.send(http.MethodGet, path, nil, nil); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s without a package: %d", path, response.StatusCode)
		}
	}
	if _, page := company.page("/consultations/" + salt); strings.Contains(page, `id="seal-here"`) {
		t.Error("a portal without the package offers it")
	}
}
