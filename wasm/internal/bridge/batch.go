//go:build js && wasm

package bridge

import (
	"context"
	"maps"

	"scelle/shared/fault"
)

// Batch is some pieces of a file that chunks.js takes, works on and writes, all
// in one call: for each piece alone Go would cost as much as the cipher.
type Batch struct {
	from    *FileReader
	to      *SyncFile
	pieces  int
	promise *Promise
}

// Pieces is how many pieces of PieceSize bytes a run may take: those of a
// stream without its end.
func (r *FileReader) Pieces() int {
	if r.err != nil || !Present(r.stream) {
		return 0
	}
	return int((r.size - r.asked - 1) / PieceSize)
}

// StartBatch begins a run of n pieces, at most r.Pieces(), to the end of a file.
// chunks.js says what job has. Until it ended nothing else may use r and to.
func StartBatch(r *FileReader, to *SyncFile, n int, job map[string]any) (*Batch, error) {
	seam, ok := Lookup("scelleChunks")
	if !ok || n > r.Pieces() {
		return nil, fault.Newf(fault.Internal, "run of %d pieces", n)
	}
	job = maps.Clone(job)
	job["stream"], job["access"], job["position"] = r.stream, to.access, float64(to.at)
	p, err := Start(seam, fault.Internal, "run", job)
	return &Batch{r, to, n, p}, err
}

// Wait returns what the run gave, also with an error: fault.ReadFailed,
// fault.WriteFailed, fault.DiskFull, fault.Internal, those of [Ended]. It does
// not end before the run does, which the end of the context makes soon.
func (u *Batch) Wait(ctx context.Context) (Value, error) {
	var o outcome
	select {
	case o = <-u.promise.settled:
	case <-ctx.Done():
		_, _ = u.from.stream.Call("stop")
		o = <-u.promise.settled
		return o.value, Ended(ctx)
	}
	if o.err != nil {
		return o.value, o.err
	}
	if err := failure(o.value); err != nil {
		return o.value, err
	}
	u.from.asked += int64(u.pieces) * PieceSize
	u.to.at += int64(u.pieces) * PieceSize
	return o.value, nil
}

// failure is what a run says of the step at which it failed; nil if none did.
func failure(done Value) error {
	failed, err := Get(done, "failed")
	if err != nil || !Present(failed) {
		return err
	}
	reason, err := Get(failed, "reason")
	if err != nil {
		return err
	}
	switch String(failed, "step") {
	case "read":
		return rejected(fault.ReadFailed, reason)
	case "write":
		return rejected(fault.WriteFailed, reason)
	}
	return rejected(fault.Internal, reason)
}
