//go:build js && wasm

package webcrypto

import (
	"context"
	"crypto/sha256"
	"hash"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// Whole makes hashes for messages of about so many bytes that are kept until
// the sum is asked for: SubtleCrypto takes it several times as fast as we do,
// but wants a message at once. They are for small ones; where there is no
// SubtleCrypto they are New's.
func (d *Digests) Whole(bytes int64) func() hash.Hash {
	s, err := newSubtle()
	if err != nil {
		return d.New
	}
	return func() hash.Hash {
		h := &gathered{subtle: s, about: int(bytes)}
		h.Reset()
		return h
	}
}

// gathered is a hash.Hash of SubtleCrypto. Sum ends it: nothing can be written
// after it without Reset. Like digest, it panics rather than give a wrong sum.
type gathered struct {
	subtle subtleCrypto
	about  int          // bytes that a message has which is not short
	room   bridge.Value // Uint8Array of the message, undefined before the first byte
	size   int          // of the room
	length int
	sum    []byte // once it was asked for
}

// shortMessage is how long a message gets before room for all of it is made.
const shortMessage = 64 << 10

// Size is that of a sum, in bytes.
func (h *gathered) Size() int { return sha256.Size }

// BlockSize is that of SHA-256, in bytes.
func (h *gathered) BlockSize() int { return sha256.BlockSize }

// Reset begins anew.
func (h *gathered) Reset() { h.room, h.size, h.length, h.sum = bridge.Undefined(), 0, 0, nil }

// Write adds p.
func (h *gathered) Write(p []byte) (int, error) {
	if len(p) > 0 {
		place, err := h.extend(len(p))
		if err == nil {
			err = bridge.Fill(place, p)
		}
		check(err)
	}
	return len(p), nil
}

// take adds n bytes of c from an offset on.
func (h *gathered) take(c bridge.Chunks, from, n int) error {
	place, err := h.extend(n)
	if err != nil {
		return err
	}
	return c.CopyTo(place, from, n)
}

// extend makes the message n bytes longer and gives the place of these.
func (h *gathered) extend(n int) (bridge.Value, error) {
	if h.sum != nil {
		return h.room, fault.Newf(fault.Internal, "hash written after its sum")
	}
	if need := h.length + n; need > h.size {
		size := max(need, min(2*h.size, shortMessage))
		if need > shortMessage {
			size = max(need, min(h.about, 2*h.size)) // a pli's files are all there at once
		}
		if err := h.move(size); err != nil {
			return h.room, err
		}
	}
	place, err := bridge.Call(h.room, "subarray", h.length, h.length+n)
	h.length += n
	return place, err
}

// move makes a larger room.
func (h *gathered) move(size int) error {
	room, err := bridge.NewBytes(size)
	if err != nil {
		return err
	}
	if h.length > 0 {
		if _, err := bridge.Call(room, "set", h.room); err != nil {
			return err
		}
		bridge.Free(h.room)
	}
	h.room, h.size = room, size
	return nil
}

// Sum appends the sum of what was written, which is gone then.
func (h *gathered) Sum(b []byte) []byte {
	if h.sum == nil {
		sum, err := h.end()
		check(err)
		h.sum = sum
	}
	return append(b, h.sum...)
}

func (h *gathered) end() ([]byte, error) {
	if h.length == 0 {
		empty := sha256.Sum256(nil)
		return empty[:], nil
	}
	message, err := bridge.Call(h.room, "subarray", 0, h.length)
	if err != nil {
		return nil, err
	}
	p, err := bridge.Start(h.subtle.v, fault.Internal, "digest", "SHA-256", message)
	bridge.Free(h.room) // SubtleCrypto has a copy
	h.room, h.size = bridge.Undefined(), 0
	if err != nil {
		return nil, err
	}
	array, err := finish(context.Background(), p)
	if err != nil {
		return nil, err
	}
	return bridge.ToGo(array, sha256.Size)
}
