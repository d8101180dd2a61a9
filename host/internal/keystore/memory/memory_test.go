package memory_test

import (
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keystoretest"
	"scelle/host/internal/keystore/memory"
)

type place struct{}

func (place) Open(*testing.T) keystore.Store { return memory.New() }

func (place) AddCertificate(t *testing.T, s keystore.Store, der []byte, name string) {
	s.(*memory.Store).AddCertificate(der, name)
}

func TestConformance(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New: func(*testing.T) keystoretest.Place { return place{} },
		Any: true,
	})
}
