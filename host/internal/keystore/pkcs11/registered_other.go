//go:build !linux

package pkcs11

// Registry is where PKCS#11 modules are registered; on this system, nowhere.
type Registry struct{}

// Modules returns none.
func (Registry) Modules() []string { return nil }
