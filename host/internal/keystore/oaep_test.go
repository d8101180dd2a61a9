package keystore

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1" // hashes of the table
	_ "crypto/sha256"
	_ "crypto/sha512"
	"math/big"
	"testing"

	"scelle/shared/certtest"
)

// TestUnpadOAEP agrees with Go's own decryption, on what Go encrypted and on
// blocks that are wrong in every place where they can be.
func TestUnpadOAEP(t *testing.T) {
	key := certtest.RSAKey(t, 2048, 0)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		for _, size := range []int{0, 1, 32, 256 - 2*hash.Size() - 2} {
			want := make([]byte, size)
			rand.Read(want)
			sealed, err := rsa.EncryptOAEP(hash.New(), rand.Reader, &key.PublicKey, want, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := UnpadOAEP(hash, rawRSA(key, sealed))
			if ok != 1 || !bytes.Equal(got, want) {
				t.Errorf("%v, %d bytes: %x, %d", hash, size, got, ok)
			}
		}
	}
}

// rawRSA is what CKM_RSA_X_509 gives.
func rawRSA(key *rsa.PrivateKey, ciphertext []byte) []byte {
	m := new(big.Int).Exp(new(big.Int).SetBytes(ciphertext), key.D, key.N)
	return m.FillBytes(make([]byte, key.Size()))
}

// TestUnpadOAEPRefuses what RFC 8017, 7.1.2 step 3g, does.
func TestUnpadOAEPRefuses(t *testing.T) {
	const hash, size, n = crypto.SHA256, 32, 256
	label := hash.New().Sum(nil)
	block := func(first byte, edit func(db []byte)) []byte {
		em := make([]byte, n)
		em[0] = first
		rand.Read(em[1 : 1+size])
		db := em[1+size:]
		copy(db, label)
		db[100] = 1
		edit(db)
		xorMGF1(hash, db, em[1:1+size])
		xorMGF1(hash, em[1:1+size], db)
		return em
	}
	if m, ok := UnpadOAEP(hash, block(0, func([]byte) {})); ok != 1 || len(m) != n-1-size-101 {
		t.Fatalf("a good block: %d bytes, %d", len(m), ok)
	}
	for name, bad := range map[string][]byte{
		"first byte":          block(1, func([]byte) {}),
		"label":               block(0, func(db []byte) { db[size-1] ^= 0x80 }),
		"two before the one":  block(0, func(db []byte) { db[50] = 2 }),
		"no one":              block(0, func(db []byte) { db[100] = 0 }),
		"another than one":    block(0, func(db []byte) { db[100] = 3 }),
		"first byte and rest": block(7, func(db []byte) { clear(db) }),
		"short":               make([]byte, 2*size+1),
		"empty":               nil,
	} {
		if m, ok := UnpadOAEP(hash, bad); ok != 0 || m != nil {
			t.Errorf("%s: %x, %d", name, m, ok)
		}
		if !bytes.Equal(bad, make([]byte, len(bad))) {
			t.Errorf("%s: the block was not cleared", name)
		}
	}
}
