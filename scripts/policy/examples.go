package main

import (
	"scelle/shared/policy"
	"scelle/shared/protocol"
)

// The addresses of a department that hosts the extension itself; to be
// replaced, in the examples, by the real ones.
const (
	updateURL = "https://deploiement.exemple.fr/scelle/update.xml"
	xpiURL    = "https://deploiement.exemple.fr/scelle/scelle.xpi"
)

// values are a reader's example settings.
func values(r policy.Reader) map[string]any {
	found := map[string]any{}
	for _, s := range of(r) {
		found[s.Name] = s.Example
	}
	return found
}

// chromium is what a Chromium browser reads from policies/managed/scelle.json:
// the extension is installed and stays, its host may be started, and it finds
// its settings.
func chromium() map[string]any {
	return map[string]any{
		"ExtensionSettings": map[string]any{
			protocol.ChromeID: map[string]any{
				"installation_mode":   "force_installed",
				"update_url":          updateURL,
				"allowed_permissions": []string{"nativeMessaging"},
			},
		},
		"NativeMessagingAllowlist": []string{protocol.HostName},
		"3rdparty":                 map[string]any{"extensions": map[string]any{protocol.ChromeID: values(policy.Extension)}},
	}
}

// firefox is Firefox's policies.json.
func firefox() map[string]any {
	return map[string]any{"policies": map[string]any{
		"ExtensionSettings": map[string]any{
			protocol.FirefoxID: map[string]any{"installation_mode": "force_installed", "install_url": xpiURL},
		},
		"3rdparty": map[string]any{"Extensions": map[string]any{protocol.FirefoxID: values(policy.Extension)}},
	}}
}

// examples are the files that an administrator copies into place on Linux; the
// browsers' have the same contents on every system.
func examples() ([]file, error) {
	var files []file
	for _, f := range []struct {
		path   string
		values map[string]any
	}{
		{"linux/etc/opt/chrome/policies/managed/scelle.json", chromium()},
		{"linux/etc/chromium/policies/managed/scelle.json", chromium()},
		{"linux/etc/opt/edge/policies/managed/scelle.json", chromium()},
		{"linux/etc/firefox/policies/policies.json", firefox()},
		{"linux/etc/scelle/policy.json", values(policy.Host)},
	} {
		data, err := indented(f.values)
		if err != nil {
			return nil, err
		}
		files = append(files, file{Path: kit + f.path, Data: data})
	}
	return files, nil
}
