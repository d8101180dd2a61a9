//go:build js && wasm

package webcrypto

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"scelle/shared/fingerprint"
	"scelle/wasm/internal/bridge"
)

// Digests makes SHA-256 hashes that run two to three times as fast as Go's in
// WebAssembly. They share one small WebAssembly instance, so that there may be
// any number of them; each keeps its own state.
type Digests struct {
	exports bridge.Value
	state   bridge.Value // Uint8Array over the instance's state
	input   bridge.Value // Uint8Array over its room for blocks
	ok      bool
	beside  *digestWorker // nil until a message is worth it
}

// NewDigests makes the instance. Where that is not possible (a document's main
// thread may refuse, and a policy may forbid it) the hashes are Go's.
func NewDigests() *Digests {
	d := &Digests{}
	d.ok = d.instantiate() == nil
	return d
}

func (d *Digests) instantiate() error {
	var err error
	if d.exports, err = instance(digestModule()); err != nil {
		return err
	}
	buffer, err := bridge.Get(d.exports, "m", "buffer")
	if err != nil {
		return err
	}
	if d.state, err = bridge.New("Uint8Array", buffer, stateAt, sha256.Size); err != nil {
		return err
	}
	d.input, err = bridge.New("Uint8Array", buffer, inputAt, inputMax)
	return err
}

// New makes a hash.
func (d *Digests) New() hash.Hash {
	if !d.ok {
		return sha256.New()
	}
	h := &digest{engine: d}
	h.Reset()
	return h
}

// compress runs the instance over whole blocks, at most inputMax bytes of them.
func (d *Digests) compress(state *[sha256.Size]byte, blocks []byte) error {
	room, err := bridge.Call(d.input, "subarray", 0, len(blocks))
	if err != nil {
		return err
	}
	if err := bridge.Fill(room, blocks); err != nil {
		return err
	}
	if err := bridge.Fill(d.state, state[:]); err != nil {
		return err
	}
	if _, err := bridge.Call(d.exports, "f", inputAt, len(blocks)/sha256.BlockSize); err != nil {
		return err
	}
	return bridge.Read(state[:], d.state)
}

// digest is a hash.Hash. The instance cannot fail once it was made, short of a
// mistake in this package: then the hash panics, and a guard of package bridge
// makes that fault.Internal rather than a wrong fingerprint.
type digest struct {
	engine *Digests
	state  [sha256.Size]byte // eight words, little endian
	rest   []byte            // less than a block
	length uint64            // bytes
}

// Size is that of a sum, in bytes.
func (h *digest) Size() int { return sha256.Size }

// BlockSize is that of SHA-256, in bytes.
func (h *digest) BlockSize() int { return sha256.BlockSize }

// Reset begins anew.
func (h *digest) Reset() {
	h.rest, h.length = h.rest[:0], 0
	for i, v := range fingerprint.InitialState() {
		binary.LittleEndian.PutUint32(h.state[4*i:], v)
	}
}

// Write adds p. It never fails.
func (h *digest) Write(p []byte) (int, error) {
	n := len(p)
	h.length += uint64(n)
	if len(h.rest) > 0 {
		take := min(len(p), sha256.BlockSize-len(h.rest))
		h.rest = append(h.rest, p[:take]...)
		p = p[take:]
		if len(h.rest) < sha256.BlockSize {
			return n, nil
		}
		h.compress(h.rest)
		h.rest = h.rest[:0]
	}
	for len(p) >= sha256.BlockSize {
		take := min(len(p)&^(sha256.BlockSize-1), inputMax)
		h.compress(p[:take])
		p = p[take:]
	}
	h.rest = append(h.rest, p...)
	return n, nil
}

func (h *digest) compress(blocks []byte) {
	if err := h.engine.compress(&h.state, blocks); err != nil {
		panic(err)
	}
}

// Sum appends the sum of what was written; writing can go on.
func (h *digest) Sum(b []byte) []byte {
	end := digest{engine: h.engine, state: h.state}
	end.compress(padded(append([]byte(nil), h.rest...), h.length))
	for i := range 8 {
		b = binary.BigEndian.AppendUint32(b, binary.LittleEndian.Uint32(end.state[4*i:]))
	}
	return b
}
