//go:build js && wasm

package webcrypto

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"math/rand"
	"testing"
)

func newDigest(t testing.TB) hash.Hash {
	h, ok := NewDigests().New().(*digest)
	if !ok {
		t.Fatal("the hash is Go's own")
	}
	return h
}

// TestDigest compares with Go's SHA-256, for lengths around blocks and around
// the room in the instance's memory.
func TestDigest(t *testing.T) {
	r := rand.New(rand.NewSource(9))
	lengths := []int{inputMax - 1, inputMax, inputMax + 1, 2*inputMax + 65}
	for n := range 300 {
		lengths = append(lengths, n)
	}
	h := newDigest(t)
	for _, n := range lengths {
		data := random(r, n)
		h.Reset()
		h.Write(data)
		if want := sha256.Sum256(data); !bytes.Equal(h.Sum(nil), want[:]) {
			t.Fatalf("another sum of %d bytes", n)
		}
	}
	if h.Size() != 32 || h.BlockSize() != 64 {
		t.Error("sizes")
	}
}

// TestDigestPieces writes in pieces of any length, with sums in between.
func TestDigestPieces(t *testing.T) {
	r := rand.New(rand.NewSource(10))
	digests := NewDigests()
	h, other, want := digests.New(), digests.New(), sha256.New()
	for range 400 {
		piece := random(r, r.Intn(300))
		if r.Intn(40) == 0 {
			piece = random(r, r.Intn(2*inputMax))
		}
		h.Write(piece)
		want.Write(piece)
		other.Write([]byte("another hash has its own state"))
		if r.Intn(4) == 0 && !bytes.Equal(h.Sum([]byte("x")), want.Sum([]byte("x"))) {
			t.Fatal("another sum")
		}
	}
	if !bytes.Equal(h.Sum(nil), want.Sum(nil)) {
		t.Error("another sum at the end")
	}
}

func BenchmarkDigest(b *testing.B)   { benchmarkHash(b, newDigest(b)) }
func BenchmarkGoDigest(b *testing.B) { benchmarkHash(b, sha256.New()) }

func benchmarkHash(b *testing.B, h hash.Hash) {
	data := make([]byte, 512<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		h.Write(data)
	}
}
