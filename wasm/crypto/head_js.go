//go:build js && wasm

package main

import (
	"context"
	"errors"
	"io"

	"scelle/shared/envelope"
	"scelle/wasm/internal/bridge"
)

// maxHeaderRead is how much is read of an envelope for its header, before more
// turns out to be needed.
const maxHeaderRead = 64 << 10

// begin reads the header of an envelope.
func begin(ctx context.Context, file browserFile, key *givenKey) (*envelope.Opening, error) {
	head, err := headOf(ctx, file)
	if err != nil {
		return nil, err
	}
	defer head.Close()
	return envelope.NewOpening(ctx, head, key)
}

// headReader reads a file from its start, a little at first.
type headReader struct {
	io.Reader
	first, rest *bridge.FileReader
}

// Close lets go of what was read ahead.
func (h headReader) Close() error { return errors.Join(h.first.Close(), h.rest.Close()) }

func headOf(ctx context.Context, file browserFile) (io.ReadCloser, error) {
	size := file.Size()
	first, err := file.Part(0, min(size, maxHeaderRead))
	if err != nil {
		return nil, err
	}
	rest, err := file.Part(min(size, maxHeaderRead), size)
	if err != nil {
		return nil, err
	}
	h := headReader{first: first.Reader(ctx), rest: rest.Reader(ctx)}
	h.Reader = io.MultiReader(h.first, h.rest)
	return h, nil
}
