package envelope

import (
	"crypto/aes"
	"crypto/subtle"
	"encoding/binary"

	"scelle/shared/fault"
)

// wrapIV is the integrity value of RFC 3394 2.2.3.1.
const wrapIV = 0xa6a6a6a6a6a6a6a6

// wrapAES wraps key under kek as in RFC 3394 2.2.1. The key's length must be
// a multiple of 8 bytes, at least 16.
func wrapAES(kek, key []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(key)%8 != 0 || len(key) < 16 {
		return nil, fault.Newf(fault.Internal, "key of %d bytes", len(key))
	}
	out := make([]byte, 8+len(key))
	copy(out[8:], key)
	var b [16]byte
	defer clear(b[:])
	binary.BigEndian.PutUint64(b[:8], wrapIV)
	n := len(key) / 8
	for t := 1; t <= 6*n; t++ {
		register := out[8+8*((t-1)%n):][:8]
		copy(b[8:], register)
		block.Encrypt(b[:], b[:])
		copy(register, b[8:])
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t))
	}
	copy(out, b[:8])
	return out, nil
}

// unwrapAES reverses wrapAES (RFC 3394 2.2.2). Every failure is
// fault.EnvelopeUnreadable.
func unwrapAES(kek, wrapped []byte) ([]byte, error) {
	block, err := aes.NewCipher(kek)
	if err != nil || len(wrapped)%8 != 0 || len(wrapped) < 24 || len(wrapped) > 8+maxKeySize {
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	key := append([]byte(nil), wrapped[8:]...)
	var b [16]byte
	defer clear(b[:])
	copy(b[:8], wrapped)
	n := len(key) / 8
	for t := 6 * n; t >= 1; t-- {
		register := key[8*((t-1)%n):][:8]
		binary.BigEndian.PutUint64(b[:8], binary.BigEndian.Uint64(b[:8])^uint64(t))
		copy(b[8:], register)
		block.Decrypt(b[:], b[:])
		copy(register, b[8:])
	}
	var want [8]byte
	binary.BigEndian.PutUint64(want[:], wrapIV)
	if subtle.ConstantTimeCompare(b[:8], want[:]) != 1 {
		clear(key)
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	return key, nil
}
