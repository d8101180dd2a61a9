package envelope_test

import (
	"context"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
)

// Identifiers, written out once more on purpose.
const (
	oidData       = "1.2.840.113549.1.7.1"
	oidSigned     = "1.2.840.113549.1.7.2"
	oidEnveloped  = "1.2.840.113549.1.7.3"
	oidAuth       = "1.2.840.113549.1.9.16.1.23"
	oidRSA        = "1.2.840.113549.1.1.1"
	oidOAEP       = "1.2.840.113549.1.1.7"
	oidMGF1       = "1.2.840.113549.1.1.8"
	oidPSpecified = "1.2.840.113549.1.1.9"
	oidSHA256     = "2.16.840.1.101.3.4.2.1"
	oidAES256CBC  = "2.16.840.1.101.3.4.1.42"
	oidAES256OFB  = "2.16.840.1.101.3.4.1.43"
	oidAES256GCM  = "2.16.840.1.101.3.4.1.46"
	oidDES3       = "1.2.840.113549.3.7"
)

// crafted is an envelope made from bytes. Each part is complete DER or BER
// that a test may replace; no writer of ours is involved.
type crafted struct {
	cek, iv    []byte
	kind       []byte   // contentType of the ContentInfo
	version    []byte   //
	recipients [][]byte //
	inner      []byte   // contentType of the content
	algorithm  []byte   //
	content    []byte   // encryptedContent, with its header
	after      [][]byte // what follows EncryptedContentInfo
	ciphertext []byte
	tag        []byte
}

func (c *crafted) bytes() []byte {
	info := der.Seq(c.inner, c.algorithm, c.content)
	parts := append([][]byte{c.version, der.Set(c.recipients...), info}, c.after...)
	return der.Seq(c.kind, der.TLV(0xa0, der.Seq(parts...)))
}

// indefinite is the same message with indefinite lengths wherever BER allows.
func (c *crafted) indefinite() []byte {
	info := der.Indefinite(0x30, c.inner, c.algorithm, c.content)
	parts := append([][]byte{c.version, der.Indefinite(0x31, c.recipients...), info}, c.after...)
	return der.Indefinite(0x30, c.kind, der.Indefinite(0xa0, der.Indefinite(0x30, parts...)))
}

// craftGCM makes an AuthEnvelopedData, AES-256-GCM and RSA-OAEP-SHA-256.
func craftGCM(t testing.TB, pair *certtest.Pair, plaintext []byte) *crafted {
	t.Helper()
	c := &crafted{cek: random(32), iv: random(12)}
	sealed := gcm(t, c.cek).Seal(nil, c.iv, plaintext, nil)
	c.ciphertext, c.tag = sealed[:len(plaintext)], sealed[len(plaintext):]
	c.kind, c.version, c.inner = der.OID(oidAuth), der.Int(0), der.OID(oidData)
	c.recipients = [][]byte{keyTrans(issuerAndSerial(t, pair), oaepSHA256(), oaep(t, pair, c.cek))}
	c.algorithm = der.Algorithm(oidAES256GCM, der.Seq(der.Octets(c.iv), der.Int(16)))
	c.content = der.TLV(0x80, c.ciphertext)
	c.after = [][]byte{der.Octets(c.tag)}
	return c
}

// craftCBC makes an EnvelopedData, AES-256-CBC and RSA PKCS#1 v1.5.
func craftCBC(t testing.TB, pair *certtest.Pair, plaintext []byte) *crafted {
	t.Helper()
	c := &crafted{cek: random(32), iv: random(16)}
	k := envelope.ContentKey{Algorithm: envelope.AES256CBC, Key: c.cek, IV: c.iv}
	c.ciphertext, _ = reference(t, k, plaintext)
	c.kind, c.version, c.inner = der.OID(oidEnveloped), der.Int(0), der.OID(oidData)
	c.recipients = [][]byte{keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), pkcs1(t, pair, c.cek))}
	c.algorithm = der.Algorithm(oidAES256CBC, der.Octets(c.iv))
	c.content = der.TLV(0x80, c.ciphertext)
	return c
}

func gcm(t testing.TB, key []byte) cipher.AEAD {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return aead
}

func keyTrans(rid, algorithm, encryptedKey []byte) []byte {
	version := der.Int(0)
	if rid[0] != 0x30 {
		version = der.Int(2)
	}
	return der.Seq(version, rid, algorithm, der.Octets(encryptedKey))
}

func certificate(t testing.TB, pair *certtest.Pair) *keypair.Certificate {
	t.Helper()
	c, err := keypair.Parse(pair.DER)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func issuerAndSerial(t testing.TB, pair *certtest.Pair) []byte {
	c := certificate(t, pair)
	return der.Seq(c.IssuerRaw, der.TLV(2, c.SerialRaw))
}

func oaepSHA256() []byte {
	hash := der.Algorithm(oidSHA256, der.Null())
	return der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa0, hash), der.TLV(0xa1, der.Algorithm(oidMGF1, hash))))
}

func oaep(t testing.TB, pair *certtest.Pair, cek []byte) []byte {
	t.Helper()
	b, err := rsa.EncryptOAEP(sha256.New(), rand.Reader, &pair.Key.(*rsa.PrivateKey).PublicKey, cek, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// pkcs1 is RSAES-PKCS1-v1_5 by hand, so that tests can also do it wrong.
func pkcs1(t testing.TB, pair *certtest.Pair, cek []byte) []byte {
	t.Helper()
	k := pair.Key.(*rsa.PrivateKey).Size()
	em := make([]byte, k)
	for i := range em {
		em[i] = 0x5a
	}
	em[0], em[1], em[k-len(cek)-1] = 0, 2, 0
	copy(em[k-len(cek):], cek)
	return rawRSA(t, pair, em)
}

// rawRSA is RSAEP on an encoded message of any form below the modulus.
func rawRSA(t testing.TB, pair *certtest.Pair, em []byte) []byte {
	t.Helper()
	public := &pair.Key.(*rsa.PrivateKey).PublicKey
	m := new(big.Int).SetBytes(em)
	if m.Cmp(public.N) >= 0 {
		t.Fatal("encoded message above the modulus")
	}
	c := m.Exp(m, big.NewInt(int64(public.E)), public.N)
	return c.FillBytes(make([]byte, public.Size()))
}

// counted is a PrivateKey that counts what is asked of it.
type counted struct {
	key        crypto.PrivateKey
	operations int
	decrypt    func(m envelope.Mechanism, ciphertext []byte) ([]byte, error)
	agree      func(point []byte) ([]byte, error)
}

// Public is the public key.
func (c *counted) Public() crypto.PublicKey { return c.key.(crypto.Signer).Public() }

// Decrypt counts and does what the test wants.
func (c *counted) Decrypt(_ context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	c.operations++
	return c.decrypt(m, ciphertext)
}

// Agree counts and does what the test wants.
func (c *counted) Agree(_ context.Context, point []byte) ([]byte, error) {
	c.operations++
	return c.agree(point)
}

func recipientInfo(t testing.TB, raw []byte) *cms.RecipientInfo {
	t.Helper()
	info, err := cms.ParseRecipientInfo(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &info
}

func algorithm(t testing.TB, raw []byte) cms.AlgorithmIdentifier {
	t.Helper()
	a, err := cms.ParseAlgorithm(raw)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
