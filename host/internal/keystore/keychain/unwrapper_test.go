//go:build linux

package keychain

import (
	"bytes"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/fault"
)

// TestKeyErrors: what the user, the keychain or the card does is told; all
// else that can go wrong with a ciphertext is one fault.
func TestKeyErrors(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "RSA", certtest.Options{})
	u := unwrapperOf(t, s, add(t, s, pair).URI)
	for status, code := range map[int32]fault.Code{
		-128: fault.PINCancelled, -25293: fault.PINCancelled, -25308: fault.StoreLocked, -25300: fault.KeyNotFound,
		-2147415839: fault.PINCancelled,       // CSSMERR_CSP_USER_CANCELED
		-2147416032: fault.PINCancelled,       // CSSMERR_CSP_OPERATION_AUTH_DENIED
		-2147415840: fault.StoreLocked,        // CSSMERR_CSP_NO_USER_INTERACTION
		-2147415776: fault.EnvelopeUnreadable, // 0x120 of the CSP's own codes, beyond the common ones
		-26275:      fault.EnvelopeUnreadable, -50: fault.EnvelopeUnreadable,
		-4: fault.PINCancelled, -5: fault.PINIncorrect, -7: fault.TokenRemoved, -3: fault.EnvelopeUnreadable, // CryptoTokenKit
	} {
		for _, mechanism := range []envelope.Mechanism{envelope.RSAPKCS1, envelope.RSAOAEPSHA256} {
			m.fail("SecKeyCreateDecryptedData", 0, status)
			_, err := u.Decrypt(t.Context(), mechanism, make([]byte, 256))
			wantFault(t, string(mechanism)+" "+string(code), err, code)
		}
	}
}

// TestAgreeErrors: as TestKeyErrors, for ECDH.
func TestAgreeErrors(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "EC", certtest.Options{Curve: elliptic.P521()})
	u := unwrapperOf(t, s, add(t, s, pair).URI)
	for _, test := range []struct {
		function string
		status   int32
		code     fault.Code
	}{
		{"SecKeyCopyKeyExchangeResult", -128, fault.PINCancelled},
		{"SecKeyCopyKeyExchangeResult", -7, fault.TokenRemoved},
		{"SecKeyCopyKeyExchangeResult", -50, fault.EnvelopeUnreadable},
		{"SecKeyCreateWithData", -50, fault.EnvelopeUnreadable},
	} {
		m.fail(test.function, 0, test.status)
		_, err := u.Agree(t.Context(), ecPoint(t, pair))
		wantFault(t, test.function, err, test.code)
	}
	if z, err := u.Agree(t.Context(), ecPoint(t, pair)); err != nil || len(z) != 66 {
		t.Errorf("%d bytes, %v", len(z), err)
	}
}

// TestLengthBeforeKey: a ciphertext of another length than the modulus does
// not reach the key, which may ask the user.
func TestLengthBeforeKey(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	u := unwrapperOf(t, s, add(t, s, issue(t, "RSA", certtest.Options{})).URI)
	for _, size := range []int{0, 1, 255, 257, 1 << 20} {
		_, err := u.Decrypt(t.Context(), envelope.RSAPKCS1, make([]byte, size))
		wantFault(t, "Decrypt", err, fault.EnvelopeUnreadable)
	}
	if m.uses() != 0 {
		t.Errorf("%d uses of the key", m.uses())
	}
}

// TestSyntheticKey: every malformed PKCS#1 v1.5 padding gets a key of the
// right length, the same each time, and no error.
func TestSyntheticKey(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "RSA", certtest.Options{})
	public := pair.Key.Public().(*rsa.PublicKey)
	u := unwrapperOf(t, s, add(t, s, pair).URI)
	want := bytes.Repeat([]byte{7}, 32)
	info, err := envelope.WrapKey(envelope.Recipient{Certificate: pair.Certificate, Mechanism: envelope.RSAPKCS1}, want)
	if err != nil {
		t.Fatal(err)
	}
	content, err := asn1.Marshal(struct {
		OID asn1.ObjectIdentifier
		IV  []byte
	}{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 1, 42}, make([]byte, 16)})
	if err != nil {
		t.Fatal(err)
	}
	q := envelope.UnwrapRequest{Certificate: pair.Certificate, RecipientInfo: info.Raw, ContentAlgorithm: content, Secret: make([]byte, 32)}
	if got, err := envelope.UnwrapWith(t.Context(), u, q); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("a good one: %x, %v", got, err)
	}
	families := paddingtest.PKCS1(public.Size())
	for _, family := range families {
		q.RecipientInfo = bytes.Clone(info.Raw)
		copy(q.RecipientInfo[len(info.Raw)-public.Size():], paddingtest.Encrypt(public, family.EM))
		first, err := envelope.UnwrapWith(t.Context(), u, q)
		second, again := envelope.UnwrapWith(t.Context(), u, q)
		if err != nil || again != nil || len(first) != 32 || !bytes.Equal(first, second) {
			t.Errorf("%s: %x, %v; %x, %v", family.Name, first, err, second, again)
		}
	}
	if len(families) == 0 {
		t.Error("no malformed padding was tried")
	}
}

// TestCard: what a key cannot do is asked before, not tried, and never
// replaced by something else.
func TestCard(t *testing.T) {
	m := newMock(t)
	s := &store{f: m.frameworks}
	pair := issue(t, "RSA", certtest.Options{})
	ec := issue(t, "EC", certtest.Options{Curve: elliptic.P256()})
	u, e := unwrapperOf(t, s, add(t, s, pair).URI), unwrapperOf(t, s, add(t, s, ec).URI)
	m.card(1)
	_, err := u.Decrypt(t.Context(), envelope.RSAOAEPSHA1, make([]byte, 256))
	wantFault(t, "OAEP", err, fault.MechanismMissing)
	_, err = e.Agree(t.Context(), ecPoint(t, ec))
	wantFault(t, "ECDH", err, fault.MechanismMissing)
	if m.uses() != 0 {
		t.Errorf("%d uses of keys", m.uses())
	}
	//lint:ignore SA1019 old cards know nothing else
	sealed, err := rsa.EncryptPKCS1v15(rand.Reader, pair.Key.Public().(*rsa.PublicKey), []byte("content key"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := u.Decrypt(t.Context(), envelope.RSAPKCS1, sealed); err != nil || string(got) != "content key" {
		t.Errorf("PKCS#1: %q, %v", got, err)
	}
	m.card(0)
}
