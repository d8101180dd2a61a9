//go:build js && wasm

package bridge

import (
	"scelle/shared/fault"
)

// Chunks are bytes in several ArrayBuffers of JavaScript's memory; see
// chunks.js, which does the work on all of them in one call.
type Chunks struct {
	v Value
	n int
}

// HasChunks reports whether chunks.js is there.
func HasChunks() bool {
	_, ok := Lookup("scelleChunks")
	return ok
}

// AsChunks takes a Chunks object of chunks.js.
func AsChunks(v Value) Chunks { return Chunks{v, int(Number(v, "length"))} }

// Wrap makes Chunks of a Uint8Array that is all of its ArrayBuffer.
func Wrap(array Value) (Chunks, error) {
	seam, ok := Lookup("scelleChunks")
	buffer, err := Get(array, "buffer")
	if !ok || err != nil {
		return Chunks{}, fault.Newf(fault.Internal, "no chunks.js")
	}
	v, err := Call(seam, "wrap", buffer)
	return AsChunks(v), err
}

// Len is the number of bytes.
func (c Chunks) Len() int { return c.n }

// CopyTo copies n bytes from an offset on to the start of a Uint8Array.
func (c Chunks) CopyTo(array Value, from, n int) error {
	if from < 0 || n < 0 || from+n > c.n {
		return fault.Newf(fault.Internal, "%d bytes at %d of %d", n, from, c.n)
	}
	_, err := Call(c.v, "copy", from, n, array)
	return err
}

// Read copies len(b) bytes from an offset on to Go.
func (c Chunks) Read(b []byte, from int) error {
	array, err := NewBytes(len(b))
	if err == nil {
		err = c.CopyTo(array, from, len(b))
	}
	if err != nil {
		return err
	}
	defer Wipe(array)
	return Read(b, array)
}

// Post moves the buffers to a Worker, with a message beside them.
func (c Chunks) Post(w *Worker, message map[string]any) error {
	_, err := Call(c.v, "post", w.target, message)
	return err
}

// Free gives the memory back at once; see [Free].
func (c Chunks) Free() { _, _ = c.v.Call("drop") }
