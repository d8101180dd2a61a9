//go:build js && wasm

package bridge

import (
	"context"
	"io"

	"scelle/shared/fault"
)

// How files are read. A file of more than SliceSize bytes is read by a stream
// where the browser can, PieceSize bytes at once and pieceAhead of these under
// way while one is used; see chunks.js. Otherwise, at less than half that speed,
// in slices of SliceSize bytes, sliceAhead under way: those that are smaller are
// slower.
//
// PieceSize is a little less than 1 MiB: from there on Chromium takes memory
// that is fresh from the kernel, whose pages cost more than the cipher.
const (
	PieceSize  = 960 << 10
	pieceAhead = 4
	SliceSize  = 4 * PieceSize
	sliceAhead = 2
)

// File is a File or Blob: bytes that the browser keeps and gives by reference.
type File struct {
	v     Value
	bytes Value // Uint8Array of all of it, undefined unless it was read; see Held
}

// AsFile takes a File or Blob; anything else is fault.BadRequest.
func AsFile(v Value) (File, error) {
	if !Present(v) || !Is(v, "Blob") {
		return File{}, fault.Newf(fault.BadRequest, "file expected")
	}
	return File{v: v}, nil
}

// PlainType is the type of the files that NewFile makes: Chromium renames
// downloads of other types.
const PlainType = "application/octet-stream"

// NewFile gives a file's bytes another name, and PlainType.
func NewFile(f File, name string) (File, error) {
	v, err := New("File", []any{f.v}, name, map[string]any{"type": PlainType})
	return File{v: v}, err
}

// NewBlob makes a Blob of some bytes.
func NewBlob(b []byte) (File, error) {
	array, err := ToJS(b)
	if err != nil {
		return File{}, err
	}
	v, err := New("Blob", []any{array})
	return File{v: v}, err
}

// Value is the File or Blob itself.
func (f File) Value() Value { return f.v }

// Name is the name that the file came with; "" for a Blob.
func (f File) Name() string { return String(f.v, "name") }

// Type is the media type that the browser guessed from the name; often "".
func (f File) Type() string { return String(f.v, "type") }

// Size is the length in bytes.
func (f File) Size() int64 {
	if Present(f.bytes) {
		return int64(Number(f.bytes, "length"))
	}
	return int64(Number(f.v, "size"))
}

// Held reads all of a file that has at most SliceSize bytes, so that each of its
// parts need not be asked for: a question to the browser takes longer than
// copying a small file. [File.Drop] must follow. Errors: fault.ReadFailed when
// the file cannot be read (any more) or is not as long as it was,
// fault.Cancelled.
func (f File) Held(ctx context.Context) (File, error) {
	size := f.Size()
	whole, err := Start(f.v, fault.ReadFailed, "arrayBuffer")
	if err != nil {
		return f, err
	}
	buffer, err := whole.Wait(ctx)
	if err != nil {
		return f, err
	}
	array, err := View(buffer)
	if err != nil {
		return f, err
	}
	if n, err := array.Length(); err != nil || int64(n) != size {
		return f, fault.Newf(fault.ReadFailed, "%d bytes of %d", n, size)
	}
	return File{f.v, array}, nil
}

// Drop gives the memory of what Held read back; its parts are gone, too.
func (f File) Drop() { Free(f.bytes) }

// copied is slice for a file that is held.
func (f File) copied(off, n int64) (*Promise, error) {
	array, err := Call(f.bytes, "slice", float64(off), float64(off+n))
	if err != nil {
		return nil, err
	}
	buffer, err := Get(array, "buffer")
	if err != nil {
		return nil, err
	}
	p := &Promise{settled: make(chan outcome, 1)}
	p.settled <- outcome{value: buffer}
	return p, nil
}

// slice starts to read n bytes from off.
func (f File) slice(off, n int64) (*Promise, error) {
	if Present(f.bytes) {
		return f.copied(off, n)
	}
	part, err := Call(f.v, "slice", float64(off), float64(off+n))
	if err != nil {
		return nil, fault.Recode(fault.ReadFailed, err)
	}
	return Start(part, fault.ReadFailed, "arrayBuffer")
}

// Part is the bytes from one offset to another, by reference.
func (f File) Part(from, to int64) (File, error) {
	if Present(f.bytes) {
		part, err := Call(f.bytes, "subarray", float64(from), float64(to))
		return File{bytes: part}, err
	}
	v, err := Call(f.v, "slice", float64(from), float64(to))
	return File{v: v}, fault.Recode(fault.ReadFailed, err)
}

// Reader reads the file from its start to its end. The next slices are under
// way while one is being used.
func (f File) Reader(ctx context.Context) *FileReader {
	return &FileReader{ctx: ctx, file: f, size: f.Size(), slice: Undefined(), stream: Undefined()}
}

// FileReader is a [File] as an io.ReadCloser. It is used by one goroutine.
type FileReader struct {
	ctx    context.Context
	file   File
	size   int64
	asked  int64    // bytes that were asked for
	ahead  []asked  // the slices that are under way, none of a stream
	stream Value    // of chunks.js, undefined where slices are read
	after  *Promise // a stream's last look at the file
	slice  Value    // Uint8Array in use, undefined before the first
	have   int      // its length
	used   int      // how much of it is consumed
	err    error
}

// asked is a slice under way.
type asked struct {
	promise *Promise
	size    int64
}

// Begin asks for the first slices, so that they come while the caller prepares
// what it does with them. Errors of the file show when it is read.
func (r *FileReader) Begin() *FileReader {
	if r.err == nil {
		r.err = r.ask(sliceAhead)
	}
	return r
}

// Read copies the next bytes. Errors: io.EOF, fault.ReadFailed when the file
// cannot be read (any more) or is not as long as it was, fault.Cancelled.
func (r *FileReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.err == nil && r.used == r.have {
		r.err = r.next()
	}
	if r.err != nil {
		return 0, r.err
	}
	n := min(len(p), r.have-r.used)
	part, err := Call(r.slice, "subarray", r.used, r.used+n)
	if err == nil {
		err = Read(p[:n], part)
	}
	if err != nil {
		r.err = err
		return 0, err
	}
	r.used += n
	return n, nil
}

// Next gives the next bytes as a whole slice, at most SliceSize of them: a
// Uint8Array, which is the caller's from now on, and its length. It stands in
// for Read, and is not for beside it. Errors are those of Read.
func (r *FileReader) Next() (Value, int, error) {
	if r.err == nil {
		r.err = r.next()
	}
	if r.err != nil {
		return Undefined(), 0, r.err
	}
	slice := r.slice
	r.slice, r.used = Undefined(), r.have
	return slice, r.have, nil
}

// next takes the slice that is under way and asks for more.
func (r *FileReader) next() error {
	if err := Ended(r.ctx); err != nil {
		return err
	}
	first, err := r.first()
	if err != nil {
		return err
	}
	if first.size == 0 {
		return r.end()
	}
	buffer, err := first.promise.Wait(r.ctx)
	if err != nil {
		return err
	}
	Free(r.slice)
	if r.slice, err = View(buffer); err != nil {
		return err
	}
	if n, err := r.slice.Length(); err != nil || int64(n) != first.size {
		return fault.Newf(fault.ReadFailed, "%d bytes of %d", n, first.size)
	}
	r.have, r.used = int(first.size), 0
	if Present(r.stream) && r.asked == r.size {
		if r.after, err = r.file.slice(r.size-1, 1); err != nil {
			return err
		}
	}
	return r.ask(sliceAhead)
}

// first is the next slice that is under way, of no bytes at the end.
func (r *FileReader) first() (first asked, err error) {
	if err := r.ask(1); err != nil {
		return first, err
	}
	switch {
	case len(r.ahead) > 0:
		first, r.ahead = r.ahead[0], r.ahead[1:]
	case Present(r.stream) && r.asked < r.size:
		first.size = min(PieceSize, r.size-r.asked)
		r.asked += first.size
		first.promise, err = Start(r.stream, fault.ReadFailed, "take")
	}
	return first, err
}

// end is io.EOF. A stream looks at the file when it begins to read; that it did
// not change since says a slice of it, as each slice does for those before it.
func (r *FileReader) end() error {
	if r.after != nil {
		if _, err := r.after.Wait(r.ctx); err != nil {
			return err
		}
	}
	return io.EOF
}

// ask starts slices until n are under way, as far as there are any. A stream
// looks after that itself.
func (r *FileReader) ask(n int) error {
	if r.asked == 0 && r.size > SliceSize && !Present(r.stream) {
		r.open()
	}
	for len(r.ahead) < n && !Present(r.stream) {
		size := min(SliceSize, r.size-r.asked)
		if size <= 0 {
			break
		}
		promise, err := r.file.slice(r.asked, size)
		if err != nil {
			return err
		}
		r.ahead = append(r.ahead, asked{promise, size})
		r.asked += size
	}
	return nil
}

// open begins a stream; without one slices are read.
func (r *FileReader) open() {
	seam, ok := Lookup("scelleChunks")
	if !ok {
		return
	}
	if stream, err := Call(seam, "read", r.file.v, PieceSize, pieceAhead); err == nil {
		r.stream = stream
	}
}

// Close lets go of the slices.
func (r *FileReader) Close() error {
	if Present(r.stream) {
		_, _ = r.stream.Call("stop")
	}
	Free(r.slice)
	r.stream, r.after = Undefined(), nil
	r.slice, r.ahead, r.have, r.used = Undefined(), nil, 0, 0
	if r.err == nil {
		r.err = io.EOF
	}
	return nil
}

// ReaderAt reads the file at any place, one slice per call.
func (f File) ReaderAt(ctx context.Context) io.ReaderAt { return fileAt{ctx, f} }

type fileAt struct {
	ctx  context.Context
	file File
}

// ReadAt follows io.ReaderAt.
func (f fileAt) ReadAt(p []byte, off int64) (int, error) {
	size := f.file.Size()
	if off < 0 || off >= size {
		return 0, io.EOF
	}
	n := min(int64(len(p)), size-off)
	promise, err := f.file.slice(off, n)
	if err != nil {
		return 0, err
	}
	buffer, err := promise.Wait(f.ctx)
	if err != nil {
		return 0, err
	}
	array, err := View(buffer)
	if err == nil {
		err = Read(p[:n], array)
	}
	if err != nil {
		return 0, fault.Recode(fault.ReadFailed, err)
	}
	if n < int64(len(p)) {
		return int(n), io.EOF
	}
	return int(n), nil
}
