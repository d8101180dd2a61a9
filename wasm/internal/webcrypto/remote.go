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

// What may be on its way to the digest worker, so that the memory stays
// bounded when it is the slower one: maxAhead pieces of unit bytes. It goes on
// by itself when ENOUGH of them wait there, whatever they are of, and keeps for
// itself that fewer than WORTH were used: as many and what a run takes at once
// must have room together. maxCost is of one message.
const (
	unit     = 512 << 10
	maxAhead = 40
	maxCost  = 8
)

// digestWorker is the other side of digest-worker.js.
type digestWorker struct {
	worker  *bridge.Worker
	ready   chan struct{}
	broken  chan struct{} // closed when the worker cannot go on
	permits chan struct{} // one for each unit that may be sent
	turn    chan struct{} // held while permits for one piece are taken
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
	if !ok || !bridge.HasChunks() {
		return nil, fault.Newf(fault.Internal, "no crypto-worker.js")
	}
	target, err := bridge.Call(seam, "digests")
	if err != nil {
		return nil, err
	}
	w := &digestWorker{
		ready: make(chan struct{}), broken: make(chan struct{}),
		permits: make(chan struct{}, maxAhead), turn: make(chan struct{}, 1), waiting: map[int]chan bridge.Value{},
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
	if bridge.Bool(data, "ready") {
		close(w.ready)
		return
	}
	w.give(int(bridge.Number(data, "free")))
	if state, err := bridge.Get(data, "state"); err == nil {
		if waiting := w.waiting[int(bridge.Number(data, "id"))]; waiting != nil {
			waiting <- state
		}
	}
}

// send moves chunks to the worker, for the hashes that parts name. It waits when
// the worker is far behind. A hash that is given up holds nothing that another
// one waits for: what was sent is used sooner or later.
func (w *digestWorker) send(c bridge.Chunks, parts []any) error {
	cost := costOf(c.Len())
	if err := w.take(context.Background(), cost); err != nil {
		return err
	}
	return c.Post(w.worker, map[string]any{"parts": parts, "cost": cost})
}

// costOf is how many units a message of n bytes is.
func costOf(n int) int { return min((n+unit-1)/unit, maxCost) }

// take waits until so many units may be sent. Errors: those of [bridge.Ended],
// fault.Internal when the worker broke.
func (w *digestWorker) take(ctx context.Context, cost int) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return bridge.Ended(ctx)
	}
	defer func() { <-w.turn }()
	for taken := range cost {
		select {
		case <-w.permits:
		case <-ctx.Done():
			w.give(taken)
			return bridge.Ended(ctx)
		case <-w.broken:
			return fault.Newf(fault.Internal, "digest worker")
		}
	}
	return nil
}

// give says that units which were taken are not sent, or were used.
func (w *digestWorker) give(cost int) {
	for range cost {
		select {
		case w.permits <- struct{}{}:
		default: // never: all of them are there
		}
	}
}

// Part is a piece of chunks that a hash wants.
type Part struct {
	Hash         hash.Hash // nil wants none
	From, Length int       // bytes
}

// Hand gives parts of chunks to their hashes. Those of the digest worker get
// the memory itself, without a copy; in any case it is gone afterwards.
// Errors: fault.Internal.
func Hand(c bridge.Chunks, parts ...Part) error {
	var worker *digestWorker
	var remote []any
	for _, p := range parts {
		if p.Hash == nil || p.Length == 0 {
			continue
		}
		if h, ok := p.Hash.(*gathered); ok {
			if err := h.take(c, p.From, p.Length); err != nil {
				return err
			}
			continue
		}
		h, ok := p.Hash.(*remoteDigest)
		if !ok {
			b := make([]byte, p.Length)
			if err := c.Read(b, p.From); err != nil {
				return err
			}
			p.Hash.Write(b)
			continue
		}
		if err := h.flush(); err != nil {
			return err
		}
		h.length += uint64(p.Length)
		worker = h.worker
		remote = append(remote, []any{h.id, p.From, p.Length})
	}
	if worker == nil {
		c.Free()
		return nil
	}
	return worker.send(c, remote)
}

func (w *digestWorker) newHash() hash.Hash {
	h := &remoteDigest{worker: w}
	h.Reset()
	return h
}

// remoteDigest is a hash.Hash of the digest worker. Sum ends it: nothing can be
// written after it without Reset. Like digest, it panics rather than give a
// wrong sum.
type remoteDigest struct {
	worker *digestWorker
	id     int
	small  []byte // written and not sent
	length uint64 // bytes in all
	sum    []byte // once it was asked for
}

// maxSmall is how many bytes wait for company before they are sent.
const maxSmall = 16 << 10

// Size is that of a sum, in bytes.
func (h *remoteDigest) Size() int { return sha256.Size }

// BlockSize is that of SHA-256, in bytes.
func (h *remoteDigest) BlockSize() int { return sha256.BlockSize }

// Reset begins anew.
func (h *remoteDigest) Reset() {
	h.worker.last++
	h.id, h.small, h.length, h.sum = h.worker.last, nil, 0, nil
}

// Write adds p. It waits when the worker is far behind.
func (h *remoteDigest) Write(p []byte) (int, error) {
	if h.sum != nil {
		panic(fault.Newf(fault.Internal, "hash written after its sum"))
	}
	n := len(p)
	h.length += uint64(n)
	if len(h.small)+n > maxSmall {
		check(h.flush())
	}
	for len(p) > maxSmall {
		take := min(len(p), unit)
		check(h.sendBytes(p[:take]))
		p = p[take:]
	}
	h.small = append(h.small, p...)
	return n, nil
}

// check ends the hash where its own engine fails.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

// flush sends what waits.
func (h *remoteDigest) flush() error {
	if len(h.small) == 0 {
		return nil
	}
	err := h.sendBytes(h.small)
	clear(h.small)
	h.small = nil
	return err
}

// sendBytes sends a copy of b.
func (h *remoteDigest) sendBytes(b []byte) error {
	array, err := bridge.ToJS(b)
	if err != nil {
		return err
	}
	c, err := bridge.Wrap(array)
	if err != nil {
		return err
	}
	return h.worker.send(c, []any{[]any{h.id, 0, len(b)}})
}

// Sum appends the sum of what was written.
func (h *remoteDigest) Sum(b []byte) []byte {
	if h.sum == nil {
		check(h.end())
	}
	return append(b, h.sum...)
}

// end says that the message is complete and waits for the state.
func (h *remoteDigest) end() error {
	if err := h.flush(); err != nil {
		return err
	}
	answer := make(chan bridge.Value, 1)
	h.worker.waiting[h.id] = answer
	defer delete(h.worker.waiting, h.id)
	if err := h.worker.worker.Post(map[string]any{"id": h.id, "end": float64(h.length)}); err != nil {
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
