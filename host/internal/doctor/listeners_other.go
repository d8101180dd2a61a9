//go:build !windows

package doctor

import "scelle/shared/fault"

// listeners: Linux has them in /proc, where tests put their own; macOS
// does not tell.
func listeners() ([]Listener, error) { return nil, fault.New(fault.StoreUnsupported) }
