package main

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"

	"scelle/shared/policy"
	"scelle/shared/protocol"
)

const doctype = `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n"

// profile makes a macOS configuration profile: for each browser what installs
// the extension and lets it start the host, the extension's own settings, and
// the host's.
func profile() ([]file, error) {
	browser := chromium()
	delete(browser, "3rdparty") // macOS has a domain for each extension
	fox, _ := firefox()["policies"].(map[string]any)
	fox["EnterprisePoliciesEnabled"] = true
	var payloads []any
	for _, p := range []struct {
		domain string
		values map[string]any
	}{
		{"com.google.Chrome", browser},
		{"com.google.Chrome.extensions." + protocol.ChromeID, values(policy.Extension)},
		{"com.microsoft.Edge", browser},
		{"com.microsoft.Edge.extensions." + protocol.ChromeID, values(policy.Extension)},
		{"org.mozilla.firefox", fox},
		{"fr.scelle", values(policy.Host)},
	} {
		payload := maps.Clone(p.values)
		identify(payload, p.domain, "fr.scelle.deployment."+p.domain)
		payloads = append(payloads, payload)
	}
	all := map[string]any{"PayloadContent": payloads, "PayloadDisplayName": "Scellé", "PayloadScope": "System"}
	identify(all, "Configuration", "fr.scelle.deployment")
	root := element("plist", attrs("version", "1.0"), value(all))
	return []file{{Path: kit + "macos/scelle.mobileconfig", Data: document(doctype, root)}}, nil
}

// identify adds what every payload has; its UUID follows from its name, so
// that a new version of the profile replaces the old one.
func identify(payload map[string]any, kind, name string) {
	sum := sha256.Sum256([]byte(name))
	payload["PayloadType"] = kind
	payload["PayloadIdentifier"] = name
	payload["PayloadVersion"] = 1
	// Version 8 of RFC 9562 is for UUIDs made in ways of one's own.
	payload["PayloadUUID"] = fmt.Sprintf("%X-%X-8%03X-A%03X-%X", sum[:4], sum[4:6], uint(sum[6])<<4|uint(sum[7]>>4), uint(sum[8])<<4|uint(sum[9]>>4), sum[10:16])
}

// value is a value of a property list.
func value(v any) node {
	switch v := v.(type) {
	case bool:
		return element(fmt.Sprint(v), nil)
	case int:
		return textElement("integer", nil, fmt.Sprint(v))
	case string:
		return textElement("string", nil, v)
	case []string:
		n := element("array", nil)
		for _, e := range v {
			n.kids = append(n.kids, value(e))
		}
		return n
	case []any:
		n := element("array", nil)
		for _, e := range v {
			n.kids = append(n.kids, value(e))
		}
		return n
	case map[string]any:
		n := element("dict", nil)
		for _, name := range slices.Sorted(maps.Keys(v)) {
			n.kids = append(n.kids, textElement("key", nil, name), value(v[name]))
		}
		return n
	}
	return textElement("string", nil, fmt.Sprint(v))
}
