// Package fingerprint is SHA-256 of what people compare: certificates and their
// keys. It gives what crypto/sha256 gives, whose validated module is a fortieth
// of the extension's main WebAssembly module; this package is for what that
// module links, and for nothing secret. Everything else uses crypto/sha256.
package fingerprint

import (
	"encoding/binary"
	"math/bits"
)

// Size and blockSize are in bytes.
const (
	Size      = 32
	blockSize = 64
)

// Sum is the SHA-256 of data, FIPS 180-4 6.2.
func Sum(data []byte) (sum [Size]byte) {
	state := initial
	rest := data
	for ; len(rest) >= blockSize; rest = rest[blockSize:] {
		compress(&state, rest)
	}
	// The padding: a bit, zeros, and the length in bits.
	var last [2 * blockSize]byte
	last[copy(last[:], rest)] = 0x80
	end := blockSize
	if len(rest) >= blockSize-8 {
		end = 2 * blockSize
	}
	binary.BigEndian.PutUint64(last[end-8:], 8*uint64(len(data)))
	for at := 0; at < end; at += blockSize {
		compress(&state, last[at:])
	}
	for i, word := range state {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}

// compress takes one block in, FIPS 180-4 6.2.2.
func compress(state *[8]uint32, block []byte) {
	var w [64]uint32
	for i := range w {
		if i < 16 {
			w[i] = binary.BigEndian.Uint32(block[4*i:])
			continue
		}
		a, b := w[i-15], w[i-2]
		w[i] = w[i-16] + w[i-7] +
			(right(a, 7) ^ right(a, 18) ^ a>>3) + (right(b, 17) ^ right(b, 19) ^ b>>10)
	}
	v := *state
	for i := range w {
		a, b, c, e, f, g := v[0], v[1], v[2], v[4], v[5], v[6]
		t := v[7] + (right(e, 6) ^ right(e, 11) ^ right(e, 25)) + (e&f ^ ^e&g) + constants[i] + w[i]
		u := (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + (a&b ^ a&c ^ b&c)
		copy(v[1:], v[:7])
		v[0], v[4] = t+u, v[4]+t
	}
	for i := range state {
		state[i] += v[i]
	}
}

func right(x uint32, n int) uint32 { return bits.RotateLeft32(x, -n) }

// InitialState is H(0) of FIPS 180-4 5.3.3.
func InitialState() [8]uint32 { return initial }

// RoundConstants are K of FIPS 180-4 4.2.2.
func RoundConstants() [64]uint32 { return constants }

// initial is the first 32 bits of the fractions of the square roots of the
// first 8 primes, constants those of the cube roots of the first 64.
var initial = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

var constants = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}
