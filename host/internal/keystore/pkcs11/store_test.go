//go:build linux && cgo

package pkcs11

import (
	"testing"

	"scelle/host/internal/keystore/keystoretest"
)

func TestConformance(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newPlace(t) },
		Persistent: true,
		Any:        true,
	})
}
