//go:build !linux || !cgo

package nss

import (
	"runtime"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// Open explains that this build has no NSS store: the database is used on
// Linux only, and reaching NSS's library takes cgo. The error is
// fault.StoreUnsupported.
func Open(Options) (powers, error) {
	return nil, fault.Newf(fault.StoreUnsupported, "%s/%s without the NSS store", runtime.GOOS, runtime.GOARCH)
}

// OpenProfile explains the same.
func OpenProfile(Options, string) (keystore.Store, error) { return Open(Options{}) }
