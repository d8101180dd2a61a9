package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"scelle/extension"
	"scelle/shared/protocol"
)

// TestTexts holds what stores, departments and CI are told against the code.
func TestTexts(t *testing.T) {
	text := func(name string) string { return string(read(t, "../..", filepath.FromSlash(name))) }
	must := func(name string, words ...string) {
		t.Helper()
		for _, w := range words {
			if w == "" || !strings.Contains(text(name), w) {
				t.Errorf("%s does not say %q", name, w)
			}
		}
	}
	must("extension/store/ids.md", "`"+protocol.ChromeID+"`", "`"+protocol.EdgeID+"`", "`"+protocol.FirefoxID+"`")
	for _, name := range []string{"extension/store/deployment.md", ".github/workflows/ci.yml", "scripts/dist/native.ps1"} {
		must(name, protocol.HostName)
	}
	for _, name := range []string{"extension/store/deployment.md", ".github/workflows/release.yml"} {
		must(name, "-update-url", "-crx-key", "-signed-xpi", "web-ext", "--channel unlisted")
	}
	must("extension/store/ids.md", "-edge-id", "-crx-key")
	for _, p := range places() {
		if key := strings.TrimSuffix(strings.TrimPrefix(p.key, `Software\`), `\NativeMessagingHosts`); key != "" {
			must("scripts/dist/native.ps1", "'"+key+"'")
		}
	}
	for _, b := range extension.Browsers() {
		data, err := extension.Manifest(b, false)
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Permissions []string
			Sites       []string `json:"optional_host_permissions"`
			Minimum     string   `json:"minimum_chrome_version"`
		}
		if err := json.Unmarshal(data, &m); err != nil || len(m.Permissions) == 0 || len(m.Sites) == 0 {
			t.Fatalf("%v: %+v", err, m)
		}
		for _, p := range append(m.Permissions, m.Sites...) {
			must("extension/store/permissions.md", "`"+p+"`")
		}
		if b == extension.Chrome {
			must("extension/store/deployment.md", "| "+m.Minimum+" | `minimum_chrome_version` |")
		}
	}
}
