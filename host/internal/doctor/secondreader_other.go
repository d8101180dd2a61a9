//go:build !windows

package doctor

import "scelle/shared/fault"

// readSecond is the Status.ID of the store that the second reader reads.
const readSecond = ""

// secondReader: there is none on this system.
func secondReader() ([]string, error) {
	return nil, fault.Newf(fault.StoreUnsupported, "list --verify")
}
