//go:build !windows && !(darwin && cgo)

package doctor

import "scelle/shared/fault"

// secondReader: there is none on this system.
func secondReader() ([]string, error) {
	return nil, fault.Newf(fault.StoreUnsupported, "list --verify")
}
