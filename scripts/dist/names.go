package main

import (
	"encoding/json"

	"scelle/shared/protocol"
)

// What packages say of the product.
const (
	product   = "Scellé"
	homepage  = "https://scelle.example/"
	publisher = "Scellé"
	contact   = "Scellé <contact@scelle.example>"
	licence   = "Apache-2.0"
	purpose   = "Magasin de certificats de cet ordinateur pour l'extension Scellé"
)

// dialect is how a browser family's manifests name the extension.
type dialect int

const (
	chromium dialect = iota
	firefox
)

// places is where browsers look on a whole computer. It repeats the system
// column of host/internal/install's table, which scripts cannot import; the
// tests hold both together by asking the built program for its own.
type place struct {
	name    string // part of names of files and components
	dialect dialect
	folder  string // Linux: of manifests
	key     string // Windows: below HKEY_LOCAL_MACHINE
	rpmOnly bool   // Fedora's Firefox looks into lib64
}

func places() []place {
	return []place{
		{name: "Chrome", folder: "/etc/opt/chrome/native-messaging-hosts", key: `Software\Google\Chrome\NativeMessagingHosts`},
		{name: "Chromium", folder: "/etc/chromium/native-messaging-hosts", key: `Software\Chromium\NativeMessagingHosts`},
		{name: "Edge", folder: "/etc/opt/edge/native-messaging-hosts", key: `Software\Microsoft\Edge\NativeMessagingHosts`},
		{name: "Firefox", dialect: firefox, folder: "/usr/lib/mozilla/native-messaging-hosts", key: `Software\Mozilla\NativeMessagingHosts`},
		{name: "Firefox64", dialect: firefox, folder: "/usr/lib64/mozilla/native-messaging-hosts", rpmOnly: true},
	}
}

// nativeManifest is the native-messaging manifest that names the program at
// path.
func (b *build) nativeManifest(d dialect, path string) ([]byte, error) {
	m := map[string]any{
		"name":        protocol.HostName,
		"description": "Scellé : magasin de certificats de cet ordinateur",
		"path":        path,
		"type":        "stdio",
	}
	if d == firefox {
		m["allowed_extensions"] = []string{protocol.FirefoxID}
	} else {
		m["allowed_origins"] = b.ids.origins()
	}
	data, err := json.MarshalIndent(m, "", "  ")
	return append(data, '\n'), err
}
