//go:build js && wasm

package webcrypto

import (
	"bytes"
	"crypto/sha256"
	"hash"
	"math/rand"
	"testing"

	"scelle/wasm/internal/bridge"
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

// TestWhole: the hashes of SubtleCrypto, by bytes of Go and by chunks.
func TestWhole(t *testing.T) {
	inWorker(t)
	r := rand.New(rand.NewSource(11))
	newHash := NewDigests().Whole(300_000)
	if _, ok := newHash().(*gathered); !ok {
		t.Fatal("the hash is not SubtleCrypto's")
	}
	for _, n := range []int{0, 1, 63, shortMessage - 1, shortMessage, shortMessage + 1, 299_999, 300_000, 300_001, 700_000} {
		data := random(r, n)
		got, again := newHash(), newHash()
		for rest := data; len(rest) > 0; {
			take := min(len(rest), 1+r.Intn(1+n/3))
			piece := rest[:take]
			rest = rest[take:]
			if r.Intn(2) == 0 {
				got.Write(piece)
				again.Write(piece)
				continue
			}
			array, err := bridge.ToJS(piece)
			if err != nil {
				t.Fatal(err)
			}
			c, err := bridge.Wrap(array)
			if err != nil {
				t.Fatal(err)
			}
			if err := Hand(c, Part{Hash: got, Length: take}, Part{Hash: again, Length: take}); err != nil {
				t.Fatal(err)
			}
		}
		want := sha256.Sum256(data)
		if !bytes.Equal(got.Sum([]byte("x")), append([]byte("x"), want[:]...)) || !bytes.Equal(again.Sum(nil), want[:]) || !bytes.Equal(again.Sum(nil), want[:]) {
			t.Errorf("another sum of %d bytes", n)
		}
		got.Reset()
		got.Write([]byte("abc"))
		if abc := sha256.Sum256([]byte("abc")); !bytes.Equal(got.Sum(nil), abc[:]) {
			t.Error("another sum after Reset")
		}
	}
}
