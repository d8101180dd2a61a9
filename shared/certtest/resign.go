package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// withSerial returns the certificate with another serial number, which may be
// one that crypto/x509 refuses to write, signed again by signer.
func withSerial(tb testing.TB, der []byte, serial *big.Int, signer crypto.Signer) []byte {
	tb.Helper()
	return Rewrite(tb, der, signer, func(tbs []byte) []byte {
		var version, old cryptobyte.String
		rest := cryptobyte.String(tbs)
		if !rest.ReadASN1Element(&version, asn1.Tag(0).ContextSpecific().Constructed()) || !rest.ReadASN1(&old, asn1.INTEGER) {
			tb.Fatal("certtest: no version and serial number")
		}
		var b cryptobyte.Builder
		b.AddBytes(version)
		b.AddASN1BigInt(serial)
		b.AddBytes(rest)
		return b.BytesOrPanic()
	})
}

// Rewrite replaces the content of a certificate's TBSCertificate (without its
// SEQUENCE header) and signs the result with signer, whose kind must be the
// one that signed before (SHA-256 in both cases). It is how tests get
// certificates that no library writes.
func Rewrite(tb testing.TB, der []byte, signer crypto.Signer, edit func(tbs []byte) []byte) []byte {
	tb.Helper()
	var cert, tbs, algorithm cryptobyte.String
	input := cryptobyte.String(der)
	if !input.ReadASN1(&cert, asn1.SEQUENCE) || !cert.ReadASN1(&tbs, asn1.SEQUENCE) || !cert.ReadASN1Element(&algorithm, asn1.SEQUENCE) {
		tb.Fatal("certtest: not a certificate")
	}
	var body cryptobyte.Builder
	body.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(edit(tbs)) })
	signed := body.BytesOrPanic()
	digest := sha256.Sum256(signed)
	signature, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		tb.Fatalf("certtest: sign: %v", err)
	}
	var out cryptobyte.Builder
	out.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(signed)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
	})
	return out.BytesOrPanic()
}

// Agree is the shared secret of two EC keys (the X coordinate, full length),
// as a reference for tests.
func Agree(tb testing.TB, private *ecdsa.PrivateKey, public *ecdsa.PublicKey) []byte {
	tb.Helper()
	k, err := private.ECDH()
	if err != nil {
		tb.Fatalf("certtest: %v", err)
	}
	p, err := public.ECDH()
	if err != nil {
		tb.Fatalf("certtest: %v", err)
	}
	z, err := k.ECDH(p)
	if err != nil {
		tb.Fatalf("certtest: %v", err)
	}
	return z
}
