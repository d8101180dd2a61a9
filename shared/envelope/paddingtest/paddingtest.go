// Package paddingtest makes the malformed paddings that an oracle would tell
// apart, for the tests of all places that must not. Only tests import it.
package paddingtest

import (
	"bytes"
	"crypto/rsa"
	"fmt"
	"math/big"
)

// Message is an encoded message of RSAES-PKCS1-v1_5 (RFC 8017 7.2.1), well
// formed or not, as long as the modulus.
type Message struct {
	Name string
	EM   []byte
}

// Good is a well-formed message of k bytes with this key in it. The padding
// is the same each time.
func Good(k int, key []byte) []byte {
	em := bytes.Repeat([]byte{0x5a}, k)
	em[0], em[1], em[k-len(key)-1] = 0, 2, 0
	copy(em[k-len(key):], key)
	return em
}

// PKCS1 returns malformed messages for a modulus of k bytes and a content key
// of 32: a wrong first or second byte, no separator, a separator inside the
// eight bytes of padding, and keys of every wrong length, among them those of
// other algorithms.
func PKCS1(k int) []Message {
	good := func(size int) []byte { return Good(k, bytes.Repeat([]byte{0x5a}, size)) }
	spoiled := func(at int, with byte) []byte {
		em := good(32)
		em[at] = with
		return em
	}
	endless := bytes.Repeat([]byte{0x5a}, k)
	endless[0], endless[1] = 0, 2
	all := []Message{
		{"first byte", spoiled(0, 1)},
		{"block type 0", spoiled(1, 0)},
		{"block type 1", spoiled(1, 1)},
		{"block type 3", spoiled(1, 3)},
		{"no separator", endless},
		{"all zero", make([]byte, k)},
		{"message 1", append(make([]byte, k-1), 1)},
	}
	for at := 2; at < 10; at++ {
		all = append(all, Message{fmt.Sprintf("separator at %d", at), spoiled(at, 0)})
	}
	for _, size := range []int{0, 1, 8, 16, 24, 31, 33, 48, 64} {
		all = append(all, Message{fmt.Sprintf("key of %d bytes", size), good(size)})
	}
	return all
}

// Encrypt is RSAEP (RFC 8017 5.1.1) on an encoded message of any form whose
// value is below the modulus.
func Encrypt(public *rsa.PublicKey, em []byte) []byte {
	m := new(big.Int).SetBytes(em)
	c := m.Exp(m, big.NewInt(int64(public.E)), public.N)
	return c.FillBytes(make([]byte, public.Size()))
}

// CBC returns last blocks of size bytes with a wrong padding (RFC 5652 6.3):
// zero, too long, and each length with one wrong byte in each place.
func CBC(size int) [][]byte {
	var all [][]byte
	for _, pad := range []int{0, size + 1, 0x80, 0xff} {
		all = append(all, bytes.Repeat([]byte{byte(pad)}, size))
	}
	for pad := 2; pad <= size; pad++ {
		for wrong := 0; wrong < pad-1; wrong++ {
			block := append(bytes.Repeat([]byte{0xaa}, size-pad), bytes.Repeat([]byte{byte(pad)}, pad)...)
			block[size-pad+wrong] ^= 1
			all = append(all, block)
		}
	}
	return all
}
