//go:build !darwin

package main

// keychains are macOS's only. Package keychain is not even linked elsewhere:
// what it calls C with belongs in no Linux host.
func keychains() []opener { return nil }
