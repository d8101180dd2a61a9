//go:build js && wasm

package webcrypto

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// WorthWorker is from how many bytes on hashes go to a Worker of their own:
// starting it costs as much as hashing this much.
const WorthWorker = 4 << 20

// maxAhead is how many pieces may be on their way to the digest worker, so
// that the memory stays bounded when it is the slower one.
const maxAhead = 16

// digestWorker is the other side of digest-worker.js.
type digestWorker struct {
	worker  *bridge.Worker
	ready   chan struct{}
	broken  chan struct{}  // closed when the worker cannot go on
	permits chan struct{}  // one for each piece that may be sent
	spare   []bridge.Value // array buffers that came back
	waiting map[int]chan bridge.Value
	last    int
}

// For makes hashes for about so many bytes: those of the digest worker when it
// is worth while and there is one, else New's. The end of the context, or an
// error of the worker while it starts, gives New's too.
func (d *Digests) For(ctx context.Context, bytes int64) func() hash.Hash {
	if bytes < WorthWorker {
		return d.New
	}
	if d.beside == nil {
		w, err := startDigestWorker()
		if err != nil {
			return d.New
		}
		d.beside = w
	}
	select {
	case <-d.beside.ready:
		return d.beside.newHash
	case <-d.beside.broken:
	case <-ctx.Done():
	}
	return d.New
}

// startDigestWorker starts the script that crypto-worker.js names.
func startDigestWorker() (*digestWorker, error) {
	seam, ok := bridge.Lookup("scelleWorker")
	if !ok {
		return nil, fault.Newf(fault.Internal, "no crypto-worker.js")
	}
	target, err := bridge.Call(seam, "digests")
	if err != nil {
		return nil, err
	}
	w := &digestWorker{
		ready: make(chan struct{}), broken: make(chan struct{}),
		permits: make(chan struct{}, maxAhead), waiting: map[int]chan bridge.Value{},
	}
	for range maxAhead {
		w.permits <- struct{}{}
	}
	if w.worker, err = bridge.TakeWorker(target, func(error) { w.fail() }); err != nil {
		return nil, err
	}
	if err := w.worker.Listen(w.receive); err != nil {
		return nil, err
	}
	module, err := bridge.ToJS(lanesModule())
	if err != nil {
		return nil, err
	}
	return w, w.worker.Post(map[string]any{"module": module, "input": lanesAt, "room": laneSize})
}

func (w *digestWorker) fail() {
	select {
	case <-w.broken:
	default:
		close(w.broken)
	}
}

// receive takes {ready}, {free} and {id, state}.
func (w *digestWorker) receive(data bridge.Value) {
	if buffer, err := bridge.Get(data, "free"); err == nil && bridge.Present(buffer) {
		w.spare = append(w.spare, buffer)
		w.permits <- struct{}{}
		return
	}
	if bridge.Bool(data, "ready") {
		close(w.ready)
		return
	}
	if state, err := bridge.Get(data, "state"); err == nil {
		if waiting := w.waiting[int(bridge.Number(data, "id"))]; waiting != nil {
			waiting <- state
		}
	}
}

func (w *digestWorker) newHash() hash.Hash {
	h := &remoteDigest{worker: w}
	h.Reset()
	return h
}

// remoteDigest is a hash.Hash of the digest worker. Pieces are put together
// in a JavaScript array, which moves to the worker when it is full. Sum ends
// it: nothing can be written after it without Reset. Like digest, it panics
// rather than give a wrong sum.
type remoteDigest struct {
	worker *digestWorker
	id     int
	piece  bridge.Value // Uint8Array of inputMax bytes, undefined between pieces
	used   int          // bytes in it
	length uint64       // bytes in all
	sum    []byte       // once it was asked for
}

// Size is that of a sum, in bytes.
func (h *remoteDigest) Size() int { return sha256.Size }

// BlockSize is that of SHA-256, in bytes.
func (h *remoteDigest) BlockSize() int { return sha256.BlockSize }

// Reset begins anew.
func (h *remoteDigest) Reset() {
	h.worker.last++
	h.id, h.piece, h.used, h.length, h.sum = h.worker.last, bridge.Undefined(), 0, 0, nil
}

// Write adds p. It waits when the worker is far behind.
func (h *remoteDigest) Write(p []byte) (int, error) {
	if h.sum != nil {
		panic(fault.Newf(fault.Internal, "hash written after its sum"))
	}
	n := len(p)
	h.length += uint64(n)
	for len(p) > 0 {
		if h.used == 0 {
			check(h.borrow())
		}
		take := min(len(p), inputMax-h.used)
		part, err := bridge.Call(h.piece, "subarray", h.used, h.used+take)
		check(err)
		check(bridge.Fill(part, p[:take]))
		p = p[take:]
		if h.used += take; h.used == inputMax {
			check(h.send())
		}
	}
	return n, nil
}

// check ends the hash where its own engine fails.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// borrow takes a buffer that the worker gave back, or makes one.
func (h *remoteDigest) borrow() (err error) {
	w := h.worker
	if n := len(w.spare); n > 0 {
		h.piece, err = bridge.View(w.spare[n-1])
		w.spare = w.spare[:n-1]
		return err
	}
	h.piece, err = bridge.NewBytes(inputMax)
	return err
}

// send moves the full piece to the worker. A hash that is given up holds
// nothing that another one waits for: what was sent always comes back.
func (h *remoteDigest) send() error {
	select {
	case <-h.worker.permits:
	case <-h.worker.broken:
		return fault.Newf(fault.Internal, "digest worker")
	}
	buffer, err := bridge.Get(h.piece, "buffer")
	if err != nil {
		return err
	}
	h.piece, h.used = bridge.Undefined(), 0
	return h.worker.worker.Post(map[string]any{"id": h.id, "blocks": inputMax / sha256.BlockSize, "bytes": buffer}, buffer)
}

// Sum appends the sum of what was written.
func (h *remoteDigest) Sum(b []byte) []byte {
	if h.sum == nil {
		check(h.end())
	}
	return append(b, h.sum...)
}

// end sends the rest with its padding and waits for the state.
func (h *remoteDigest) end() error {
	rest := make([]byte, h.used, h.used+2*sha256.BlockSize)
	if h.used > 0 {
		part, err := bridge.Call(h.piece, "subarray", 0, h.used)
		if err != nil {
			return err
		}
		if err := bridge.Read(rest, part); err != nil {
			return err
		}
		h.piece, h.used = bridge.Undefined(), 0
	}
	array, err := bridge.ToJS(padded(rest, h.length))
	clear(rest)
	if err != nil {
		return err
	}
	answer := make(chan bridge.Value, 1)
	h.worker.waiting[h.id] = answer
	defer delete(h.worker.waiting, h.id)
	if err := h.worker.worker.Post(map[string]any{"id": h.id, "end": array}); err != nil {
		return err
	}
	select {
	case state := <-answer:
		return h.take(state)
	case <-h.worker.broken:
		return fault.Newf(fault.Internal, "digest worker")
	}
}

// take reads the eight words of the final state.
func (h *remoteDigest) take(state bridge.Value) error {
	sum := make([]byte, 0, sha256.Size)
	for i := range sha256.Size / 4 {
		word, err := state.Index(i)
		if err != nil {
			return fault.Wrap(fault.Internal, err)
		}
		v, err := word.Float()
		if err != nil {
			return fault.Wrap(fault.Internal, err)
		}
		sum = binary.BigEndian.AppendUint32(sum, uint32(v))
	}
	h.sum = sum
	return nil
}

// padded appends what FIPS 180-4 5.1.1 wants behind a message of length bytes,
// of which rest are the last.
func padded(rest []byte, length uint64) []byte {
	rest = append(rest, 0x80)
	for len(rest)%sha256.BlockSize != sha256.BlockSize-8 {
		rest = append(rest, 0)
	}
	return binary.BigEndian.AppendUint64(rest, length*8)
}
