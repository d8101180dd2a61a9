//go:build !windows

package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/managed"
	"scelle/shared/fault"
)

// TestForeignCodeIsNotChosen: nothing in the environment picks a module or its
// configuration; what people and desktops need stays.
func TestForeignCodeIsNotChosen(t *testing.T) {
	gone := []string{"SOFTHSM2_CONF", "P11_KIT_STRICT", "NSS_DEFAULT_DB_TYPE", "NSS_STRICT_NOFORK", "NSPR_LOG_FILE", "PKCS11_MODULE_PATH", "PKCS11SPY",
		"OPENSC_CONF", "OPENSSL_CONF", "OPENSSL_MODULES", "LD_PRELOAD", "GCONV_PATH", "PCSCLITE_CSOCK_NAME"}
	kept := []string{"SCELLE_TEST_HOME", "SCELLE_TEST_DISPLAY", "LANG"}
	for _, name := range append(gone, kept...) {
		t.Setenv(name, "x")
	}
	dropModuleVariables()
	for _, name := range gone {
		if v, set := os.LookupEnv(name); set {
			t.Errorf("%s is still %q", name, v)
		}
	}
	for _, name := range kept {
		if os.Getenv(name) != "x" {
			t.Errorf("%s is gone", name)
		}
	}
}

// TestForbiddenStoresStayClosed: a store that the administrator forbids is not
// opened, and neither is any while the settings cannot be read.
func TestForbiddenStoresStayClosed(t *testing.T) {
	place := managed.Place{Root: t.TempDir(), OS: "linux", Owner: os.Getuid()}
	for _, c := range []struct {
		settings string // "" for none
		states   [3]fault.Code
		opened   int
	}{
		{"", [3]fault.Code{"", "", fault.StoreLibrary}, 3},
		{`{"forbiddenStores":["b"]}`, [3]fault.Code{"", fault.StoreForbidden, fault.StoreLibrary}, 2},
		{`{"forbiddenStores":["a","b","c"]}`, [3]fault.Code{fault.StoreForbidden, fault.StoreForbidden, fault.StoreForbidden}, 0},
		{`{"forbiddenStores":`, [3]fault.Code{fault.PolicyUnreadable, fault.PolicyUnreadable, fault.PolicyUnreadable}, 0},
	} {
		if c.settings != "" {
			if err := errors.Join(os.MkdirAll(filepath.Dir(place.Name()), 0o755), os.WriteFile(place.Name(), []byte(c.settings), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
		opened := 0
		good := func() (keystore.Store, error) { opened++; return memory.New(), nil }
		bad := func() (keystore.Store, error) { opened++; return nil, fault.New(fault.StoreLibrary) }
		stores := openAllowed(place, nil, []opener{{"a", "A", good}, {"b", "B", good}, {"c", "C", bad}}, none)
		if len(stores) != 3 || opened != c.opened {
			t.Errorf("%s: %d stores, %d opened", c.settings, len(stores), opened)
		}
		for i, store := range stores {
			_, err := store.List(t.Context())
			if code := fault.Code(""); err != nil {
				code = fault.CodeOf(err)
				if code != c.states[i] || store.Status(t.Context()).ID != []string{"a", "b", "c"}[i] {
					t.Errorf("%s: store %d: %s", c.settings, i, code)
				}
			} else if c.states[i] != "" {
				t.Errorf("%s: store %d is open, want %s", c.settings, i, c.states[i])
			}
			store.Close()
		}
	}
}
