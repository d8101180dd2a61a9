package main

import (
	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keychain"
)

// keychains is the store of macOS.
func keychains() []opener {
	return []opener{{keychain.ID, keychain.Name, func() (keystore.Store, error) { return keychain.Open() }}}
}
