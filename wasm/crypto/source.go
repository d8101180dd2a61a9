package main

import (
	"context"
	"hash"
	"io"
	"time"
)

// source is a file that somebody chose: a File of the browser, or bytes in a
// test.
type source interface {
	Name() string // "" when it has none
	Type() string // media type, "" when unknown
	Size() int64  // bytes
	Open(ctx context.Context) io.ReadCloser
}

// progressMillis is the shortest time between two reports of progress.
const progressMillis = 100

// meter counts the bytes that are written to it and reports at most ten times
// a second, and at the end.
type meter struct {
	total  int64
	report func(done, total int64)
	now    func() time.Time

	done int64
	last time.Time
}

// Write counts bytes. It never fails.
func (m *meter) Write(p []byte) (int, error) {
	m.add(len(p))
	return len(p), nil
}

// add counts n bytes.
func (m *meter) add(n int) {
	m.done += int64(n)
	if t := m.now(); m.done == m.total || t.Sub(m.last) >= progressMillis*time.Millisecond {
		m.last = t
		if n > 0 {
			m.report(m.done, m.total)
		}
	}
}

// hashed takes the sum of a file while it is read.
type hashed struct {
	io.ReadCloser
	hash hash.Hash
}

// Read passes bytes on.
func (h hashed) Read(p []byte) (int, error) {
	n, err := h.ReadCloser.Read(p)
	h.hash.Write(p[:n])
	return n, err
}
