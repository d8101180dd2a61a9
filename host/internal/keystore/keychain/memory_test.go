//go:build linux

package keychain

import (
	"crypto/elliptic"
	"errors"
	"fmt"
	"testing"
	"unsafe"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// issue makes a pair that no store has.
func issue(t *testing.T, name string, o certtest.Options) keystore.Pair {
	t.Helper()
	if o.CommonName == "" {
		o.CommonName = name
	}
	p := certtest.NewCA(t, "AC de "+t.Name()).Issue(t, o)
	return keystore.Pair{Key: p.Key, Certificate: p.DER, Name: name}
}

// scenario uses everything that the store can do once, RSA and EC. It goes on
// after errors, since what it runs on may be broken on purpose.
func scenario(t *testing.T, m *mock, pairs []keystore.Pair) error {
	ctx := t.Context()
	s := &store{f: m.frameworks}
	var errs []error
	note := func(err error) { errs = append(errs, err) }
	for _, pair := range pairs {
		e, err := s.Import(ctx, pair)
		note(err)
		u, err := s.Unwrapper(ctx, e.URI)
		note(err)
		if err == nil {
			_, err = u.Decrypt(ctx, envelope.RSAOAEPSHA256, make([]byte, 256)) // unreadable, or of an EC key
			if code := fault.CodeOf(err); code != fault.EnvelopeUnreadable && code != fault.MechanismMissing {
				note(fmt.Errorf("Decrypt: %w", err))
			}
			if point := ecPoint(t, pair); point != nil {
				_, err = u.Agree(ctx, point)
				note(err)
			}
			note(u.Close())
		}
		if status := s.Status(ctx); status.Keys != 1 {
			note(fmt.Errorf("%d keys: %w", status.Keys, status.Err))
		}
		note(s.Delete(ctx, e.URI))
	}
	note(s.Close())
	return errors.Join(errs...)
}

// TestReleases drops each release of the scenario in turn, and doubles each:
// the mock sees every one, so that a release which is missing in the store, or
// one too many, would not pass the other tests.
func TestReleases(t *testing.T) {
	pairs := []keystore.Pair{
		issue(t, "RSA", certtest.Options{}),
		issue(t, "EC", certtest.Options{Curve: elliptic.P256()}),
	}
	m := newMock(t)
	release, total := m.release, 0
	m.release = func(r ref) { total++; release(r) }
	if err := scenario(t, m, pairs); err != nil {
		t.Fatal(err)
	}
	if total < 100 || m.live() != 0 || m.complaints() != "" {
		t.Fatalf("%d releases, %d objects left, %s", total, m.live(), m.complaints())
	}
	for k := range total {
		m.reset()
		n := 0
		m.release = func(r ref) {
			if n++; n-1 != k {
				release(r)
			}
		}
		if err := scenario(t, m, pairs); err != nil {
			t.Errorf("without release %d: %v", k, err)
		}
		if m.live() == 0 {
			t.Errorf("release %d of %d was dropped, and the mock saw no leak", k, total)
		}
	}
	for k := range total {
		m.reset()
		n := 0
		m.release = func(r ref) {
			if n++; n-1 == k {
				release(r)
			}
			release(r)
		}
		_ = scenario(t, m, pairs) // objects go away under it
		if m.complaints() == "" {
			t.Errorf("release %d of %d was doubled, and the mock saw nothing", k, total)
		}
	}
	m.reset()
}

// TestRetain: the key of an unwrapper is its own; without its own reference
// the mock sees it used after its release.
func TestRetain(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	e, err := s.Import(t.Context(), issue(t, "RSA", certtest.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	m.retain = func(r ref) ref { return r }
	u, err := s.Unwrapper(t.Context(), e.URI)
	if err != nil {
		t.Fatal(err)
	}
	if u.Close(); m.complaints() == "" {
		t.Error("the mock saw nothing")
	}
	m.forgive()
}

// TestSecretsAreWiped: a content key, a shared secret and an imported private
// key are zero when their objects are freed, and the mock sees one that is not.
func TestSecretsAreWiped(t *testing.T) {
	for name, o := range map[string]certtest.Options{"RSA": {}, "EC": {Curve: elliptic.P256()}} {
		m := newMock(t)
		pair := issue(t, name, o)
		// The scenario passed TestReleases: the real store wipes. Now one that
		// forgets: the memory to wipe is elsewhere.
		bytes := m.dataBytes
		spare := make([]byte, 1<<16)
		forget := false
		m.dataBytes = func(r ref) unsafe.Pointer {
			if forget {
				return unsafe.Pointer(&spare[0])
			}
			return bytes(r)
		}
		p := m.pool()
		secret := p.secretData([]byte("of nobody"))
		if forget = true; secret == 0 {
			t.Fatal("no object")
		}
		i := importing{pool: p, key: mustEncode(t, pair), pair: pair}
		keychain, err := p.defaultKeychain()
		if err != nil {
			t.Fatal(err)
		}
		if err := i.addKey(keychain, name); err != nil {
			t.Fatal(err)
		}
		p.drain()
		if m.complaints() == "" {
			t.Errorf("%s: the mock saw nothing", name)
		}
		m.forgive()
	}
}

// TestWithoutMemory lets each creation of an object fail in turn: no crash, no
// leak, no half import, no wrong question.
func TestWithoutMemory(t *testing.T) {
	pairs := []keystore.Pair{issue(t, "RSA", certtest.Options{}), issue(t, "EC", certtest.Options{Curve: elliptic.P256()})}
	for _, function := range []string{"CFDataCreate", "CFStringCreateWithBytes", "CFStringCreateExternalRepresentation",
		"CFNumberCreate", "CFArrayCreate", "CFDictionaryCreate"} {
		failures := 0
		for skip := 0; ; skip++ {
			m := newMock(t)
			m.fail(function, skip, 1)
			_ = scenario(t, m, pairs)
			if m.complaints() != "" || m.live() != 0 {
				t.Fatalf("%s %d: %d objects left, %s", function, skip, m.live(), m.complaints())
			}
			if m.pending() != 0 {
				break
			}
			failures++
		}
		if failures == 0 {
			t.Errorf("%s was never called", function)
		}
	}
}
