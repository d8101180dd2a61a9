package serve

import (
	"context"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// shelf is a store that holds one certificate and counts what is asked of it.
type shelf struct {
	fakeStore
	lists, keys int
}

func newShelf(id string, der []byte, asks bool, answer func() (keystore.Unwrapper, error)) *shelf {
	s := &shelf{fakeStore: fakeStore{status: ready(id)}}
	s.list = func(context.Context) ([]keystore.Entry, error) {
		s.lists++
		return []keystore.Entry{{URI: id + ":1", Store: id, Name: id, Certificate: der, HasKey: true, Asks: asks}}, nil
	}
	s.unwrap = func(string) (keystore.Unwrapper, error) {
		s.keys++
		return answer()
	}
	return s
}

// TestPlaces: a key that is in two stores is used where nobody is asked; who
// cancels is not asked again by another store, and a store in trouble leaves
// the key to the next one.
func TestPlaces(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	soft, err := keystore.Software(pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	works := func() (keystore.Unwrapper, error) { return soft, nil }
	fails := func(code fault.Code) func() (keystore.Unwrapper, error) {
		return func() (keystore.Unwrapper, error) { return nil, fault.New(code) }
	}
	for name, c := range map[string]struct {
		first, second *shelf
		want          fault.Code
		used          [2]int
	}{
		"nobody is asked": {newShelf("a", pair.DER, true, works), newShelf("b", pair.DER, false, works), "", [2]int{0, 1}},
		"cancelled":       {newShelf("a", pair.DER, true, fails(fault.PINCancelled)), newShelf("b", pair.DER, true, works), fault.PINCancelled, [2]int{1, 0}},
		"busy":            {newShelf("a", pair.DER, false, fails(fault.StoreBusy)), newShelf("b", pair.DER, true, works), "", [2]int{1, 1}},
	} {
		s := newService(t, c.first, c.second)
		h, err := s.find(t.Context(), keypair.Thumbprint(pair.DER))
		if err != nil || len(h.shown.Places) != 2 {
			t.Fatalf("%s: %+v, %v", name, h.shown, err)
		}
		_, err = s.opener(h)(t.Context())
		if code := fault.CodeOf(err); err != nil && code != c.want || err == nil && c.want != "" {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if used := [2]int{c.first.keys, c.second.keys}; used != c.used {
			t.Errorf("%s: used %v, want %v", name, used, c.used)
		}
	}
}

// TestRecall: a key that was seen is used without another look at the stores,
// and looked for when it is not there any more.
func TestRecall(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	soft, err := keystore.Software(pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	gone := false
	store := newShelf("a", pair.DER, false, func() (keystore.Unwrapper, error) {
		if gone {
			return nil, fault.New(fault.KeyNotFound)
		}
		return soft, nil
	})
	s := newService(t, store)
	use := func() error {
		h, err := s.recall(t.Context(), keypair.Thumbprint(pair.DER))
		if err != nil {
			return err
		}
		_, err = s.opener(h)(t.Context())
		return err
	}
	for range 3 {
		if err := use(); err != nil {
			t.Error(err)
		}
	}
	if store.lists != 1 {
		t.Errorf("listed %d times", store.lists)
	}
	gone = true
	if err := use(); fault.CodeOf(err) != fault.KeyNotFound || store.lists != 2 {
		t.Errorf("gone: %v, listed %d times", err, store.lists)
	}
	store.list = nil
	if err := use(); fault.CodeOf(err) != fault.KeyNotFound {
		t.Errorf("certificate gone: %v", err)
	}
	if _, err := s.recall(t.Context(), keypair.Thumbprint(pair.DER)); fault.CodeOf(err) != fault.KeyNotFound {
		t.Errorf("still remembered: %v", err)
	}
}
