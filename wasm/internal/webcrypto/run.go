//go:build js && wasm

package webcrypto

import (
	"context"
	"hash"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// runPieces is how many pieces of a file chunks.js works on without Go: enough
// that what Go costs for them is little beside the cipher, and so few that
// progress is told and a cancelled work ends soon. Three runs must have room in
// what may be on its way to the digest worker, beside the end of the one before,
// which waits there for company: else it and this Worker take turns.
const runPieces = 3

// RunSize is how many bytes a run moves.
const RunSize = runPieces * groupSize

// Ready reports whether a file has as many bytes left as a run takes, and can
// give them so. Errors of the file show when it is read.
func Ready(in *bridge.FileReader) bool { return in.Pieces() >= runPieces }

// Sums are the hashes of what a run moves; nil wants none.
type Sums struct {
	Plain, Cipher []hash.Hash
}

// Run seals the next RunSize bytes of a file that is [Ready] to the end of
// another one, past the Output, and goes on with a CRC-32 (IEEE) over them where
// there is one. It is done when all bytes were written. moved is false, and
// nothing was done, where the hashes are not the digest worker's, or bytes from
// before the file wait and nobody wants the sum.
func (s *Sealer) Run(in *bridge.FileReader, to *bridge.SyncFile, crc *uint32, sums Sums) (moved bool, err error) {
	r, ok := newRun("seal", sums)
	if !ok || s.used > 0 && crc == nil {
		return false, nil
	}
	g := s.gcm
	if err := s.settle(); err != nil {
		return false, err
	}
	if err := g.admit(s.ctx, RunSize); err != nil {
		return false, err
	}
	r.job["key"], r.job["used"] = g.mac, s.used
	if crc != nil {
		r.sum(s.room, crc)
	}
	ivs := s.ivs(RunSize)
	g.advance(RunSize) // whatever comes of it: no counter is used twice
	ends, err := r.move(s.ctx, in, to, ivs, 3)
	if err != nil {
		return false, err
	}
	s.count(RunSize, ends)
	return true, nil
}

// Settle gives out all that is under way, so that a run can follow.
func (o *Opener) Settle() error { return o.settle() }

// Run opens the next RunSize bytes of a file that is [Ready]. It is as
// [Sealer.Run]; what it writes is not authenticated before Finish says so.
func (o *Opener) Run(in *bridge.FileReader, to *bridge.SyncFile, summer *Summer, crc *uint32, sums Sums) (moved bool, err error) {
	r, ok := newRun("open", sums)
	if !ok {
		return false, nil
	}
	g := o.gcm
	if err := g.admit(o.ctx, RunSize); err != nil {
		return false, err
	}
	r.job["key"], r.job["mac"], r.job["iv"] = g.ctr, g.mac, g.zero
	if summer != nil {
		r.sum(summer.room, crc)
	}
	counters := o.counters(RunSize)
	g.advance(RunSize)
	tags, err := r.move(o.ctx, in, to, counters, 1)
	if err != nil {
		return false, err
	}
	o.count(RunSize, tags)
	return true, nil
}

// run is one call of chunks.js.
type run struct {
	job    map[string]any
	worker *digestWorker // nil where nobody wants a hash
	sums   Sums
	cost   int     // of all its messages to the worker
	crc    *uint32 // nil where nobody wants it
}

// newRun is not ok where a hash is not the digest worker's.
func newRun(verb string, sums Sums) (*run, bool) {
	cost := costOf(groupSize)
	r := &run{sums: sums, job: map[string]any{"verb": verb, "chunk": chunkSize, "used": 0, "cost": cost}}
	for name, hashes := range map[string][]hash.Hash{"plain": sums.Plain, "cipher": sums.Cipher} {
		ids := []any{}
		for _, h := range hashes {
			if h == nil {
				continue
			}
			remote, ok := h.(*remoteDigest)
			if !ok {
				return nil, false
			}
			r.worker = remote.worker
			ids = append(ids, remote.id)
		}
		if len(ids) > 0 {
			r.cost += runPieces * cost
		}
		r.job[name] = ids
	}
	return r, true
}

// sum asks for a CRC-32 that goes on from crc.
func (r *run) sum(room *room, crc *uint32) {
	r.crc = crc
	r.job["room"], r.job["crc"] = room.forRun(), int32(^*crc)
}

// move does the work, and returns the blocks that came with it, per for each
// chunk.
func (r *run) move(ctx context.Context, in *bridge.FileReader, to *bridge.SyncFile, blocks []byte, per int) ([]byte, error) {
	array, err := bridge.ToJS(blocks)
	if err != nil {
		return nil, err
	}
	r.job["blocks"] = array
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	moving, err := bridge.StartBatch(in, to, runPieces, r.job)
	if err != nil {
		r.unsent()
		return nil, err
	}
	done, err := moving.Wait(ctx)
	if err != nil {
		// A run that was cancelled may have come to its end.
		if !bridge.Bool(done, "sent") {
			r.unsent()
		}
		if array, err := bridge.Get(done, "ends"); err == nil {
			bridge.Wipe(array)
		}
		return nil, err
	}
	ends := make([]byte, per*len(blocks))
	return ends, r.finish(done, ends)
}

// prepare sends what the hashes have kept, and takes what the run will send.
func (r *run) prepare(ctx context.Context) error {
	if r.worker == nil {
		return nil
	}
	r.job["worker"] = r.worker.worker.Target()
	for _, h := range r.hashes() {
		if err := h.flush(); err != nil {
			return err
		}
		h.length += RunSize
	}
	return r.worker.take(ctx, r.cost)
}

// hashes are those that want something.
func (r *run) hashes() (all []*remoteDigest) {
	for _, hashes := range [][]hash.Hash{r.sums.Plain, r.sums.Cipher} {
		for _, h := range hashes {
			if h != nil {
				all = append(all, h.(*remoteDigest))
			}
		}
	}
	return all
}

// unsent gives back what was taken for the worker.
func (r *run) unsent() {
	if r.worker != nil {
		r.worker.give(r.cost)
	}
}

// finish takes what the run says.
func (r *run) finish(done bridge.Value, ends []byte) error {
	array, err := bridge.Get(done, "ends")
	if err != nil {
		return err
	}
	if err := bridge.Read(ends, array); err != nil {
		return err
	}
	bridge.Wipe(array)
	if r.crc == nil {
		return nil
	}
	v, err := bridge.Get(done, "crc")
	if err != nil {
		return err
	}
	state, err := v.Float()
	*r.crc = ^uint32(int32(state))
	return fault.Wrap(fault.Internal, err)
}
