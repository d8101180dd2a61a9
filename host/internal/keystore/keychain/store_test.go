//go:build linux

package keychain

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"strings"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

func mustEncode(t *testing.T, pair keystore.Pair) []byte {
	t.Helper()
	der, err := encodeKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// ecPoint is an ephemeral point on the curve of an EC pair, nil for RSA.
func ecPoint(t *testing.T, pair keystore.Pair) []byte {
	t.Helper()
	key, ok := pair.Key.(*ecdsa.PrivateKey)
	if !ok {
		return nil
	}
	own, err := key.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	ephemeral, err := own.Curve().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return ephemeral.PublicKey().Bytes()
}

func add(t *testing.T, s *store, pair keystore.Pair) keystore.Entry {
	t.Helper()
	e, err := s.Import(t.Context(), pair)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func unwrapperOf(t *testing.T, s *store, uri string) keystore.Unwrapper {
	t.Helper()
	u, err := s.Unwrapper(t.Context(), uri)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}

// TestNothingPrompts: only Decrypt and Agree use a private key, once each.
func TestNothingPrompts(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "Clé", certtest.Options{Curve: elliptic.P384()})
	e := add(t, s, pair)
	if _, err := s.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	status := s.Status(t.Context())
	u := unwrapperOf(t, s, e.URI)
	if m.uses() != 0 || status.Keys != 1 || !strings.HasPrefix(status.Location, "/Users/zoé/") {
		t.Errorf("%d uses of keys; %+v", m.uses(), status)
	}
	if _, err := u.Agree(t.Context(), ecPoint(t, pair)); err != nil || m.uses() != 1 {
		t.Errorf("Agree: %v, %d uses", err, m.uses())
	}
	if err := s.Delete(t.Context(), e.URI); err != nil || m.uses() != 1 {
		t.Errorf("Delete: %v, %d uses", err, m.uses())
	}
}

// TestStoredPair looks at what is in the keychain after an import: one
// certificate, one key that cannot leave, both under the name.
func TestStoredPair(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	add(t, s, issue(t, "Salle des marchés", certtest.Options{}))
	if m.keys() != 1 || m.items() != 2 || m.labelled("Salle des marchés") != 2 {
		t.Errorf("%d keys (1000: it may leave), %d items, %d of the name", m.keys(), m.items(), m.labelled("Salle des marchés"))
	}
}

// TestForeignItems: keys and certificates of other programs, with labels of
// other kinds or none, are in nobody's way.
func TestForeignItems(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	m.addOddKeys()
	nameless := issue(t, "Zoé", certtest.Options{Key: 1})
	m.AddCertificate(t, s, nameless.Certificate, "")
	e := add(t, s, issue(t, "Clé", certtest.Options{}))
	list, err := s.List(t.Context())
	if err != nil || len(list) != 2 || list[0].URI != e.URI || !list[0].HasKey || list[1].HasKey || list[1].Name != "Zoé" {
		t.Errorf("%+v, %v", list, err)
	}
	p := m.pool()
	if ids, err := p.privateIDs(); err != nil || len(ids) != 1 || !ids[keyID(e.Certificate)] {
		t.Errorf("%d labels, %v", len(ids), err)
	}
	p.drain()
	if err := s.Delete(t.Context(), e.URI); err != nil || m.items() != 2 {
		t.Errorf("Delete: %v, %d items left", err, m.items())
	}
}

// TestImportUndone lets each call of an import fail in turn: whatever was made
// is gone, unless only a name could not be given.
func TestImportUndone(t *testing.T) {
	pair := issue(t, "EC", certtest.Options{Curve: elliptic.P256()})
	for function, named := range map[string]bool{
		"SecItemCopyMatching": false, "SecKeychainCopyDefault": false, "SecAccessCreate": false, "SecItemImport": false, "SecItemImport afterwards": false, "SecItemImport nothing": false,
		"SecCertificateCreateWithData": false, "SecItemAdd": false, "SecItemUpdate": true,
		"CFDataCreate": true, "CFStringCreateWithBytes": true, "CFArrayCreate": true, "CFDictionaryCreate": true,
	} {
		failures := 0
		for skip := 0; ; skip++ {
			m := newMock(t)
			m.fail(function, skip, -67671) // errSecInternalComponent: of no special meaning here
			e, err := (&store{f: m.frameworks}).Import(t.Context(), pair)
			if m.pending() != 0 {
				break
			}
			failures++
			switch {
			case err != nil && m.items() != 0:
				t.Errorf("%s %d: %v, and %d items stayed", function, skip, err, m.items())
			case err == nil && (!named || m.items() != 2 || !e.HasKey || e.Name == ""):
				t.Errorf("%s %d: no error, %d items, %+v", function, skip, m.items(), e)
			}
		}
		if failures == 0 {
			t.Errorf("%s is not called by an import", function)
		}
	}
}

// TestImportedCertificateIsKept: a failure does not take away what was there
// before.
func TestImportedCertificateIsKept(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "Clé", certtest.Options{})
	m.AddCertificate(t, s, pair.Certificate, "d'un autre programme")
	m.fail("SecItemCopyMatching", 2, -67671) // the look at what was stored
	_, err := s.Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.StoreFailed)
	if m.items() != 1 || m.keys() != 0 {
		t.Errorf("%d items, %d keys", m.items(), m.keys())
	}
}

// TestSameSerial: the keychain keeps one certificate for each issuer and
// serial number.
func TestSameSerial(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	ca := certtest.NewCA(t, "AC")
	first := ca.Issue(t, certtest.Options{Serial: big.NewInt(7)})
	second := ca.Issue(t, certtest.Options{Serial: big.NewInt(7), Key: 1})
	e := add(t, s, keystore.Pair{Key: first.Key, Certificate: first.DER, Name: "Clé"})
	_, err := s.Import(t.Context(), keystore.Pair{Key: second.Key, Certificate: second.DER, Name: "Clé"})
	wantFault(t, "Import", err, fault.CertificateBad)
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 || list[0].URI != e.URI || m.items() != 2 {
		t.Errorf("%+v, %v, %d items", list, err, m.items())
	}
}

// TestBrokenKey: a key whose parts do not fit is not given to macOS.
func TestBrokenKey(t *testing.T) {
	m := newMock(t)
	pair := issue(t, "RSA", certtest.Options{})
	key := *pair.Key.(*rsa.PrivateKey)
	key.Primes = []*big.Int{new(big.Int).Add(key.Primes[0], big.NewInt(2)), key.Primes[1]}
	key.Precomputed = rsa.PrecomputedValues{}
	pair.Key = &key
	_, err := (&store{f: m.frameworks}).Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.P12Mismatch)
	if m.items() != 0 {
		t.Errorf("%d items", m.items())
	}
}

// TestDeleteLeavesNothing: neither public keys nor a key whose certificate is
// gone.
func TestDeleteLeavesNothing(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "Clé", certtest.Options{})
	e := add(t, s, pair)
	m.addPublic()
	if err := s.Delete(t.Context(), e.URI); err != nil || m.items() != 0 {
		t.Errorf("%v, %d items", err, m.items())
	}
	add(t, s, pair)
	p := m.pool()
	c, found, err := p.certificate(uriOf(pair.Certificate))
	if err != nil || !found || p.removeCertificate(c.item, c.uri) != nil || m.items() != 1 {
		t.Fatalf("%v, %v, %d items", found, err, m.items())
	}
	p.drain()
	if err := s.Delete(t.Context(), e.URI); err != nil || m.items() != 0 {
		t.Errorf("key alone: %v, %d items", err, m.items())
	}
	wantFault(t, "nothing", s.Delete(t.Context(), e.URI), fault.KeyNotFound)
}

// TestSeveralKeychains has a pair in two keychains: it is one entry, and is
// deleted from both.
func TestSeveralKeychains(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "Clé", certtest.Options{})
	e := add(t, s, pair)
	m.addCopies()
	if again := add(t, s, pair); again.URI != e.URI || m.items() != 4 {
		t.Errorf("%+v, %d items", again, m.items())
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 1 || list[0].URI != e.URI {
		t.Errorf("%+v, %v", list, err)
	}
	if err := s.Delete(t.Context(), e.URI); err != nil || m.items() != 0 {
		t.Errorf("%v, %d items", err, m.items())
	}
}

// TestDeleteLooksAgain: a deletion that does nothing and reports no error is
// not believed.
func TestDeleteLooksAgain(t *testing.T) {
	for skip := range 2 {
		m := newMock(t)
		s := &store{f: m.frameworks}
		e := add(t, s, issue(t, "Clé", certtest.Options{Curve: elliptic.P256()}))
		m.fail("SecItemDelete nothing", skip, 1)
		wantFault(t, "Delete", s.Delete(t.Context(), e.URI), fault.StoreFailed)
	}
}

// TestDeleteOnlyThePair: other keys of the keychain stay, whatever they are.
func TestDeleteOnlyThePair(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	var all []keystore.Entry
	for i := range 4 {
		all = append(all, add(t, s, issue(t, "Clé", certtest.Options{Key: i})))
	}
	if err := s.Delete(t.Context(), all[2].URI); err != nil || m.keys() != 3 || m.items() != 6 {
		t.Fatalf("%v, %d keys, %d items", err, m.keys(), m.items())
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, e := range list {
		if e.URI == all[2].URI || !e.HasKey {
			t.Errorf("left: %+v", e)
		}
	}
}

// TestDeleteAgain: what a failure leaves is listed and can be deleted.
func TestDeleteAgain(t *testing.T) {
	for skip := range 2 {
		m := newMock(t)
		s := &store{f: m.frameworks}
		e := add(t, s, issue(t, "Clé", certtest.Options{Curve: elliptic.P256()}))
		m.fail("SecItemDelete", skip, -128)
		wantFault(t, "first", s.Delete(t.Context(), e.URI), fault.PINCancelled)
		if list, err := s.List(t.Context()); err != nil || len(list) != 1 || list[0].HasKey != (skip == 0) {
			t.Errorf("after failure %d: %+v, %v", skip, list, err)
		}
		if err := s.Delete(t.Context(), e.URI); err != nil || m.items() != 0 {
			t.Errorf("second: %v, %d items", err, m.items())
		}
	}
}

func TestNoDefaultKeychain(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	m.fail("SecKeychainCopyDefault", 0, -25307)
	if status := s.Status(t.Context()); status.State != keystore.ReadOnly || status.Err != nil {
		t.Errorf("%+v", status)
	}
	m.fail("SecKeychainCopyDefault", 0, -25307)
	_, err := s.Import(t.Context(), issue(t, "Clé", certtest.Options{}))
	wantFault(t, "Import", err, fault.StoreReadOnly)
}

func TestURI(t *testing.T) {
	der := issue(t, "Clé", certtest.Options{}).Certificate
	good := uriOf(der).String()
	if u, err := parseURI(good); err != nil || u != uriOf(der) || len(u.id) != sha1Size {
		t.Errorf("%s: %v", good, err)
	}
	// A certificate that cannot be read names no key, and not every key.
	m := newMock(t)
	s := &store{f: m.frameworks}
	add(t, s, issue(t, "Autre", certtest.Options{Key: 1}))
	u := uriOf([]byte("no certificate"))
	wantFault(t, "Delete", s.Delete(t.Context(), u.String()), fault.KeyNotFound)
	if u.id != "" || m.items() != 2 {
		t.Errorf("id %x, %d items", u.id, m.items())
	}
	hexID := good[len("keychain:id="):][:2*sha1Size]
	for _, bad := range []string{"", "keychain:", strings.ToUpper(good), good + "0", good[:len(good)-2], strings.Replace(good, "id=", "id=0", 1),
		strings.Replace(good, "keychain", "nss", 1), strings.Replace(good, hexID, strings.Repeat("a", 400), 1), strings.Replace(good, hexID, strings.Repeat("AB", sha1Size), 1), strings.Replace(good, ";", ",", 1)} {
		_, err := parseURI(bad)
		wantFault(t, bad, err, fault.KeyNotFound)
	}
}
