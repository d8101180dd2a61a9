package doctor

import (
	"slices"
	"testing"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/capi"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// TestSecondReader runs certstore on the user's store. On Windows it must see
// what Scellé sees. Wine opens the store, and its CertFindChainInStore is a stub
// that fails without an error number: there, there is no second reader.
func TestSecondReader(t *testing.T) {
	store, err := capi.Open(capi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wine := windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
	if wine { // a throw-away Windows: its personal store is nobody's
		p := certtest.NewCA(t, "AC").Issue(t, certtest.Options{})
		e, err := store.Import(t.Context(), keystore.Pair{Key: p.Key, Certificate: p.DER, Name: "Clé"})
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := store.Delete(t.Context(), e.URI); err != nil {
				t.Error(err)
			}
		}()
	}
	list, err := store.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for _, e := range list {
		if e.HasKey {
			ours = append(ours, keypair.Thumbprint(e.Certificate))
		}
	}
	slices.Sort(ours)
	d, err := Verify(ours)
	switch {
	case wine && fault.CodeOf(err) != fault.StoreUnsupported:
		t.Errorf("under Wine: %+v, %v", d, err)
	case !wine && (err != nil || !d.Agree()):
		t.Errorf("the readers see different certificates: %+v, %v", d, err)
	}
}
