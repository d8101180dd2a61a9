//go:build !linux || !cgo

package pkcs11

import (
	"runtime"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// Open explains that this build reaches no PKCS#11 module: Windows and macOS
// show cards in their own stores, and loading modules takes cgo. The error is
// fault.StoreUnsupported.
func Open(Options) (keystore.Store, error) {
	return nil, fault.Newf(fault.StoreUnsupported, "%s/%s without PKCS#11 modules", runtime.GOOS, runtime.GOARCH)
}
