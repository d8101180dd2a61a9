package ghash_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"math/rand/v2"
	"testing"

	"scelle/shared/envelope/ghash"
)

// seeded returns n bytes that depend on seed only.
func seeded(seed, n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	r.Read(b)
	return b
}

func element(seed int) ghash.Element { return ghash.FromBytes(seeded(seed, 16)) }

// slow is a multiplication straight from NIST SP 800-38D 6.3, with branches
// and bits one by one, as a second opinion.
func slow(a, b ghash.Element) ghash.Element {
	x, v := a.Bytes(), b.Bytes()
	var z [16]byte
	for i := range 128 {
		if x[i/8]>>(7-i%8)&1 == 1 {
			for j := range z {
				z[j] ^= v[j]
			}
		}
		carry := byte(0)
		for j := range v {
			v[j], carry = v[j]>>1|carry<<7, v[j]&1
		}
		if carry == 1 {
			v[0] ^= 0xe1
		}
	}
	return ghash.FromBytes(z[:])
}

func TestField(t *testing.T) {
	one, zero := ghash.One(), ghash.Element{}
	for i := range 300 {
		a, b, c := element(3*i), element(3*i+1), element(3*i+2)
		if a.Mul(b) != slow(a, b) || a.Mul(b) != b.Mul(a) {
			t.Fatalf("%v * %v", a, b)
		}
		if a.Mul(b).Mul(c) != a.Mul(b.Mul(c)) || a.Mul(b.Add(c)) != a.Mul(b).Add(a.Mul(c)) {
			t.Fatal("associative and distributive laws")
		}
		if a.Mul(one) != a || a.Mul(zero) != zero || a.Mul(a.Inverse()) != one {
			t.Fatal("one, zero, inverse")
		}
		if ghash.FromBytes(bytesOf(a)) != a {
			t.Fatal("bytes")
		}
	}
	if zero.Inverse() != zero {
		t.Fatal("the inverse of zero is zero here")
	}
	a, power := element(7), one
	for n := uint64(0); n < 70; n++ {
		if a.Pow(n) != power {
			t.Fatalf("power %d", n)
		}
		power = power.Mul(a)
	}
}

func bytesOf(a ghash.Element) []byte { b := a.Bytes(); return b[:] }

// library is AES-GCM of the standard library with what package ghash needs
// of it.
type library struct {
	block cipher.Block
	aead  cipher.AEAD
	key   *ghash.Key
}

func newLibrary(t testing.TB, key []byte) library {
	t.Helper()
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return library{block, aead, ghash.NewKey(encrypt(block, make([]byte, 16)), encrypt(block, append(make([]byte, 15), 1)))}
}

func encrypt(block cipher.Block, b []byte) []byte {
	out := make([]byte, 16)
	block.Encrypt(out, b)
	return out
}

// chunk returns the tag of an empty plaintext with b as additional data.
func (l library) chunk(b []byte) []byte { return l.aead.Seal(nil, make([]byte, 12), nil, b) }

// check seals plaintext with the standard library and puts its tag together
// from chunks.
func (l library) check(t testing.TB, nonce, plaintext, aad []byte, size int) {
	t.Helper()
	sealed := l.aead.Seal(nil, nonce, plaintext, aad)
	ciphertext, tag := sealed[:len(plaintext)], sealed[len(plaintext):]
	sum := ghash.NewSum(l.key)
	for rest := ciphertext; len(rest) > 0; {
		n := min(size, len(rest))
		y := l.key.Chunk(l.chunk(rest[:n]), uint64(n))
		if y != ghash.Hash(l.key.H(), rest[:n]) {
			t.Fatalf("GHASH of a chunk of %d bytes", n)
		}
		sum.Add(y, uint64(n))
		rest = rest[n:]
	}
	mask := encrypt(l.block, append(append([]byte{}, nonce...), 0, 0, 0, 1))
	if got := sum.Tag(mask, aad); !bytes.Equal(got[:], tag) {
		t.Fatalf("tag of %d bytes in chunks of %d with %d bytes of aad", len(plaintext), size, len(aad))
	}
	if !sum.Verify(tag, mask, aad) || sum.Bytes() != uint64(len(plaintext)) {
		t.Fatal("Verify refuses the right tag")
	}
	for i := range tag {
		wrong := append([]byte{}, tag...)
		wrong[i] ^= 1 << (i % 8)
		if sum.Verify(wrong, mask, aad) || sum.Verify(tag[:i], mask, aad) {
			t.Fatal("Verify takes a wrong tag")
		}
	}
}

func TestAgainstStandardLibrary(t *testing.T) {
	for i, size := range []int{0, 1, 15, 16, 17, 31, 32, 33, 160, 1000, 4097} {
		for _, chunk := range []int{16, 32, 48, 160, 1024, 8192} {
			for _, aad := range []int{0, 1, 16, 100} {
				l := newLibrary(t, seeded(i, []int{16, 24, 32}[i%3]))
				l.check(t, seeded(i+1, 12), seeded(i+2, size), seeded(i+3, aad), chunk)
			}
		}
	}
}

func TestBlocks(t *testing.T) {
	for n, want := range map[uint64]uint64{0: 0, 1: 1, 15: 1, 16: 1, 17: 2, 1<<64 - 1: 1 << 60} {
		if got := ghash.Blocks(n); got != want {
			t.Errorf("Blocks(%d) = %d", n, got)
		}
	}
}

func FuzzTag(f *testing.F) {
	f.Add([]byte("0123456789abcdef"), []byte("nonce of 12 "), []byte("plaintext"), []byte("aad"), uint8(1))
	f.Add(make([]byte, 32), make([]byte, 12), make([]byte, 100), []byte{}, uint8(3))
	f.Fuzz(func(t *testing.T, key, nonce, plaintext, aad []byte, blocks uint8) {
		if l := len(key); l != 16 && l != 24 && l != 32 || len(nonce) != 12 {
			t.Skip()
		}
		newLibrary(t, key).check(t, nonce, plaintext, aad, 16*(int(blocks)+1))
	})
}

func FuzzMul(f *testing.F) {
	f.Add(make([]byte, 16), seeded(1, 16))
	f.Add(bytes.Repeat([]byte{0xff}, 16), seeded(2, 16))
	f.Fuzz(func(t *testing.T, x, y []byte) {
		a, b := ghash.FromBytes(x), ghash.FromBytes(y)
		if a.Mul(b) != slow(a, b) {
			t.Fatalf("%x * %x", x, y)
		}
		if a != (ghash.Element{}) && a.Mul(a.Inverse()) != ghash.One() {
			t.Fatalf("inverse of %x", x)
		}
	})
}

// The tag of a message whose two halves a library hashed on their own.
func ExampleSum() {
	block, _ := aes.NewCipher(make([]byte, 16))
	aead, _ := cipher.NewGCM(block)
	nonce := make([]byte, 12)
	sealed := aead.Seal(nil, nonce, []byte("thirty-two bytes make two blocks"), nil)

	h, mask := make([]byte, 16), make([]byte, 16)
	block.Encrypt(h, h)
	mask[15] = 1
	block.Encrypt(mask, mask)
	key := ghash.NewKey(h, mask)
	sum := ghash.NewSum(key)
	for _, half := range [][]byte{sealed[:16], sealed[16:32]} {
		tag := aead.Seal(nil, nonce, nil, half)
		sum.Add(key.Chunk(tag, 16), 16)
	}
	fmt.Println(sum.Verify(sealed[32:], mask, nil))
	// Output: true
}

func BenchmarkMul(b *testing.B) {
	x, y := element(1), element(2)
	for b.Loop() {
		x = x.Mul(y)
	}
}

// TestOneCall encrypts a message chunk by chunk with the standard library's
// whole AES-GCM, each chunk under the IV that continues the counter, and
// compares ciphertext and tag with one call for all of it.
func TestOneCall(t *testing.T) {
	block, err := aes.NewCipher(seeded(1, 32))
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := cipher.NewGCM(block)
	long, _ := cipher.NewGCMWithNonceSize(block, 16)
	nonce, plain := seeded(2, 12), seeded(3, 5*64+7)
	want := whole.Seal(nil, nonce, plain, nil)
	encrypted := func(b []byte) []byte {
		out := make([]byte, 16)
		block.Encrypt(out, b)
		return out
	}
	key := ghash.NewKey(encrypted(make([]byte, 16)), make([]byte, 16))
	sum := ghash.NewSum(key)
	var got []byte
	for len(plain) > 0 {
		n := min(len(plain), 64)
		j0 := append(bytes.Clone(nonce), 0, 0, 0, byte(1+len(got)/16))
		iv := key.IV(j0)
		sealed := long.Seal(nil, iv[:], plain[:n], nil)
		got = append(got, sealed[:n]...)
		sum.Add(key.ChunkUnder(sealed[n:], encrypted(j0), uint64(n)), uint64(n))
		plain = plain[n:]
	}
	tag := sum.Tag(encrypted(append(bytes.Clone(nonce), 0, 0, 0, 1)), nil)
	if !bytes.Equal(append(got, tag[:]...), want) {
		t.Error("another ciphertext or tag than in one call")
	}
}
