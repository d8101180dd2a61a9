//go:build js && wasm

package bridge

import (
	"context"
	"strings"

	"scelle/shared/fault"
)

// Browser is this browser's name and main version by what it calls itself, 0
// when it does not say.
func Browser() (name string, version int) {
	nav, _ := Lookup("navigator")
	return browserOf(String(nav, "userAgent"))
}

// MinimumBrowser is the least main version that the manifest asks of a
// browser, 0 without.
func MinimumBrowser(name string) int {
	runtime, err := api("runtime")
	if err != nil {
		return 0
	}
	manifest, err := Call(runtime, "getManifest")
	if err != nil {
		return 0
	}
	text := String(manifest, "minimum_chrome_version")
	if name == "Firefox" {
		gecko, err := Get(manifest, "browser_specific_settings", "gecko")
		if err != nil {
			return 0
		}
		text = String(gecko, "strict_min_version")
	}
	return leadingNumber(text)
}

// MissingFunctions are those functions of the browser that Scellé cannot do
// without and that this one lacks.
func MissingFunctions() []string {
	var missing []string
	for _, path := range []string{"navigator.locks.request", "navigator.storage.getDirectory", "crypto.subtle.decrypt", "BroadcastChannel", "Worker"} {
		if _, ok := Lookup(strings.Split(path, ".")...); !ok {
			missing = append(missing, path)
		}
	}
	return missing
}

// BadPolicy is the name of a setting of the administrator that managed.js
// could not read, "" when all is well.
func BadPolicy() string {
	managed, _ := Lookup("scelleManaged")
	return String(managed, "bad")
}

// FreeSpace is what the browser would still store for the extension, in bytes.
func FreeSpace(ctx context.Context) (int64, error) {
	s, err := storage()
	if err != nil {
		return 0, err
	}
	estimate, err := Run(ctx, s, fault.Internal, "estimate")
	if err != nil {
		return 0, err
	}
	return int64(Number(estimate, "quota") - Number(estimate, "usage")), nil
}

// GrantedSites counts the host permissions that the person gave.
func GrantedSites(ctx context.Context) (int, error) {
	permissions, err := api("permissions")
	if err != nil {
		return 0, err
	}
	all, err := Run(ctx, permissions, fault.Internal, "getAll")
	if err != nil {
		return 0, err
	}
	return len(List(all, "origins")), nil
}
