//go:build long && linux && cgo

package pkcs11

import (
	"testing"

	"scelle/host/internal/keystore/cardtest"
	"scelle/host/internal/keystore/keystoretest"
)

// TestPIVConformance holds the store to all its promises with a PIV card
// behind OpenSC. It takes about a minute, most of it waiting for the reader.
func TestPIVConformance(t *testing.T) {
	if cardtest.Alone(t) {
		keystoretest.Run(t, pivSubject(cardtest.Start(t).Readers[0]))
	}
}
