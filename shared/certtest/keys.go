package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"fmt"
	"math/big"
	"sync"
	"testing"
)

// cache holds the RSA keys of this process, by description. Making one takes
// 0.1 to 3 s; nothing else of this package is kept.
var cache sync.Map // string -> func() (*rsa.PrivateKey, error)

func cached(tb testing.TB, name string, generate func() (*rsa.PrivateKey, error)) *rsa.PrivateKey {
	tb.Helper()
	once, _ := cache.LoadOrStore(name, sync.OnceValues(generate))
	key, err := once.(func() (*rsa.PrivateKey, error))()
	if err != nil {
		tb.Fatalf("certtest: %s: %v", name, err)
	}
	return key
}

// RSAKey returns the process's RSA key of this length and number, made when
// first asked for. Do not change it.
func RSAKey(tb testing.TB, bits, number int) *rsa.PrivateKey {
	tb.Helper()
	return cached(tb, fmt.Sprintf("rsa-%d-%d", bits, number), func() (*rsa.PrivateKey, error) {
		return rsa.GenerateKey(rand.Reader, bits)
	})
}

// RSAKeyWithExponent returns the process's RSA key of this length with a
// small odd exponent, which crypto/rsa does not make.
func RSAKeyWithExponent(tb testing.TB, bits, e int) *rsa.PrivateKey {
	tb.Helper()
	return cached(tb, fmt.Sprintf("rsa-%d-e%d", bits, e), func() (*rsa.PrivateKey, error) {
		return generateWithExponent(bits, int64(e))
	})
}

func generateWithExponent(bits int, e int64) (*rsa.PrivateKey, error) {
	for {
		p, err := rand.Prime(rand.Reader, bits/2)
		if err != nil {
			return nil, err
		}
		q, err := rand.Prime(rand.Reader, bits-bits/2)
		if err != nil {
			return nil, err
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		n, d := new(big.Int).Mul(p, q), new(big.Int).ModInverse(big.NewInt(e), phi)
		if d == nil || n.BitLen() != bits || p.Cmp(q) == 0 {
			continue
		}
		key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: int(e)}, D: d, Primes: []*big.Int{p, q}}
		key.Precompute()
		return key, key.Validate()
	}
}

// ECKey makes a fresh EC key.
func ECKey(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		tb.Fatalf("certtest: EC key: %v", err)
	}
	return key
}

// keyID is the customary subject key identifier: SHA-1 of the
// SubjectPublicKeyInfo.
func keyID(tb testing.TB, key crypto.Signer) []byte {
	tb.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		tb.Fatalf("certtest: marshal public key: %v", err)
	}
	id := sha1.Sum(der)
	return id[:]
}
