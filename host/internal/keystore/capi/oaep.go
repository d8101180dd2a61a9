package capi

import (
	"crypto"
	"slices"

	"scelle/host/internal/keystore"
)

// unpadOAEP is keystore.UnpadOAEP for a block whose order of bytes providers do
// not agree on: both are always tried. The block is cleared.
func unpadOAEP(hash crypto.Hash, block []byte) (message []byte, ok int) {
	turned := slices.Clone(block)
	slices.Reverse(turned)
	message, ok = keystore.UnpadOAEP(hash, block)
	other, okTurned := keystore.UnpadOAEP(hash, turned)
	if okTurned == 1 {
		clear(message)
		return other, 1
	}
	return message, ok
}
