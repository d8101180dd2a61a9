package keystore

import (
	"crypto"
	"crypto/subtle"
	"slices"
)

// UnpadOAEP takes the message out of a block, as long as the modulus, that a
// store decrypted without looking at its padding (RFC 8017, 7.1.2 step 3, with
// an empty label), for stores that know OAEP with SHA-1 only. ok is 1 or 0, and nothing before
// that depends on which check failed (Manger's attack needs no more than
// that). The block is cleared.
func UnpadOAEP(hash crypto.Hash, block []byte) (message []byte, ok int) {
	defer clear(block)
	size := hash.Size()
	if len(block) < 2*size+2 {
		return nil, 0
	}
	seed, db := block[1:1+size], block[1+size:]
	xorMGF1(hash, seed, db)
	xorMGF1(hash, db, seed)
	label := hash.New().Sum(nil)
	ok = subtle.ConstantTimeByteEq(block[0], 0) & subtle.ConstantTimeCompare(label, db[:size])
	// The message begins after the first one that follows zeros.
	start, looking := 0, 1
	for i := size; i < len(db); i++ {
		zero, one := subtle.ConstantTimeByteEq(db[i], 0), subtle.ConstantTimeByteEq(db[i], 1)
		ok &= 1 ^ looking&(1^zero)&(1^one)
		start = subtle.ConstantTimeSelect(looking&one, i+1, start)
		looking &= 1 ^ one
	}
	if ok &= 1 ^ looking; ok == 0 {
		return nil, 0
	}
	return slices.Clone(db[start:]), 1
}

// xorMGF1 xors MGF1 of seed (RFC 8017, B.2.1) over out.
func xorMGF1(hash crypto.Hash, out, seed []byte) {
	h := hash.New()
	for counter := byte(0); len(out) > 0; counter++ { // at most 2048/20 blocks
		h.Reset()
		h.Write(seed)
		h.Write([]byte{0, 0, 0, counter})
		mask := h.Sum(nil)
		n := subtle.XORBytes(out, out, mask[:min(len(mask), len(out))])
		clear(mask)
		out = out[n:]
	}
}
