package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/keystore/pkcs11"
	"scelle/host/internal/managed"
	"scelle/shared/fault"
)

// TestCardsWhereTheAdministratorSays: smart cards are looked for through the
// modules that the settings name, and not at all without.
func TestCardsWhereTheAdministratorSays(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems show cards in their own store")
	}
	one := []opener{{"a", "A", func() (keystore.Store, error) { return memory.New(), nil }}}
	for settings, want := range map[string]fault.Code{
		"":                                       "",
		`{"pkcs11Modules":[]}`:                   "",
		`{"pkcs11Modules":["/nowhere/card.so"]}`: fault.StoreLibrary,
		`{"pkcs11Modules":["/nowhere/card.so"],"forbiddenStores":["pkcs11"]}`: fault.StoreForbidden,
	} {
		place := managed.Place{Root: t.TempDir(), OS: "linux", Owner: os.Getuid()}
		if settings != "" {
			if err := errors.Join(os.MkdirAll(filepath.Dir(place.Name()), 0o755), os.WriteFile(place.Name(), []byte(settings), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		stores := openAllowed(place, one)
		for _, s := range stores {
			defer s.Close()
		}
		if want == "" {
			if len(stores) != 1 {
				t.Errorf("%s: %d stores", settings, len(stores))
			}
			continue
		}
		if len(stores) != 2 {
			t.Errorf("%s: %d stores", settings, len(stores))
			continue
		}
		status := stores[1].Status(t.Context())
		if status.ID != pkcs11.ID || status.State != keystore.Failed || fault.CodeOf(status.Err) != want {
			t.Errorf("%s: %+v", settings, status)
		}
	}
}
