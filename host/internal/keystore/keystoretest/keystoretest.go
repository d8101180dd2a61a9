// Package keystoretest is the conformance suite of certificate stores: what
// package keystore promises, as tests that every store passes. A store runs it
// from its own tests:
//
//	func TestConformance(t *testing.T) {
//		keystoretest.Run(t, keystoretest.Subject{New: func(t *testing.T) keystoretest.Place { ... }})
//	}
//
// Each declared capability is exercised, and each undeclared one must be
// refused. Content keys are wrapped by Go's own cryptography, never by ours.
package keystoretest

import (
	"bytes"
	"crypto/elliptic"
	"maps"
	"slices"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
)

// Subject is a kind of store under test.
type Subject struct {
	// New returns an empty place that one test has for itself.
	New func(t *testing.T) Place
	// Persistent says that what is imported is there after Close and Open.
	Persistent bool
	// Any says that AddCertificate stores bytes that are no certificate.
	Any bool
	// OwnNames says that the place names entries, whatever a pair is called.
	OwnNames bool
	// Lacks are the kinds of keys, such as "RSA-3072" or "P-521", that the
	// place cannot have though the store could use them.
	Lacks []string
	// Tests are the names of those to run, all when nil.
	Tests []string
}

// Place is where one store keeps its keys.
type Place interface {
	// Open opens a store on the place. One is open at a time.
	Open(t *testing.T) keystore.Store
	// AddCertificate puts a certificate without a private key there, by other
	// means than the store. No store is open on the place but s, which is
	// what a store without a place of its own adds to.
	AddCertificate(t *testing.T, s keystore.Store, der []byte, name string)
}

// Seeder is a Place that puts pairs there by other means than the store, as
// those of a store that takes none itself must: cards get their keys from
// their issuer. What is about importing is then left out, all else is held.
type Seeder interface {
	// AddPair puts the pair there, under its own name, while s is open.
	AddPair(t *testing.T, s keystore.Store, pair keystore.Pair)
}

// Run holds a store to everything that package keystore says.
func Run(t *testing.T, subject Subject) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, world)
	}{
		{"Empty", testEmpty},
		{"Capabilities", testCapabilities},
		{"Import", testImport},
		{"ImportTwice", testImportTwice},
		{"ImportBesideCertificate", testImportBesideCertificate},
		{"ImportRefused", testImportRefused},
		{"ImportUnsuitable", testImportUnsuitable},
		{"Names", testNames},
		{"OddCertificates", testOddCertificates},
		{"Validity", testValidity},
		{"Renewed", testRenewed},
		{"Unwrap", testUnwrap},
		{"UnwrapOtherKind", testUnwrapOtherKind},
		{"BadCiphertext", testBadCiphertext},
		{"BadPoint", testBadPoint},
		{"Unwrapper", testUnwrapper},
		{"SelfTest", testSelfTest},
		{"Generate", testGenerate},
		{"Delete", testDelete},
		{"Reopen", testReopen},
		{"NotFound", testNotFound},
		{"Cancelled", testCancelled},
		{"Closed", testClosed},
		{"Concurrency", testConcurrency},
	} {
		if subject.Tests != nil && !slices.Contains(subject.Tests, test.name) {
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			place := subject.New(t)
			s := place.Open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test.run(t, world{subject: subject, place: place, store: s})
		})
	}
}

// world is what one test works with.
type world struct {
	subject Subject
	place   Place
	store   keystore.Store
}

// importer returns the store's power to import, or skips the test.
func (w world) importer(t *testing.T) keystore.Importer {
	t.Helper()
	if !w.store.Status(t.Context()).Capabilities.Import {
		t.Skip("the store declares no import")
	}
	return w.store.(keystore.Importer)
}

// add imports a pair that must be taken, or seeds it.
func (w world) add(t *testing.T, pair keystore.Pair) keystore.Entry {
	t.Helper()
	if seeder, ok := w.seeder(t); ok {
		seeder.AddPair(t, w.store, pair)
		list := w.list(t)
		i := slices.IndexFunc(list, func(e keystore.Entry) bool { return bytes.Equal(e.Certificate, pair.Certificate) })
		if i < 0 {
			t.Fatalf("%q was put there and is not listed", pair.Name)
		}
		return list[i]
	}
	e, err := w.importer(t).Import(t.Context(), pair)
	if err != nil {
		t.Fatalf("Import %q: %v", pair.Name, err)
	}
	return e
}

// seeder is the place's own way to add pairs, for a store that has none.
func (w world) seeder(t *testing.T) (Seeder, bool) {
	t.Helper()
	seeder, ok := w.place.(Seeder)
	return seeder, ok && !w.store.Status(t.Context()).Capabilities.Import
}

// mechanisms are those that the store declares.
func (w world) mechanisms(t *testing.T) []envelope.Mechanism {
	t.Helper()
	return w.store.Status(t.Context()).Capabilities.Mechanisms
}

// rsa is a declared mechanism of RSA keys, the best one first.
func (w world) rsa(t *testing.T) envelope.Mechanism {
	t.Helper()
	declared := w.mechanisms(t)
	for _, m := range keystore.AllMechanisms() {
		if m.RSA() && slices.Contains(declared, m) {
			return m
		}
	}
	t.Fatal("the store declares no mechanism for RSA keys")
	return ""
}

// kinds are the keys that the store's mechanisms go with.
func (w world) kinds(t *testing.T) map[string]certtest.Options {
	t.Helper()
	ec := slices.Contains(w.mechanisms(t), envelope.ECDH)
	kinds := keyKinds()
	maps.DeleteFunc(kinds, func(kind string, o certtest.Options) bool {
		return o.Curve != nil && !ec || slices.Contains(w.subject.Lacks, kind)
	})
	return kinds
}

// quick is a key that is made and used in no time: an EC one where the store
// takes it, otherwise the RSA key of this number.
func (w world) quick(t *testing.T, n int) certtest.Options {
	t.Helper()
	if slices.Contains(w.mechanisms(t), envelope.ECDH) {
		return certtest.Options{Curve: elliptic.P256()}
	}
	return certtest.Options{Key: n}
}

func (w world) list(t *testing.T) []keystore.Entry {
	t.Helper()
	list, err := w.store.List(t.Context())
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return list
}

func (w world) unwrapper(t *testing.T, uri string) keystore.Unwrapper {
	t.Helper()
	u, err := w.store.Unwrapper(t.Context(), uri)
	if err != nil {
		t.Fatalf("Unwrapper: %v", err)
	}
	t.Cleanup(func() { u.Close() })
	return u
}
