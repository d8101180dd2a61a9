package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/extension"
)

func portalList(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "portals.txt")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// TestKnownPortals: the hosts are in the manifest, the origins in the worker's
// list, and nothing else changes.
func TestKnownPortals(t *testing.T) {
	wasm := module(t)
	packed := func(list string) map[string]map[string]any {
		out := t.TempDir()
		if err := (options{out: out, wasm: wasm, portals: list}).run(); err != nil {
			t.Fatal(err)
		}
		found := map[string]map[string]any{}
		for _, b := range extension.Browsers() {
			m := map[string]any{}
			text, err := os.ReadFile(filepath.Join(out, string(b), "manifest.json"))
			if err == nil {
				err = json.Unmarshal(text, &m)
			}
			if err != nil {
				t.Fatal(err)
			}
			script, err := os.ReadFile(filepath.Join(out, string(b), filepath.FromSlash(portalsScript)))
			if err != nil {
				t.Fatal(err)
			}
			m["script"] = string(script)
			found[string(b)] = m
		}
		return found
	}
	list := "\ufeff# Ville\r\nhttps://marches.ville.example\r\n\r\n  https://marches.ville.example:8443\nhttps://xn--rgion-bsa.example\n"
	usual, own := packed(""), packed(portalList(t, list))
	for b, m := range own {
		hosts, _ := json.Marshal(m["host_permissions"])
		if string(hosts) != `["https://marches.ville.example/*","https://xn--rgion-bsa.example/*"]` {
			t.Errorf("%s: hosts %s", b, hosts)
		}
		script, _ := m["script"].(string)
		if !strings.Contains(script, `["https://marches.ville.example","https://marches.ville.example:8443","https://xn--rgion-bsa.example"]`) {
			t.Errorf("%s: %s", b, script)
		}
		delete(m, "host_permissions")
		if usual[b]["host_permissions"] != nil || !strings.Contains(usual[b]["script"].(string), "Object.freeze([])") {
			t.Errorf("%s knows portals without a list", b)
		}
		m["script"], usual[b]["script"] = "", ""
		one, _ := json.Marshal(usual[b])
		other, _ := json.Marshal(m)
		if string(one) != string(other) {
			t.Errorf("%s: more changed:\n%s\n%s", b, one, other)
		}
	}
}

func TestBadPortalLists(t *testing.T) {
	for _, line := range []string{
		"http://marches.example", "https://marches.example/", "https://marches.example/a", "https://*.example", "https://Marches.example",
		"https://marchés.example", "https://marches.example:443", "https://marches.example:", "https://a@marches.example", "https://marches.example?x",
		"https://marches.example#x", "https://-a.example", "https://a..example", "https://marches", "https://", "marches.example", "file:///etc", "https://[::1]",
		"http://127.0.0.1:8080", "https://marches.example https://autre.example", "https://marches.example # ours",
	} {
		if got, err := readPortals(portalList(t, "https://good.example\n"+line+"\n"), false); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: %v, %v", line, got, err)
		}
	}
	for name, text := range map[string]string{
		"empty":    "# nothing\n\n",
		"repeated": "https://a.example\nhttps://a.example\n",
		"long":     "https://a.example\n" + manyPortals(maxPortals),
	} {
		if got, err := readPortals(portalList(t, text), false); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
	if _, err := readPortals(filepath.Join(t.TempDir(), "none"), false); err == nil {
		t.Error("a missing file is no list")
	}
	got, err := readPortals(portalList(t, "http://127.0.0.1:8080\n"), true)
	if err != nil || !slices.Equal(got, []string{"http://127.0.0.1:8080"}) {
		t.Errorf("demo: %v, %v", got, err)
	}
}

func manyPortals(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("https://p" + strings.Repeat("x", i%50+1) + strings.Repeat("y", i/50) + ".example\n")
	}
	return b.String()
}
