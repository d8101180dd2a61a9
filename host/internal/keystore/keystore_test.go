package keystore_test

import (
	"errors"
	"slices"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

func TestFreeName(t *testing.T) {
	taken := []string{"Clé", "Clé #2", "Scellé"}
	for name, want := range map[string]string{"Clé": "Clé #3", "clé": "clé", "": "Scellé #2", "Clé #2": "Clé #2 #2"} {
		if got := keystore.FreeName(name, func(n string) bool { return slices.Contains(taken, n) }); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// TestUnavailable: a store that could not be opened says why, everywhere.
func TestUnavailable(t *testing.T) {
	s := keystore.Unavailable("nss", "Base NSS", fault.New(fault.StoreMissing))
	status := s.Status(t.Context())
	if status.State != keystore.Failed || fault.CodeOf(status.Err) != fault.StoreMissing || status.ID != "nss" || status.Name != "Base NSS" {
		t.Errorf("status %+v", status)
	}
	_, listErr := s.List(t.Context())
	_, keyErr := s.Unwrapper(t.Context(), "nss:x")
	for _, err := range []error{listErr, keyErr} {
		if fault.CodeOf(err) != fault.StoreMissing {
			t.Errorf("%v", err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	raw := keystore.Unavailable("x", "x", errors.New("no code")).Status(t.Context())
	if fault.CodeOf(raw.Err) != fault.Internal {
		t.Errorf("an error without a code became %v", raw.Err)
	}
}
