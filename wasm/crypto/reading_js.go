//go:build js && wasm

package main

import (
	"context"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// reading gives the readers of some files in turn. The first bytes of the next
// one are on their way while one is used.
type reading struct {
	readers []*bridge.FileReader
	at      int
}

// startReading begins with the first file.
func startReading(ctx context.Context, files []source) (*reading, error) {
	r := &reading{}
	for _, f := range files {
		file, ok := f.(browserFile)
		if !ok {
			return nil, fault.Newf(fault.Internal, "%T", f)
		}
		r.readers = append(r.readers, file.Reader(ctx))
	}
	r.begin(0)
	return r, nil
}

func (r *reading) begin(i int) {
	if i < len(r.readers) {
		r.readers[i].Begin()
	}
}

// close lets go of what was read and not used.
func (r *reading) close() {
	for _, in := range r.readers {
		in.Close()
	}
}

// next is the reader of the next file; close it.
func (r *reading) next() *bridge.FileReader {
	in := r.readers[r.at]
	r.at++
	r.begin(r.at)
	return in
}
