//go:build !windows

package capi

import (
	"runtime"

	"scelle/shared/fault"
)

// Open explains that this system has no Windows certificate store. The error
// is fault.StoreUnsupported.
func Open(Options) (powers, error) {
	return nil, fault.Newf(fault.StoreUnsupported, "%s without the Windows store", runtime.GOOS)
}
