// Package extension holds the files that browsers load: the manifest's parts
// and the JavaScript glue between a portal's page, the WebAssembly module and
// the native host. They are embedded for packing, for the reference portal,
// which serves page/scelle.js, and for the tests that keep them in step with
// shared/.
package extension

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

//go:embed manifest content worker app page gen icons _locales
var files embed.FS

// Files is the extension's static files by their path inside the extension,
// and beside them manifest/, page/ and the type declarations in gen/, which do
// not go into a package. The modules (*.wasm) and wasm_exec.js are made by the build.
func Files() fs.FS { return files }

// Browser names a family of browsers with a manifest of its own.
type Browser string

// The browsers; each has an overlay of its name in manifest/.
const (
	Chrome  Browser = "chrome"
	Firefox Browser = "firefox"
)

// Browsers lists them.
func Browsers() []Browser { return []Browser{Chrome, Firefox} }

// loopback is what a demo build may be allowed on beside https.
var loopback = [...]string{"http://127.0.0.1/*", "http://localhost/*"}

// Manifest is a browser's manifest.json: the base, the browser's overlay, the
// version and the fixed id. A demo build may be allowed on loopback sites.
func Manifest(b Browser, demo bool) ([]byte, error) {
	base, err := part("base")
	if err != nil {
		return nil, err
	}
	overlay, err := part(string(b))
	if err != nil {
		return nil, err
	}
	m := merge(base, overlay).(map[string]any)
	m["version"] = version.Version
	if err := identify(m, b); err != nil {
		return nil, err
	}
	if demo {
		allowLoopback(m)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// part reads one of the manifest's parts.
func part(name string) (map[string]any, error) {
	text, err := files.ReadFile("manifest/" + name + ".json")
	if err != nil {
		return nil, err
	}
	m := map[string]any{}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("manifest/%s.json: %w", name, err)
	}
	return m, nil
}

// merge lays b over a: objects by key, arrays of objects by position, anything
// else is replaced.
func merge(a, b any) any {
	switch b := b.(type) {
	case map[string]any:
		if am, ok := a.(map[string]any); ok {
			for k, v := range b {
				am[k] = merge(am[k], v)
			}
			return am
		}
	case []any:
		if al, ok := a.([]any); ok && len(al) == len(b) {
			for i, v := range b {
				al[i] = merge(al[i], v)
			}
			return al
		}
	}
	return b
}

// identify puts in the id that native-messaging manifests name.
func identify(m map[string]any, b Browser) error {
	if b == Chrome {
		m["key"] = protocol.ChromeKey
		return nil
	}
	settings, _ := m["browser_specific_settings"].(map[string]any)
	gecko, ok := settings["gecko"].(map[string]any)
	if !ok {
		return fmt.Errorf("manifest/%s.json has no browser_specific_settings.gecko", b)
	}
	gecko["id"] = protocol.FirefoxID
	return nil
}

// allowLoopback widens the two lists of addresses that name sites.
func allowLoopback(m map[string]any) {
	add := func(list any) []any {
		l, _ := list.([]any)
		for _, p := range loopback {
			l = append(l, p)
		}
		return l
	}
	m["optional_host_permissions"] = add(m["optional_host_permissions"])
	resources, _ := m["web_accessible_resources"].([]any)
	for _, r := range resources {
		if r, ok := r.(map[string]any); ok {
			r["matches"] = add(r["matches"])
		}
	}
}
