package fingerprint_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"scelle/shared/fingerprint"
)

// TestSum: every length around the ends of blocks, and the examples of FIPS
// 180-4, give what crypto/sha256 gives.
func TestSum(t *testing.T) {
	data := make([]byte, 1000)
	for i := range data {
		data[i] = byte(i * 7)
	}
	for n := range data {
		if got, want := fingerprint.Sum(data[:n]), sha256.Sum256(data[:n]); got != want {
			t.Fatalf("%d bytes: %x, not %x", n, got, want)
		}
	}
	for in, want := range map[string]string{
		"":    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		string(bytes.Repeat([]byte("a"), 1_000_000)): "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
	} {
		if sum := fingerprint.Sum([]byte(in)); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%d bytes: %x", len(in), sum)
		}
	}
}

// FuzzSum is the same for anything.
func FuzzSum(f *testing.F) {
	f.Add([]byte("abc"))
	f.Add(make([]byte, 119))
	f.Fuzz(func(t *testing.T, data []byte) {
		before := bytes.Clone(data)
		if got, want := fingerprint.Sum(data), sha256.Sum256(data); got != want || !bytes.Equal(before, data) {
			t.Fatalf("%x: %x, not %x", data, got, want)
		}
	})
}
