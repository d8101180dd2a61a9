package main

import (
	"context"
	"hash"
	"io"

	"scelle/shared/envelope"
	"scelle/shared/pli"
)

// mover does the heavy half of sealing and opening where bytes need not pass
// through Go's memory: in a browser, with files of some size. Without one, and
// for what it does not know, the packages envelope and pli move them.
type mover interface {
	// seal writes an envelope of content to out. known is false when it cannot,
	// and nothing was done.
	seal(ctx context.Context, s *sealing, out io.Writer, c *content, o envelope.SealOptions) (r envelope.Receipt, known bool, err error)
	// open decrypts the envelope into to. known is as for seal; to has seen
	// nothing then.
	open(ctx context.Context, o *opening, to receiver, key *givenKey) (r *envelope.Report, known bool, err error)
}

// receiver takes a plaintext apart whose heavy bytes somebody else moves: a
// pli.Extractor, or one file.
type receiver interface {
	io.Writer
	WriteStructure(p []byte) (int, error)
	Body() (dst io.WriteCloser, sum hash.Hash, left int64)
	Moved(n int64, crc uint32) error
}

// single is the receiver of a content that stays one file.
type single struct {
	io.WriteCloser
	sum hash.Hash // nil where nobody wants one
}

// Write adds to the file and to its sum.
func (s single) Write(p []byte) (int, error) {
	if s.sum != nil {
		s.sum.Write(p)
	}
	return s.WriteCloser.Write(p)
}

// WriteStructure takes nothing: all bytes are the file's.
func (single) WriteStructure([]byte) (int, error) { return 0, nil }

// Body is the file, to the end.
func (s single) Body() (io.WriteCloser, hash.Hash, int64) { return s.WriteCloser, s.sum, pli.MaxSize }

// Moved has nothing to count.
func (single) Moved(int64, uint32) error { return nil }
