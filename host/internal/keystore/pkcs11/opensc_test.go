//go:build linux && cgo

package pkcs11

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cardtest"
	"scelle/host/internal/keystore/keystoretest"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// piv is a place with one emulated PIV card, which OpenSC reads through the
// PC/SC daemon.
type piv struct {
	reader *cardtest.Reader
	card   *cardtest.Card
	desk   *desk
}

func openSC(t *testing.T) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/*/opensc-pkcs11.so")
	if err != nil || len(found) == 0 {
		t.Fatal("opensc-pkcs11.so is not installed (Debian package opensc)")
	}
	return found[0]
}

// newPIV puts an empty card into the reader.
func newPIV(t *testing.T, reader *cardtest.Reader) *piv {
	t.Helper()
	p := &piv{reader: reader, card: cardtest.NewCard(), desk: &desk{pin: cardtest.PIN}}
	p.reader.Insert(p.card)
	t.Cleanup(p.reader.Remove)
	return p
}

func (p *piv) store(t *testing.T, o Options) *store {
	t.Helper()
	o.Modules, o.Prompt = []string{openSC(t)}, p.desk
	if o.Look == 0 {
		o.Look = 20 * time.Second
	}
	s, err := Open(o)
	must(t, err)
	t.Cleanup(func() { s.Close() })
	return s.(*store)
}

// Open waits until the card is seen.
func (p *piv) Open(t *testing.T) keystore.Store {
	t.Helper()
	s := p.store(t, Options{})
	p.seen(t, s, 1)
	return s
}

// seen waits until the module shows so many tokens.
func (p *piv) seen(t *testing.T, s *store, tokens int) {
	t.Helper()
	for range 1000 {
		status := s.Status(t.Context())
		if len(status.Modules) == 1 && status.Modules[0].Tokens == tokens {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%+v", s.Status(t.Context()))
}

// AddPair implements keystoretest.Seeder: the card is taken out, its issuer
// writes, and it is put back.
func (p *piv) AddPair(t *testing.T, s keystore.Store, pair keystore.Pair) {
	t.Helper()
	p.reader.Remove()
	p.seen(t, s.(*store), 0)
	if !p.card.Add(pair.Certificate, pair.Key) {
		t.Fatal("the card is full")
	}
	p.reader.Insert(p.card)
	p.seen(t, s.(*store), 1)
}

func (p *piv) AddCertificate(t *testing.T, s keystore.Store, der []byte, _ string) {
	t.Helper()
	p.AddPair(t, s, keystore.Pair{Certificate: der})
}

// pivSubject is OpenSC with a PIV card, for the conformance suite.
func pivSubject(reader *cardtest.Reader) keystoretest.Subject {
	return keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newPIV(t, reader) },
		Persistent: true, OwnNames: true, Lacks: []string{"RSA-3072", "P-521"},
	}
}

// anneCard is a card with one RSA key, and a store that sees it.
func anneCard(t *testing.T, reader *cardtest.Reader, o Options) (*piv, *store, keystore.Entry) {
	t.Helper()
	p := newPIV(t, reader)
	pair := issue(t, "Anne", certtest.Options{})
	p.card.Add(pair.Certificate, pair.Key)
	s := p.store(t, o)
	p.seen(t, s, 1)
	return p, s, entry(t, s, pair)
}

// TestPIV is what a PIV card behind OpenSC does that SoftHSM does not, and the
// core of the conformance suite; TestPIVConformance has all of it.
func TestPIV(t *testing.T) {
	if !cardtest.Alone(t) {
		return
	}
	daemon := cardtest.Start(t)
	first := daemon.Readers[0]
	t.Run("PIN", func(t *testing.T) { pivPIN(t, first) })
	t.Run("Removed", func(t *testing.T) { pivRemoved(t, first) })
	t.Run("TwoReaders", func(t *testing.T) { pivTwoReaders(t, daemon) })
	core := pivSubject(first)
	core.Tests = []string{"Unwrap", "BadCiphertext", "SelfTest"}
	keystoretest.Run(t, core)
	t.Run("Frozen", func(t *testing.T) { pivFrozen(t, daemon) }) // the last: the module may stay frozen
}

// pivPIN: a look costs no PIN; a wrong one is told, the last try announced, a
// locked card not asked for.
func pivPIN(t *testing.T, reader *cardtest.Reader) {
	p, s, e := anneCard(t, reader, Options{})
	if !e.HasKey || p.card.PINs() != 0 || p.desk.times() != 0 {
		t.Errorf("key %v; %d PINs shown, %d asked for by a look", e.HasKey, p.card.PINs(), p.desk.times())
	}
	must(t, selfsign.SelfTest(t.Context(), s, e))
	p.desk.set("73")
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "too short", err, fault.PINIncorrect)
	if p.card.TriesLeft() != cardtest.Tries {
		t.Error("a PIN that is too short cost a try")
	}
	before := p.desk.times()
	p.desk.set("000000")
	for i, want := range []struct {
		code   fault.Code
		detail string
		tries  int // that the window names
	}{{fault.PINIncorrect, "", 0}, {fault.PINIncorrect, "tries left: 1", 0}, {fault.PINLocked, "", 1}} {
		_, err := s.Unwrapper(t.Context(), e.URI)
		wantFault(t, "wrong PIN", err, want.code)
		if fault.Of(err).Detail != want.detail || p.desk.asked[before+i].Tries != want.tries {
			t.Errorf("try %d: %v, told %+v", i, err, p.desk.asked[before+i])
		}
	}
	p.desk.set(cardtest.PIN)
	_, err = s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "locked", err, fault.PINLocked)
	if p.desk.times() != before+3 || p.card.TriesLeft() != 0 {
		t.Errorf("asked %d times, %d tries left", p.desk.times()-before, p.card.TriesLeft())
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("a locked card lists %d, %v", len(list), err)
	}
}

// pivRemoved: the card is pulled out while it decrypts, which is told as that
// and not as a bad pli; put back, the same key works after the PIN, also when
// it is back before anybody looked.
func pivRemoved(t *testing.T, reader *cardtest.Reader) {
	p, s, e := anneCard(t, reader, Options{})
	key, err := s.Unwrapper(t.Context(), e.URI)
	must(t, err)
	defer key.Close()
	public := key.Public().(*rsa.PublicKey)
	secret := bytes.Repeat([]byte{7}, 32)
	sealed, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, public, secret, nil)
	must(t, err)
	old, err := rsa.EncryptPKCS1v15(rand.Reader, public, secret) //lint:ignore SA1019 envelopes of old writers
	must(t, err)
	session := key.(envelope.SessionKeyDecrypter)
	open := map[string]func() error{
		"OAEP": func() error {
			got, err := key.Decrypt(t.Context(), envelope.RSAOAEPSHA256, sealed)
			if err == nil && !bytes.Equal(got, secret) {
				t.Errorf("opened to %x", got)
			}
			return err
		},
		"PKCS#1 v1.5": func() error {
			got := make([]byte, 32)
			err := session.DecryptSessionKey(t.Context(), old, got)
			if err == nil && !bytes.Equal(got, secret) {
				t.Errorf("opened to %x", got)
			}
			return err
		},
	}
	for name, open := range open {
		must(t, open())
		p.card.BeforeUse(func() bool { reader.Pull(); return false })
		wantFault(t, name+", pulled out", open(), fault.TokenRemoved)
		reader.Remove()
		wantFault(t, name+", still out", open(), fault.TokenRemoved)
		before := p.desk.times()
		reader.Insert(p.card)
		p.seen(t, s, 1)
		must(t, open())
		if p.desk.times() != before+1 {
			t.Errorf("%s: put back, the PIN was asked for %d times", name, p.desk.times()-before)
		}
	}
}

// pivTwoReaders: each card has its own window, and one that is pulled out takes
// nothing from the other.
func pivTwoReaders(t *testing.T, daemon *cardtest.Daemon) {
	p, s, e := anneCard(t, daemon.Readers[0], Options{})
	other := cardtest.NewCard()
	pair := issue(t, "Bruno", certtest.Options{Curve: elliptic.P256()})
	other.Add(pair.Certificate, pair.Key)
	daemon.Readers[1].Insert(other)
	p.seen(t, s, 2)
	b := entry(t, s, pair)
	must(t, selfsign.SelfTest(t.Context(), s, e))
	must(t, selfsign.SelfTest(t.Context(), s, b))
	if p.desk.times() != 2 || p.card.PINs() != 1 || other.PINs() != 1 {
		t.Errorf("asked %d times; %d and %d PINs shown", p.desk.times(), p.card.PINs(), other.PINs())
	}
	daemon.Readers[1].Remove()
	p.seen(t, s, 1)
	must(t, selfsign.SelfTest(t.Context(), s, e))
	_, err := s.Unwrapper(t.Context(), b.URI)
	wantFault(t, "pulled out", err, fault.TokenRemoved)
}

// pivFrozen: a card daemon that does not answer costs one deadline, once.
func pivFrozen(t *testing.T, daemon *cardtest.Daemon) {
	_, s, e := anneCard(t, daemon.Readers[0], Options{Work: 300 * time.Millisecond})
	s.o.Look = 300 * time.Millisecond
	daemon.Freeze()
	start := time.Now()
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "frozen", err, fault.TokenNotResponding)
	for range 20 {
		_, err := s.List(t.Context())
		wantFault(t, "frozen, list", err, fault.TokenNotResponding)
	}
	must(t, s.Close())
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
	daemon.Thaw()
}
