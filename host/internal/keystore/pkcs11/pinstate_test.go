//go:build linux && cgo

package pkcs11

import (
	"testing"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
)

// TestTokensTellTheirPIN: a look at the tokens asks for nothing, and sees a
// PIN that was mistyped and one that is locked.
func TestTokensTellTheirPIN(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	state := func() keystore.PINState {
		t.Helper()
		var _ keystore.TokenLister = s
		list, err := s.Tokens(t.Context())
		must(t, err)
		if len(list) != 1 || list[0].Label != "Carte d'Anne" {
			t.Fatalf("%+v", list)
		}
		return list[0].PIN
	}
	if got := state(); got != keystore.PINSet {
		t.Errorf("a new card: %s", got)
	}
	x.tries = 3
	e := entry(t, s, pair)
	p.desk.set("0000")
	for i, want := range []keystore.PINState{keystore.PINFew, keystore.PINFinalTry, keystore.PINLocked} {
		if _, err := s.Unwrapper(t.Context(), e.URI); err == nil {
			t.Fatal("a wrong PIN opens")
		}
		if got := state(); got != want {
			t.Errorf("after %d mistakes: %s, want %s", i+1, got, want)
		}
	}
	if n := p.desk.times(); n != 3 {
		t.Errorf("asked %d times", n)
	}
}

func TestPINState(t *testing.T) {
	const ready = pkcs11.CKF_LOGIN_REQUIRED | pkcs11.CKF_USER_PIN_INITIALIZED
	for flags, want := range map[uint]keystore.PINState{
		0:                         keystore.PINSet, // needs no login
		ready:                     keystore.PINSet,
		pkcs11.CKF_LOGIN_REQUIRED: keystore.PINMissing,
		ready | pkcs11.CKF_USER_PIN_TO_BE_CHANGED:                          keystore.PINToChange,
		ready | pkcs11.CKF_USER_PIN_LOCKED | pkcs11.CKF_USER_PIN_COUNT_LOW: keystore.PINLocked,
	} {
		if got := pinState(flags); got != want {
			t.Errorf("%x: %s, want %s", flags, got, want)
		}
	}
}
