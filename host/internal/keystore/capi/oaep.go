package capi

import (
	"crypto"
	"crypto/subtle"
	"slices"
)

// unpadOAEP takes the message out of a block that was decrypted without its
// padding being looked at (RFC 8017, 7.1.2 step 3, with an empty label). Which
// way round a provider gives the block is not agreed on, so both are tried.
// ok is 1 or 0; nothing before that depends on which check failed (Manger's
// attack needs no more than that). The block is cleared.
func unpadOAEP(hash crypto.Hash, block []byte) (message []byte, ok int) {
	defer clear(block)
	size := hash.Size()
	if len(block) < 2*size+2 {
		return nil, 0
	}
	turned := slices.Clone(block)
	defer clear(turned)
	slices.Reverse(turned)
	okBlock, okTurned := unmask(hash, block), unmask(hash, turned)
	subtle.ConstantTimeCopy(okTurned, block, turned)
	// The message begins after the first one that follows the label's hash
	// and zeros; unmask has checked that it is there.
	start, looking := 0, 1
	for i := 1 + 2*size; i < len(block); i++ {
		one := subtle.ConstantTimeByteEq(block[i], 1)
		start = subtle.ConstantTimeSelect(looking&one, i+1, start)
		looking &= 1 ^ one
	}
	if ok = okBlock | okTurned; ok == 0 {
		return nil, 0
	}
	return slices.Clone(block[start:]), 1
}

// unmask undoes both masks of EM = 0x00 || maskedSeed || maskedDB in place and
// returns 1 when 0x00, the label's hash, the zeros and the one are right.
func unmask(hash crypto.Hash, em []byte) int {
	size := hash.Size()
	seed, db := em[1:1+size], em[1+size:]
	maskMGF1(hash, seed, db)
	maskMGF1(hash, db, seed)
	label := hash.New().Sum(nil)
	good := subtle.ConstantTimeByteEq(em[0], 0) & subtle.ConstantTimeCompare(label, db[:size])
	looking, strange := 1, 0
	for _, b := range db[size:] {
		zero, one := subtle.ConstantTimeByteEq(b, 0), subtle.ConstantTimeByteEq(b, 1)
		strange |= looking & (1 ^ zero) & (1 ^ one)
		looking &= 1 ^ one
	}
	return good & (1 ^ looking) & (1 ^ strange)
}

// maskMGF1 xors MGF1 of seed (RFC 8017, B.2.1) over out.
func maskMGF1(hash crypto.Hash, out, seed []byte) {
	h := hash.New()
	for counter := uint32(0); len(out) > 0; counter++ {
		h.Reset()
		h.Write(seed)
		h.Write([]byte{byte(counter >> 24), byte(counter >> 16), byte(counter >> 8), byte(counter)})
		mask := h.Sum(nil)
		n := subtle.XORBytes(out, out, mask[:min(len(mask), len(out))])
		clear(mask)
		out = out[n:]
	}
}
