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

// TestElsewhere: a key whose store is out of order, or whose token is gone, is
// looked for in every store; what is told when it is nowhere else is what is
// wrong with its own. What a person answered is not asked again.
func TestElsewhere(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	soft, err := keystore.Software(pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		fault  fault.Code // of the store that had the key
		copied bool       // another store has it by now
		want   fault.Code
		looks  int // at the other store, the first included
	}{
		{fault.StoreMissing, true, "", 2},
		{fault.StoreFailed, true, "", 2},
		{fault.StoreDamaged, true, "", 2},
		{fault.TokenRemoved, true, "", 2},
		{fault.TokenNotResponding, true, "", 2},
		{fault.KeyNotFound, true, "", 2},
		{fault.StoreMissing, false, fault.StoreMissing, 2},
		{fault.TokenRemoved, false, fault.TokenRemoved, 2},
		{fault.KeyNotFound, false, fault.KeyNotFound, 2},
		{fault.PINCancelled, true, fault.PINCancelled, 1},
		{fault.PINLocked, true, fault.PINLocked, 1},
		{fault.MechanismMissing, true, fault.MechanismMissing, 1},
	} {
		broken := false
		first := newShelf("a", pair.DER, true, func() (keystore.Unwrapper, error) { return nil, fault.New(c.fault) })
		second := newShelf("b", pair.DER, false, func() (keystore.Unwrapper, error) { return soft, nil })
		show, copied := second.list, false
		second.list = func(ctx context.Context) ([]keystore.Entry, error) {
			entries, err := show(ctx)
			if !copied {
				entries = nil
			}
			return entries, err
		}
		seen := first.list
		first.list = func(ctx context.Context) ([]keystore.Entry, error) {
			if broken {
				return nil, fault.New(fault.StoreFailed)
			}
			return seen(ctx)
		}
		s := newService(t, first, second)
		h, err := s.find(t.Context(), keypair.Thumbprint(pair.DER))
		if err != nil {
			t.Fatal(err)
		}
		broken, copied = c.fault != fault.KeyNotFound, c.copied
		_, err = s.opener(h)(t.Context())
		if code := fault.CodeOf(err); err != nil && code != c.want || err == nil && c.want != "" {
			t.Errorf("%s, copied %v: %v, want %q", c.fault, c.copied, err, c.want)
		}
		if second.lists != c.looks {
			t.Errorf("%s, copied %v: looked %d times, want %d", c.fault, c.copied, second.lists, c.looks)
		}
	}
}
