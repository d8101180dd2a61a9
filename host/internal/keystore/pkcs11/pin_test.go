//go:build linux && cgo

package pkcs11

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// card is a place with one key on one token.
func card(t *testing.T) (*place, keystore.Pair) {
	t.Helper()
	p := newPlace(t)
	pair := issue(t, "Anne", certtest.Options{})
	p.addTo(t, "", pair)
	return p, pair
}

// TestPINIsAskedForOnUse: never by a look; once while a key is in use, with
// what the person should know; again after the last use.
func TestPINIsAskedForOnUse(t *testing.T) {
	p, pair := card(t)
	s := p.store(t, Options{})
	e := entry(t, s, pair)
	if status := s.Status(t.Context()); status.State != keystore.Ready || status.Keys != 1 || !e.HasKey {
		t.Errorf("%+v, key %v", status, e.HasKey)
	}
	if p.desk.times() != 0 {
		t.Fatal("a look asked for the PIN")
	}
	ctx := keystore.WithPurpose(t.Context(), keystore.Purpose{Origin: "https://portail.example", Action: "Ouvrir 3 plis"})
	first, err := s.Unwrapper(ctx, e.URI)
	must(t, err)
	must(t, selfsign.SelfTest(ctx, s, e)) // a second one beside it
	want := pinentry.Request{Origin: "https://portail.example", Action: "Ouvrir 3 plis", Token: "Carte d'Anne"}
	if len(p.desk.asked) != 1 || p.desk.asked[0] != want {
		t.Errorf("asked %+v", p.desk.asked)
	}
	must(t, first.Close())
	must(t, selfsign.SelfTest(ctx, s, e))
	if p.desk.times() != 2 {
		t.Errorf("asked %d times", p.desk.times())
	}
	for i, pin := range p.desk.given {
		if !bytes.Equal(pin, make([]byte, len(pin))) {
			t.Errorf("PIN %d was not cleared", i)
		}
	}
}

// TestLinger: a series of plis asks once, and the token is logged out after.
func TestLinger(t *testing.T) {
	p, pair := card(t)
	s := p.store(t, Options{Linger: 50 * time.Millisecond})
	e := entry(t, s, pair)
	hold, err := s.Unwrapper(t.Context(), e.URI)
	must(t, err)
	must(t, hold.Close())
	m := s.modules[0]
	for held := 1; held > 0; {
		m.turn <- struct{}{}
		held = len(m.held)
		<-m.turn
		time.Sleep(time.Millisecond)
	}
	must(t, selfsign.SelfTest(t.Context(), s, e))
	if p.desk.times() != 2 {
		t.Errorf("asked %d times", p.desk.times())
	}

	s.o.Linger = time.Hour // from the next release on
	hold, err = s.Unwrapper(t.Context(), e.URI)
	must(t, err)
	must(t, hold.Close())
	before := p.desk.times()
	for range 3 {
		must(t, selfsign.SelfTest(t.Context(), s, e))
	}
	if p.desk.times() != before {
		t.Errorf("asked %d times more", p.desk.times()-before)
	}
}

func TestWrongPIN(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	e := entry(t, s, pair)
	for _, pin := range []string{"0000", "123", strings.Repeat("1", 300)} {
		p.desk.set(pin)
		_, err := s.Unwrapper(t.Context(), e.URI)
		wantFault(t, pin, err, fault.PINIncorrect)
		if strings.Contains(err.Error(), pin) {
			t.Error("the error has the PIN")
		}
	}
	if len(x.shown) != 1 {
		t.Errorf("%d PINs were shown to the card: those of a wrong length cost a try", len(x.shown))
	}
	p.desk.set(rightPIN)
	must(t, selfsign.SelfTest(t.Context(), s, e))
	if n := p.desk.times(); n != 4 {
		t.Errorf("asked %d times", n)
	}
	if !p.desk.asked[3].Few {
		t.Error("the person was not told that a wrong PIN had been given") // SoftHSM says COUNT_LOW
	}
}

// TestLockedPIN: the last try is announced as such, and a locked card is not
// even asked for.
func TestLockedPIN(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	x.tries = 3
	e := entry(t, s, pair)
	p.desk.set("0000")
	for i, want := range []struct {
		code   fault.Code
		detail string
		tries  int
	}{{fault.PINIncorrect, "", 0}, {fault.PINIncorrect, "tries left: 1", 0}, {fault.PINLocked, "", 1}} {
		_, err := s.Unwrapper(t.Context(), e.URI)
		wantFault(t, "wrong PIN", err, want.code)
		if fault.Of(err).Detail != want.detail || p.desk.asked[i].Tries != want.tries {
			t.Errorf("try %d: %v, told %+v", i, err, p.desk.asked[i])
		}
	}
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "locked", err, fault.PINLocked)
	if p.desk.times() != 3 || len(x.shown) != 3 {
		t.Errorf("asked %d times, shown %d", p.desk.times(), len(x.shown))
	}
	if entry(t, s, pair).URI != e.URI {
		t.Error("a locked card is not listed")
	}
}

func TestNoPIN(t *testing.T) {
	p, pair := card(t)
	s := p.store(t, Options{})
	e := entry(t, s, pair)
	p.desk.set("")
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "cancelled", err, fault.PINCancelled)
	must(t, s.Close())

	mute, err := Open(Options{Modules: []string{p.path}})
	must(t, err)
	defer mute.Close()
	_, err = mute.Unwrapper(t.Context(), e.URI)
	wantFault(t, "nobody to ask", err, fault.PINPromptMissing)
}

// TestKeypad: a reader with its own keypad gets an empty PIN, and no window.
func TestKeypad(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	x.keypad = true
	must(t, selfsign.SelfTest(t.Context(), s, entry(t, s, pair)))
	if p.desk.times() != 0 || len(x.shown) != 1 || x.shown[0] != "" {
		t.Errorf("asked %d times, shown %q", p.desk.times(), x.shown)
	}
}

// TestOneWindow: many that want one key at once make one window.
func TestOneWindow(t *testing.T) {
	p, pair := card(t)
	s := p.store(t, Options{})
	e := entry(t, s, pair)
	keys := make([]keystore.Unwrapper, 8)
	errs := make([]error, len(keys))
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() { keys[i], errs[i] = s.Unwrapper(t.Context(), e.URI) })
	}
	all.Wait()
	for i, key := range keys {
		must(t, errs[i])
		must(t, key.Close())
	}
	if p.desk.times() != 1 {
		t.Errorf("asked %d times", p.desk.times())
	}
}

// TestTwoTokens: each has its own PIN window and its own login.
func TestTwoTokens(t *testing.T) {
	p := newPlace(t, "Anne", "Bruno 100 %")
	anne, bruno := issue(t, "Clé", certtest.Options{}), issue(t, "Clé", certtest.Options{Key: 1})
	p.addTo(t, "Anne", anne)
	p.addTo(t, "Bruno 100 %", bruno)
	s, x := p.troubled(t, Options{})
	a, b := entry(t, s, anne), entry(t, s, bruno)
	held, err := s.Unwrapper(t.Context(), a.URI)
	must(t, err)
	defer held.Close()
	p.desk.set("0000")
	_, err = s.Unwrapper(t.Context(), b.URI)
	wantFault(t, "the other token", err, fault.PINIncorrect)
	p.desk.set(rightPIN)
	must(t, selfsign.SelfTest(t.Context(), s, b))
	for i, label := range []string{"Anne", "Bruno 100 %", "Bruno 100 %"} {
		if p.desk.asked[i].Token != label {
			t.Errorf("window %d names %q", i, p.desk.asked[i].Token)
		}
	}
	x.with(func() { x.gone["Bruno 100 %"] = true })
	_, err = s.Unwrapper(t.Context(), b.URI)
	wantFault(t, "removed", err, fault.TokenRemoved)
	must(t, selfsign.SelfTest(t.Context(), s, a))
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("%d entries, %v", len(list), err)
	}
}

// TestRemovedInTheMiddle: the card is pulled out under a key in use and put
// back, which takes the PIN again.
func TestRemovedInTheMiddle(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	e := entry(t, s, pair)
	key, err := s.Unwrapper(t.Context(), e.URI)
	must(t, err)
	defer key.Close()
	ciphertext := make([]byte, 256)
	ciphertext[255] = 2
	x.with(func() {
		x.gone["Carte d'Anne"] = true
		x.decrypt = []error{pkcs11.Error(pkcs11.CKR_GENERAL_ERROR)}
	})
	_, err = key.Decrypt(t.Context(), envelope.RSAOAEPSHA1, ciphertext)
	wantFault(t, "removed", err, fault.TokenRemoved)
	_, err = key.Decrypt(t.Context(), envelope.RSAOAEPSHA1, ciphertext)
	wantFault(t, "still removed", err, fault.TokenRemoved)
	if status := s.Status(t.Context()); status.State != keystore.Ready || status.Certificates != 0 {
		t.Errorf("%+v", status)
	}
	// A card that loses its power forgets who was logged in.
	h := s.modules[0].held[tokenOf(t, e)]
	must(t, p.lib.Logout(h.session))
	must(t, p.lib.CloseSession(h.session))
	x.with(func() { x.gone, x.decrypt = map[string]bool{}, nil })
	must(t, selfsign.SelfTest(t.Context(), s, e))
	_, err = key.Decrypt(t.Context(), envelope.RSAOAEPSHA1, ciphertext)
	wantFault(t, "back, bad ciphertext", err, fault.EnvelopeUnreadable)
	if p.desk.times() != 2 {
		t.Errorf("asked %d times", p.desk.times())
	}
}

func tokenOf(t *testing.T, e keystore.Entry) tokenName {
	t.Helper()
	u, err := parseURI(e.URI)
	must(t, err)
	return u.token
}

// TestRemovedDuringDecryption: whatever the module calls it, a card that is
// gone is no bad padding; one that is back already is tried once more.
func TestRemovedDuringDecryption(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	e := entry(t, s, pair)
	x.decrypt = []error{pkcs11.Error(pkcs11.CKR_DEVICE_REMOVED)}
	must(t, selfsign.SelfTest(t.Context(), s, e))
	if len(x.decrypt) != 0 {
		t.Error("the card was not used")
	}
	x.with(func() {
		x.decrypt = []error{pkcs11.Error(pkcs11.CKR_DEVICE_REMOVED), pkcs11.Error(pkcs11.CKR_DEVICE_REMOVED)}
	})
	key, err := s.Unwrapper(t.Context(), e.URI)
	must(t, err)
	defer key.Close()
	_, err = key.Decrypt(t.Context(), envelope.RSAPKCS1, append(make([]byte, 255), 2))
	wantFault(t, "twice", err, fault.EnvelopeUnreadable)
}

// TestFrozen: a module that hangs is told of within its deadline, at once from
// then on, holds up no other module, and is used again when it comes back.
func TestFrozen(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{Look: 100 * time.Millisecond, Work: 100 * time.Millisecond})
	e := entry(t, s, pair)
	release := make(chan struct{})
	x.with(func() { x.hang = release })
	_, err := s.List(t.Context())
	wantFault(t, "frozen", err, fault.TokenNotResponding)
	if !s.modules[0].stuck.Load() {
		t.Error("the next one waits again")
	}
	_, err = s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "frozen, key", err, fault.TokenNotResponding)
	if status := s.Status(t.Context()); status.State != keystore.Failed || fault.CodeOf(status.Err) != fault.TokenNotResponding {
		t.Errorf("%+v", status)
	}

	other := newModule(p.path)
	other.load = func(string) library { return p.lib }
	s.modules = append(s.modules, other)
	s.o.Work = 10 * time.Second
	must(t, selfsign.SelfTest(t.Context(), s, entry(t, s, pair)))

	x.with(func() { x.hang = nil })
	close(release)
	for s.modules[0].stuck.Load() {
		time.Sleep(time.Millisecond)
	}
	s.modules = s.modules[:1]
	s.o.Look = 10 * time.Second
	if entry(t, s, pair).URI != e.URI {
		t.Error("another URI")
	}
}

// TestLookBesideWork: a module at work shows what it showed last.
func TestLookBesideWork(t *testing.T) {
	p, pair := card(t)
	s := p.store(t, Options{})
	e := entry(t, s, pair)
	s.modules[0].turn <- struct{}{}
	if busy := entry(t, s, pair); busy.URI != e.URI {
		t.Errorf("%s, was %s", busy.URI, e.URI)
	}
	if s.modules[0].stuck.Load() {
		t.Error("a module at work is taken for one that hangs")
	}
	<-s.modules[0].turn
}

// TestNoPINAfterTheDeadline: a PIN that the module had no time for is cleared
// and never shown to the card, where it would cost a try.
func TestNoPINAfterTheDeadline(t *testing.T) {
	p, pair := card(t)
	s, x := p.troubled(t, Options{})
	name := tokenOf(t, entry(t, s, pair))
	m := s.modules[0]
	m.turn <- struct{}{} // the module is busy
	pin := []byte(rightPIN)
	err := s.try(t.Context(), m, name, pin, 20*time.Millisecond)
	wantFault(t, "busy", err, fault.TokenNotResponding)
	if !bytes.Equal(pin, make([]byte, len(pin))) {
		t.Error("the PIN was not cleared")
	}
	<-m.turn
	late, cancel := context.WithCancel(t.Context())
	cancel()
	pin = []byte(rightPIN)
	wantFault(t, "cancelled", s.try(late, m, name, pin, time.Second), fault.Cancelled)
	if len(x.shown) != 0 || !bytes.Equal(pin, make([]byte, len(pin))) {
		t.Errorf("shown %d, cleared %v", len(x.shown), pin[0] == 0)
	}
}
