package keystoretest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"slices"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// testUnwrap opens content keys of every length by every declared mechanism,
// and asks for the undeclared ones.
func testUnwrap(t *testing.T, w world) {
	declared := w.store.Status(t.Context()).Capabilities.Mechanisms
	for kind, options := range w.kinds(t) {
		t.Run(kind, func(t *testing.T) {
			pair := pairOf(t, kind, options)
			u := w.unwrapper(t, w.add(t, pair).URI)
			if k, ok := u.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !k.Equal(pair.Key.Public()) {
				t.Fatalf("Public is %T and not the certificate's key", u.Public())
			}
			if public, ok := u.Public().(*rsa.PublicKey); ok {
				unwrapRSA(t, u, public, declared)
			} else {
				unwrapEC(t, u)
			}
		})
	}
}

func unwrapRSA(t *testing.T, u keystore.Unwrapper, public *rsa.PublicKey, declared []envelope.Mechanism) {
	for _, m := range keystore.AllMechanisms() {
		if !m.RSA() {
			continue
		}
		for _, size := range []int{16, 24, 32} {
			want := randomBytes(t, size)
			got, err := u.Decrypt(t.Context(), m, wrap(t, m, public, want))
			if !slices.Contains(declared, m) {
				wantFault(t, string(m), err, fault.MechanismMissing)
				break
			}
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s, %d bytes: %x, %v, want %x", m, size, got, err, want)
			}
		}
	}
}

// unwrapEC agrees with ephemeral keys until a shared secret began with a zero
// byte, which a store may forget to keep (1 in 256; P-521's first byte is 0 or
// 1 anyway).
func unwrapEC(t *testing.T, u keystore.Unwrapper) {
	public, ok := u.Public().(*ecdsa.PublicKey)
	if !ok {
		t.Fatalf("Public is %T", u.Public())
	}
	own, err := public.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := agrees(t.Context(), u, own); err != nil {
			t.Fatal(err)
		}
	}
	for range 20_000 {
		ephemeral, err := own.Curve().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ephemeral.ECDH(own)
		if err != nil {
			t.Fatal(err)
		}
		if want[0] != 0 {
			continue
		}
		got, err := u.Agree(t.Context(), ephemeral.PublicKey().Bytes())
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("secret with a leading zero: %x, %v, want %x", got, err, want)
		}
		return
	}
	t.Error("no shared secret began with zero")
}

// testUnwrapOtherKind asks a key for what its kind cannot do, and for what is
// no mechanism.
func testUnwrapOtherKind(t *testing.T, w world) {
	rsaKey := w.unwrapper(t, w.add(t, pairOf(t, "RSA", certtest.Options{})).URI)
	_, err := rsaKey.Agree(t.Context(), append([]byte{4}, make([]byte, 64)...))
	wantFault(t, "Agree with RSA", err, fault.MechanismMissing)
	for _, m := range []envelope.Mechanism{envelope.ECDH, "", "rsa-raw", "rsa-oaep-md5"} {
		_, err := rsaKey.Decrypt(t.Context(), m, make([]byte, 256))
		wantFault(t, "RSA key: "+string(m), err, fault.MechanismMissing)
	}
	if !slices.Contains(w.mechanisms(t), envelope.ECDH) {
		return
	}
	ecKey := w.unwrapper(t, w.add(t, pairOf(t, "EC", certtest.Options{Curve: elliptic.P256()})).URI)
	for _, m := range keystore.AllMechanisms() {
		_, err := ecKey.Decrypt(t.Context(), m, make([]byte, 256))
		wantFault(t, "EC key: "+string(m), err, fault.MechanismMissing)
	}
}

// testBadCiphertext: what was not sealed to the key opens nothing. Only
// PKCS#1 v1.5 may answer with bytes, which then are not the content key.
func testBadCiphertext(t *testing.T, w world) {
	u := w.unwrapper(t, w.add(t, pairOf(t, "RSA", certtest.Options{})).URI)
	public := u.Public().(*rsa.PublicKey)
	stranger := certtest.RSAKey(t, 2048, 7)
	for _, m := range w.mechanisms(t) {
		if !m.RSA() {
			continue
		}
		want := randomBytes(t, 32)
		good := wrap(t, m, public, want)
		flipped := bytes.Clone(good)
		flipped[100] ^= 1
		for name, bad := range map[string][]byte{
			"flipped bit": flipped, "other key": wrap(t, m, &stranger.PublicKey, want),
			"zeros": make([]byte, 256), "ones": bytes.Repeat([]byte{0xff}, 256), "modulus": public.N.Bytes(),
			"one byte less": good[:255], "one byte more": append(bytes.Clone(good), 0),
			"empty": nil, "one byte": {1}, "2 MiB": make([]byte, 2<<20),
		} {
			got, err := u.Decrypt(t.Context(), m, bad)
			switch {
			case err != nil:
				wantFault(t, fmt.Sprintf("%s, %s", m, name), err, fault.EnvelopeUnreadable)
			case m != envelope.RSAPKCS1 || len(bad) != 256:
				t.Errorf("%s, %s: no error", m, name)
			case bytes.Equal(got, want):
				t.Errorf("%s, %s: opened", m, name)
			}
		}
		if got, err := u.Decrypt(t.Context(), m, good); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: does not open after bad ones: %v", m, err)
		}
	}
}

// testBadPoint: points that are not on the key's curve do not reach the key.
func testBadPoint(t *testing.T, w world) {
	if !slices.Contains(w.mechanisms(t), envelope.ECDH) {
		t.Skip("the store declares no key agreement")
	}
	u := w.unwrapper(t, w.add(t, pairOf(t, "EC", certtest.Options{Curve: elliptic.P256()})).URI)
	peer := certtest.ECKey(t, elliptic.P256())
	good, err := peer.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	otherCurve, err := certtest.ECKey(t, elliptic.P384()).PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	off := bytes.Clone(good)
	off[64] ^= 1
	for name, bad := range map[string][]byte{
		"off the curve": off, "other curve": otherCurve, "infinity": {0}, "empty": nil,
		"compressed": append([]byte{2}, good[1:33]...), "origin": append([]byte{4}, make([]byte, 64)...),
		"coordinates not reduced": append([]byte{4}, bytes.Repeat([]byte{0xff}, 64)...),
		"one byte less":           good[:64], "one byte more": append(bytes.Clone(good), 0),
	} {
		_, err := u.Agree(t.Context(), bad)
		wantFault(t, name, err, fault.EnvelopeUnreadable)
	}
	if err := opens(t.Context(), t, u, envelope.ECDH); err != nil {
		t.Errorf("after bad points: %v", err)
	}
}

// testUnwrapper: several for one key work beside each other, closing twice is
// allowed, and a closed one does nothing.
func testUnwrapper(t *testing.T, w world) {
	e := w.add(t, pairOf(t, "RSA", certtest.Options{}))
	first, second := w.unwrapper(t, e.URI), w.unwrapper(t, e.URI)
	for range 2 {
		if err := first.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	_, err := first.Decrypt(t.Context(), w.rsa(t), make([]byte, 256))
	wantFault(t, "Decrypt after Close", err, fault.StoreFailed)
	if err := opens(t.Context(), t, second, w.rsa(t)); err != nil {
		t.Error(err)
	}
}

func testSelfTest(t *testing.T, w world) {
	for kind, options := range w.kinds(t) {
		if err := selfsign.SelfTest(t.Context(), w.store, w.add(t, pairOf(t, kind, options))); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	alone := pairOf(t, "Sans clé", certtest.Options{Key: 1})
	w.place.AddCertificate(t, w.store, alone.Certificate, alone.Name)
	for _, e := range w.list(t) {
		if bytes.Equal(e.Certificate, alone.Certificate) {
			wantFault(t, "without a key", selfsign.SelfTest(t.Context(), w.store, e), fault.StoreSelfTest)
			return
		}
	}
	t.Error("the certificate without a key is not listed")
}
