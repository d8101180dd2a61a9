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

// none is a computer without registered modules.
func none() []string { return nil }

// TestCardsWhereTheAdministratorSays: smart cards are looked for through the
// modules that the settings name or, where they name none, those that are
// registered; a registered one that does not load is no trouble.
func TestCardsWhereTheAdministratorSays(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems show cards in their own store")
	}
	one := []opener{{"a", "A", func() (keystore.Store, error) { return memory.New(), nil }}}
	registered := func() []string { return []string{"/nowhere/registered.so"} }
	for _, c := range []struct {
		settings   string
		registered func() []string
		module     string // that is tried, "" when no store of cards is there
		want       fault.Code
	}{
		{"", none, "", ""},
		{`{"pkcs11Modules":[]}`, registered, "", ""},
		{"", registered, "/nowhere/registered.so", ""},
		{`{"pkcs11Modules":["/nowhere/card.so"]}`, registered, "/nowhere/card.so", fault.StoreLibrary},
		{`{"pkcs11Modules":["/nowhere/card.so"],"forbiddenStores":["pkcs11"]}`, none, "forbidden", fault.StoreForbidden},
		{`{"forbiddenStores":["pkcs11"]}`, registered, "forbidden", fault.StoreForbidden},
	} {
		settings := c.settings
		place := managed.Place{Root: t.TempDir(), OS: "linux", Owner: os.Getuid()}
		if settings != "" {
			if err := errors.Join(os.MkdirAll(filepath.Dir(place.Name()), 0o755), os.WriteFile(place.Name(), []byte(settings), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		stores := openAllowed(place, nil, one, c.registered)
		for _, s := range stores {
			defer s.Close()
		}
		if len(stores) != 1 && c.module == "" || len(stores) != 2 && c.module != "" {
			t.Errorf("%s: %d stores", settings, len(stores))
		}
		if c.module == "" || len(stores) != 2 {
			continue
		}
		status := stores[1].Status(t.Context())
		if status.ID != pkcs11.ID || (status.State == keystore.Failed) != (c.want != "") || fault.CodeOf(status.Err) != c.want {
			t.Errorf("%s: %+v", settings, status)
		}
		if c.module != "forbidden" && (len(status.Modules) != 1 || status.Modules[0].Path != c.module || fault.CodeOf(status.Modules[0].Err) != fault.StoreLibrary) {
			t.Errorf("%s: modules %+v", settings, status.Modules)
		}
	}
}
