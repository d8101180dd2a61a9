package envelope

import (
	"crypto/subtle"

	"scelle/shared/fault"
)

// PaddingHold removes the padding of RFC 5652 6.3 from blocks that were
// decrypted in CBC mode and come in chunks. It keeps the last block back until
// it is known to be the last, and tells no padding error from another. The
// zero value is ready; it is for ciphers that implement [ContentDecrypter].
type PaddingHold struct {
	held []byte // the block kept back, once there was one
	odd  bool
}

// Odd notes that the ciphertext does not consist of whole blocks: Finish will
// fail, and what came before need not be told.
func (p *PaddingHold) Odd() { p.odd = true }

// IsOdd reports whether Odd was called.
func (p *PaddingHold) IsOdd() bool { return p.odd }

// Release appends the block kept back to dst, before more blocks follow it.
func (p *PaddingHold) Release(dst []byte) []byte {
	dst = append(dst, p.held...)
	clear(p.held)
	p.held = p.held[:0]
	return dst
}

// Keep takes the last block, of size bytes, away from dst and holds it.
func (p *PaddingHold) Keep(dst []byte, size int) []byte {
	p.held = append(p.held[:0], dst[len(dst)-size:]...)
	return dst[:len(dst)-size]
}

// Finish appends the last block without its padding to dst. Every failure is
// fault.EnvelopeUnreadable, after the same time for all paddings of a block.
func (p *PaddingHold) Finish(dst []byte, size int) ([]byte, error) {
	if p.odd || len(p.held) != size {
		return dst, fault.New(fault.EnvelopeUnreadable)
	}
	pad := int(p.held[size-1])
	good := subtle.ConstantTimeLessOrEq(1, pad) & subtle.ConstantTimeLessOrEq(pad, size)
	for i, b := range p.held {
		inPad := subtle.ConstantTimeLessOrEq(size-i, pad)
		good &= subtle.ConstantTimeSelect(inPad, subtle.ConstantTimeByteEq(b, byte(pad)), 1)
	}
	if good != 1 {
		return dst, fault.New(fault.EnvelopeUnreadable)
	}
	return append(dst, p.held[:size-pad]...), nil
}

// Close wipes what is held.
func (p *PaddingHold) Close() { clear(p.held) }
