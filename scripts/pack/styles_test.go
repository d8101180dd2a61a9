package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/extension"
)

// TestDocumentsHoldTheirStyle: each window's document has the style sheet in it,
// which the manifest of each browser allows by its sum, and asks for no other.
func TestDocumentsHoldTheirStyle(t *testing.T) {
	out := t.TempDir()
	if err := (options{out: out, wasm: module(t)}).run(); err != nil {
		t.Fatal(err)
	}
	for _, b := range extension.Browsers() {
		dir := filepath.Join(out, string(b))
		policy := policyOf(t, filepath.Join(dir, "manifest.json"))
		documents, err := filepath.Glob(filepath.Join(dir, "app", "*.html"))
		if err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, name := range documents {
			html, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if filepath.Base(name) == "bridge.html" { // nobody sees it
				continue
			}
			held++
			_, rest, _ := strings.Cut(string(html), "<style>")
			style, _, _ := strings.Cut(rest, "</style>")
			sum := sha256.Sum256([]byte(style))
			if source := "style-src 'self' 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "';"; !strings.Contains(policy, source) {
				t.Errorf("%s: no %s in %s", name, source, policy)
			}
			if !strings.Contains(style, "--paper") || strings.Contains(string(html), `rel="stylesheet"`) {
				t.Errorf("%s: not our style sheet, or one more", name)
			}
		}
		if held != 7 {
			t.Errorf("%s: %d documents", b, held)
		}
	}
}

func policyOf(t *testing.T, manifest string) string {
	t.Helper()
	text, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	var m struct {
		CSP map[string]string `json:"content_security_policy"`
	}
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m.CSP["extension_pages"]
}

func TestInlineStyleRefuses(t *testing.T) {
	document := []byte("<html><head>" + styleLink + "</head></html>")
	for what, p := range map[string]tree{
		"as it is":    {windowStyle: []byte("p::after { content: '</style>'; }"), "app/popup.html": document},
		"no document": {windowStyle: []byte("p { margin: 0; }"), "gen/help.html": document},
	} {
		if err := p.inlineStyle(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, manifest := range []string{`{}`, `{"content_security_policy": {"extension_pages": "style-src 'none'"}}`, `[`} {
		if _, err := (tree{}).allowStyle([]byte(manifest)); err == nil {
			t.Errorf("%s: no error", manifest)
		}
	}
}
