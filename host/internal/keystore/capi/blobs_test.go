package capi

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/binary"
	"math/big"
	"slices"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// decryptRaw is what a provider gives when it does not look at the padding.
func decryptRaw(key *rsa.PrivateKey, ciphertext []byte) []byte {
	m := new(big.Int).Exp(new(big.Int).SetBytes(ciphertext), key.D, key.N)
	return m.FillBytes(make([]byte, key.Size()))
}

// TestUnpadOAEP takes off what crypto/rsa put on, whichever way round the
// block comes, and refuses what is damaged anywhere.
func TestUnpadOAEP(t *testing.T) {
	key := certtest.RSAKey(t, 2048, 0)
	for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		for _, n := range []int{0, 1, 16, 32, key.Size() - 2*hash.Size() - 2} {
			want := make([]byte, n)
			rand.Read(want)
			ciphertext, err := rsa.EncryptOAEP(hash.New(), rand.Reader, &key.PublicKey, want, nil)
			if err != nil {
				t.Fatal(err)
			}
			block := decryptRaw(key, ciphertext)
			turned := slices.Clone(block)
			slices.Reverse(turned)
			for name, b := range map[string][]byte{"big-endian": block, "little-endian": turned} {
				got, ok := unpadOAEP(hash, slices.Clone(b))
				if ok != 1 || !bytes.Equal(got, want) {
					t.Errorf("%v, %d bytes, %s: %x, %d, want %x", hash, n, name, got, ok, want)
				}
			}
			for i := range block {
				bad := slices.Clone(block)
				bad[i] ^= 0x10
				if got, ok := unpadOAEP(hash, bad); ok == 1 && bytes.Equal(got, want) {
					t.Fatalf("%v: byte %d changed nothing", hash, i)
				}
			}
		}
	}
	other, err := rsa.EncryptOAEP(crypto.SHA256.New(), rand.Reader, &key.PublicKey, []byte("x"), []byte("label"))
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string][]byte{
		"a label": decryptRaw(key, other), "zeros": make([]byte, 256), "ones": bytes.Repeat([]byte{1}, 256),
		"too short": make([]byte, 65), "nothing": nil,
	} {
		if got, ok := unpadOAEP(crypto.SHA256, block); ok != 0 {
			t.Errorf("%s: %x", name, got)
		}
	}
}

func TestUnpadOAEPClears(t *testing.T) {
	key := certtest.RSAKey(t, 2048, 0)
	ciphertext, err := rsa.EncryptOAEP(crypto.SHA256.New(), rand.Reader, &key.PublicKey, []byte("secret"), nil)
	if err != nil {
		t.Fatal(err)
	}
	block := decryptRaw(key, ciphertext)
	if _, ok := unpadOAEP(crypto.SHA256, block); ok != 1 || !bytes.Equal(block, make([]byte, len(block))) {
		t.Errorf("ok %d, left %x", ok, block)
	}
}

// TestKeyBlobs reads the blobs' numbers back.
func TestKeyBlobs(t *testing.T) {
	key := certtest.RSAKey(t, 3072, 0)
	cng, legacy := cngRSA(key), must(cryptoAPIRSA(key))
	if got := string(cng[:4]); got != "RSA3" || binary.LittleEndian.Uint32(cng[4:]) != 3072 {
		t.Errorf("CNG blob begins %q", cng[:8])
	}
	want := [][]byte{key.N.Bytes(), key.Primes[0].Bytes(), key.Primes[1].Bytes()}
	at := 24 + 3
	for i, w := range want {
		if !bytes.Equal(cng[at:at+len(w)], w) {
			t.Errorf("CNG number %d differs", i)
		}
		at += len(w)
	}
	if !bytes.HasSuffix(cng, key.D.FillBytes(make([]byte, 384))) || len(cng) != 24+3+2*384+5*192 {
		t.Errorf("CNG blob of %d bytes ends wrongly", len(cng))
	}
	if !bytes.Equal(legacy[:8], []byte{7, 2, 0, 0, 0, 0xa4, 0, 0}) || string(legacy[8:12]) != "RSA2" || len(legacy) != 20+2*384+5*192 {
		t.Errorf("CryptoAPI blob of %d bytes begins %x", len(legacy), legacy[:12])
	}
	modulus := slices.Clone(legacy[20 : 20+384])
	slices.Reverse(modulus)
	if !bytes.Equal(modulus, key.N.Bytes()) {
		t.Error("CryptoAPI modulus differs")
	}
}

// TestUnequalPrimes: CryptoAPI has no room for them, CNG has.
func TestUnequalPrimes(t *testing.T) {
	one, two := must(rand.Prime(rand.Reader, 1088)), must(rand.Prime(rand.Reader, 960))
	totient := new(big.Int).Mul(new(big.Int).Sub(one, big.NewInt(1)), new(big.Int).Sub(two, big.NewInt(1)))
	key := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(one, two), E: 65537}, Primes: []*big.Int{one, two}}
	if key.D = new(big.Int).ModInverse(big.NewInt(65537), totient); key.D == nil {
		t.Skip("65537 divides the totient, which happens once in thousands of years")
	}
	if _, err := cryptoAPIRSA(key); fault.CodeOf(err) != fault.CertificateKeyKind {
		t.Errorf("CryptoAPI blob: %v", err)
	}
}

func TestECBlobs(t *testing.T) {
	for _, c := range []struct {
		curve  elliptic.Curve
		public string
		secret string
		n      int
	}{
		{elliptic.P256(), "ECK1", "ECK2", 32}, {elliptic.P384(), "ECK3", "ECK4", 48}, {elliptic.P521(), "ECK5", "ECK6", 66},
	} {
		key := certtest.ECKey(t, c.curve)
		point, d := must(key.PublicKey.Bytes()), must(key.Bytes())
		secret, public := must(cngEC(key)), must(cngPoint(c.curve, point))
		size := []byte{byte(c.n), 0, 0, 0}
		if want := slices.Concat([]byte(c.secret), size, point[1:], d); !bytes.Equal(secret, want) {
			t.Errorf("%s: private blob %x", c.secret, secret)
		}
		if want := slices.Concat([]byte(c.public), size, point[1:]); !bytes.Equal(public, want) {
			t.Errorf("%s: public blob %x", c.public, public)
		}
		if _, err := cngPoint(c.curve, point[:len(point)-1]); err == nil {
			t.Errorf("%s: a cut point is taken", c.public)
		}
	}
	if _, err := cngEC(certtest.ECKey(t, elliptic.P224())); fault.CodeOf(err) != fault.CertificateKeyKind {
		t.Errorf("P-224: %v", err)
	}
}

func TestURI(t *testing.T) {
	u := keyURI{store: "ScelleTest-1", cert: [32]byte{1, 0xab}}
	if got, err := parseURI(u.String()); err != nil || got != u {
		t.Errorf("%s: %+v, %v", u, got, err)
	}
	sum := strings.Repeat("0", 64)
	for _, bad := range []string{
		"", "capi:", "capi:store=MY", "capi:store=;cert=" + sum, "capi:store=MY;cert=" + sum[1:], "capi:store=MY;cert=" + sum + "0",
		"capi:store=M Y;cert=" + sum, `capi:store=..\x;cert=` + sum, "capi:store=MY;cert=" + strings.Repeat("A", 64),
		"nss:store=MY;cert=" + sum, "capi:store=MY;x=1;cert=" + sum, "capi:store=" + strings.Repeat("x", 65) + ";cert=" + sum,
	} {
		if _, err := parseURI(bad); fault.CodeOf(err) != fault.KeyNotFound {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// must is for what cannot fail in these tests.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
