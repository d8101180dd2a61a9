// Package ghash is the arithmetic of GHASH (NIST SP 800-38D 6.3 and 6.4) that
// lets a one-shot AES-GCM authenticate a stream.
//
// A library that only knows whole messages computes the tag of an empty
// plaintext with a chunk of ciphertext as additional data. That tag is
//
//	(GHASH(chunk) xor lengths) * H xor mask,  mask = E_K(iv || 1)
//
// from which [Key.Chunk] recovers GHASH(chunk), and [Sum] puts chunks
// together: Y = Y * H^n xor GHASH(chunk), n being the chunk's blocks. So every
// byte goes through the library's native code, and what is left are a few
// multiplications for each chunk.
//
// All operations on elements take the same time for all values; exponents
// and lengths are public.
package ghash

import (
	"crypto/subtle"
	"encoding/binary"
)

// BlockSize is the size of an element in bytes.
const BlockSize = 16

// Element is an element of GF(2^128) as GCM writes it: the coefficient of x^0
// is the most significant bit of hi.
type Element struct{ hi, lo uint64 }

// FromBytes reads the first 16 bytes of b; missing ones count as zero.
func FromBytes(b []byte) Element {
	var block [BlockSize]byte
	copy(block[:], b)
	return Element{binary.BigEndian.Uint64(block[:8]), binary.BigEndian.Uint64(block[8:])}
}

// Bytes is the element as one block.
func (a Element) Bytes() [BlockSize]byte {
	var b [BlockSize]byte
	binary.BigEndian.PutUint64(b[:8], a.hi)
	binary.BigEndian.PutUint64(b[8:], a.lo)
	return b
}

// One is the neutral element of Mul.
func One() Element { return Element{hi: 1 << 63} }

// Lengths is the block that ends a GHASH: the lengths, in bytes, of
// additional data and ciphertext, written in bits.
func Lengths(additional, ciphertext uint64) Element {
	return Element{additional * 8, ciphertext * 8}
}

// Add is a + b, which is also a - b.
func (a Element) Add(b Element) Element { return Element{a.hi ^ b.hi, a.lo ^ b.lo} }

// Mul is a * b modulo x^128 + x^7 + x^2 + x + 1, by 128 masked additions:
// neither a branch nor an address depends on the operands.
func (a Element) Mul(b Element) Element {
	var z Element
	for _, word := range [2]uint64{a.hi, a.lo} {
		for range 64 {
			take := -(word >> 63)
			word <<= 1
			z.hi ^= b.hi & take
			z.lo ^= b.lo & take
			reduce := -(b.lo & 1) & (0xe1 << 56)
			b.lo = b.lo>>1 | b.hi<<63
			b.hi = b.hi>>1 ^ reduce
		}
	}
	return z
}

// Pow is a to the power n. n is public.
func (a Element) Pow(n uint64) Element {
	z := One()
	for ; n != 0; n >>= 1 {
		if n&1 != 0 {
			z = z.Mul(a)
		}
		a = a.Mul(a)
	}
	return z
}

// Inverse is a^-1, by Fermat: a^(2^128 - 2). The inverse of 0 is 0.
func (a Element) Inverse() Element {
	z := One()
	for range 127 {
		a = a.Mul(a)
		z = z.Mul(a)
	}
	return z
}

// Hash is GHASH of data under h without a lengths block; data is padded with
// zeros to whole blocks. It is for small inputs: about 128 steps for a block.
func Hash(h Element, data []byte) Element {
	var y Element
	for len(data) > 0 {
		n := min(len(data), BlockSize)
		y = y.Add(FromBytes(data[:n])).Mul(h)
		data = data[n:]
	}
	return y
}

// Blocks is the number of blocks that n bytes fill.
func Blocks(n uint64) uint64 { return n/BlockSize + (n%BlockSize+BlockSize-1)/BlockSize }

// Key is the hash key of one AES key, with what takes a library's tags apart.
type Key struct {
	h, inverse, mask Element
}

// NewKey takes H = E_K(0^128), and mask = E_K(iv || 0x00000001) for the fixed
// 12-byte iv under which the chunks' tags are made; 16 bytes each.
func NewKey(h, mask []byte) *Key {
	e := FromBytes(h)
	return &Key{h: e, inverse: e.Inverse(), mask: FromBytes(mask)}
}

// H is the hash key.
func (k *Key) H() Element { return k.h }

// Chunk returns GHASH(chunk) from the tag of an empty plaintext with the
// chunk, of n bytes, as additional data.
func (k *Key) Chunk(tag []byte, n uint64) Element {
	return FromBytes(tag).Add(k.mask).Mul(k.inverse).Add(Lengths(n, 0))
}

// ChunkUnder returns GHASH(chunk) from the tag of an encryption that gave the
// chunk, of n bytes, as ciphertext, without additional data. mask is E_K(J0)
// of that encryption, 16 bytes.
func (k *Key) ChunkUnder(tag, mask []byte, n uint64) Element {
	return FromBytes(tag).Add(FromBytes(mask)).Mul(k.inverse).Add(Lengths(0, n))
}

// IV returns the 16-byte IV from which AES-GCM makes this J0: NIST SP 800-38D
// 7.1 has J0 = GHASH(IV || 0^64 || 128 as 64 bits) for it. So one call can
// encrypt a chunk in the middle of a message: J0 is the counter block before
// the chunk's first.
func (k *Key) IV(j0 []byte) [BlockSize]byte {
	length := Lengths(0, BlockSize)
	return FromBytes(j0).Mul(k.inverse).Add(length).Mul(k.inverse).Bytes()
}

// Sum adds up the GHASH of a ciphertext that comes in chunks. All chunks but
// the last must have whole blocks.
type Sum struct {
	key   *Key
	y     Element
	bytes uint64
	// The power of H for the chunk length that comes again and again.
	blocks uint64
	power  Element
}

// NewSum starts a ciphertext.
func NewSum(key *Key) *Sum { return &Sum{key: key, power: One()} }

// Add appends a chunk of n bytes whose GHASH is y.
func (s *Sum) Add(y Element, n uint64) {
	if blocks := Blocks(n); blocks != s.blocks {
		s.blocks, s.power = blocks, s.key.h.Pow(blocks)
	}
	s.y = s.y.Mul(s.power).Add(y)
	s.bytes += n
}

// Tag is the GCM tag of the chunks added so far, with aad as additional data.
// mask is E_K(J0), 16 bytes: for a 12-byte nonce E_K(nonce || 0x00000001).
// The sum can go on afterwards.
func (s *Sum) Tag(mask, aad []byte) [BlockSize]byte {
	y := s.y
	if len(aad) > 0 {
		y = y.Add(Hash(s.key.h, aad).Mul(s.key.h.Pow(Blocks(s.bytes))))
	}
	y = y.Add(Lengths(uint64(len(aad)), s.bytes)).Mul(s.key.h)
	return y.Add(FromBytes(mask)).Bytes()
}

// Verify compares the tag with what it should be, in constant time. Only
// 16-byte tags are ever right.
func (s *Sum) Verify(tag, mask, aad []byte) bool {
	want := s.Tag(mask, aad)
	return subtle.ConstantTimeCompare(want[:], tag) == 1
}

// Bytes is the length of the ciphertext so far.
func (s *Sum) Bytes() uint64 { return s.bytes }
