package keystore

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"math/big"
	"testing"

	"scelle/shared/certtest"
)

// TestUnpadSessionKey compares with crypto/rsa over paddings that are right
// and wrong, and messages of every length.
func TestUnpadSessionKey(t *testing.T) {
	k := certtest.RSAKey(t, 2048, 0)
	size := k.Size()
	block := func(head [2]byte, padding byte, zeroAt int, message []byte) []byte {
		b := bytes.Repeat([]byte{padding}, size)
		copy(b, head[:])
		copy(b[size-len(message):], message)
		if zeroAt >= 0 {
			b[zeroAt] = 0
		}
		return b
	}
	message := make([]byte, 32)
	_, _ = rand.Read(message)
	right := [2]byte{0, 2}
	blocks := [][]byte{
		block(right, 9, size-33, message), block(right, 9, -1, message), block([2]byte{1, 2}, 9, size-33, message),
		block([2]byte{0, 1}, 9, size-33, message), block(right, 0, size-33, message), make([]byte, size),
	}
	for at := 0; at < size; at += 9 {
		blocks = append(blocks, block(right, 7, at, nil))
		two := block(right, 7, size-33, message)
		two[at] = 0
		blocks = append(blocks, two)
	}
	opened := 0
	for i, b := range blocks {
		if b[0] != 0 {
			continue // not below the modulus; crypto/rsa never sees it
		}
		for _, n := range []int{0, 16, 32, size - 11, size - 10, size} {
			got, want := bytes.Repeat([]byte{0xEE}, n), bytes.Repeat([]byte{0xEE}, n)
			ciphertext := new(big.Int).Exp(new(big.Int).SetBytes(b), big.NewInt(int64(k.E)), k.N).FillBytes(make([]byte, size))
			//lint:ignore SA1019 the peer of what is tested
			err := rsa.DecryptPKCS1v15SessionKey(nil, k, ciphertext, want)
			UnpadSessionKey(b, got)
			if n > 0 && err == nil && !bytes.Equal(got, want) {
				t.Errorf("block %d, %d bytes: %x, want %x", i, n, got, want)
			}
			if n > 0 && got[0] != 0xEE {
				opened++
			}
		}
	}
	if opened < 3 {
		t.Errorf("%d blocks were opened", opened)
	}
	high := block([2]byte{1, 2}, 9, size-33, message)
	key := make([]byte, 32)
	if UnpadSessionKey(high, key); !bytes.Equal(key, make([]byte, 32)) {
		t.Error("a block that begins with 1 was opened")
	}
}
