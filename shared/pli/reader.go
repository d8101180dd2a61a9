package pli

import (
	"hash/crc32"
	"io"

	"scelle/shared/fault"
)

// maxIdle is how often in a row a source may give nothing.
const maxIdle = 100

// Open opens file i of the manifest for one reading from its start.
type Open func(i int) (io.ReadCloser, error)

// Reader is a pli as a stream of bytes, made while it is read: nothing but the
// manifest and the directory is held in memory, and each file is opened when
// its turn comes.
type Reader struct {
	manifest Manifest
	layout   *layout
	open     Open

	pending []byte        // archive bytes ready to go out
	next    int           // the entry whose header comes next
	body    io.ReadCloser // the file whose bytes are going out
	left    int64         // bytes of it still to come
	idle    int           // reads in a row that gave neither bytes nor an error
	err     error         // how it ended
}

// NewReader prepares a pli. Names are made safe and distinct and texts
// cleaned: Manifest returns what will be written. Errors: fault.NoFile without
// a file, fault.EnvelopeTooLarge above the limits, fault.BadRequest (its
// detail is the field) for what no pli may say.
func NewReader(m Manifest, open Open) (*Reader, error) {
	return newReader(m, open, max32)
}

func newReader(m Manifest, open Open, far int64) (*Reader, error) {
	switch {
	case len(m.Files) == 0:
		return nil, fault.New(fault.NoFile)
	case len(m.Files) > MaxFiles:
		return nil, fault.Newf(fault.EnvelopeTooLarge, "%d files", len(m.Files))
	}
	m = m.normalise()
	if p := m.problem(); p != "" {
		return nil, fault.Newf(fault.BadRequest, "%s", p)
	}
	document, err := m.encode()
	if err != nil {
		return nil, err
	}
	if len(document) > MaxManifest {
		return nil, fault.Newf(fault.EnvelopeTooLarge, "pli.json")
	}
	l := newLayout(document, m.Files, far)
	if l.size() > MaxSize {
		return nil, fault.New(fault.EnvelopeTooLarge)
	}
	return &Reader{manifest: m, layout: l, open: open, pending: l.head(), next: 2}, nil
}

// Size returns the exact length in bytes of the pli for m; errors as for
// NewReader.
func Size(m Manifest) (int64, error) {
	r, err := NewReader(m, nil)
	if err != nil {
		return 0, err
	}
	return r.Size(), nil
}

// Size is the exact length of the whole pli in bytes, known before reading.
func (r *Reader) Size() int64 { return r.layout.size() }

// Manifest is what is being written, with the final names.
func (r *Reader) Manifest() Manifest { return r.manifest }

// Read gives the next bytes of the pli. A file that cannot be opened or read,
// or has more or fewer bytes than the manifest says (it changed meanwhile), is
// fault.ReadFailed with the file's name; the pli must then be thrown away.
func (r *Reader) Read(p []byte) (int, error) {
	for len(p) > 0 {
		switch {
		case len(r.pending) > 0:
			n := copy(p, r.pending)
			r.pending = r.pending[n:]
			return n, nil
		case r.err != nil:
			return 0, r.err
		case r.body != nil && r.left > 0:
			if n := r.readBody(p); n > 0 {
				return n, nil
			}
		case r.body != nil:
			r.endFile()
		default:
			r.nextFile()
		}
	}
	return 0, nil
}

// readBody passes bytes of the open file on.
func (r *Reader) readBody(p []byte) int {
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.body.Read(p)
	e := &r.layout.entries[r.next]
	e.crc = crc32.Update(e.crc, crc32.IEEETable, p[:n])
	r.left -= int64(n)
	if r.idle++; n > 0 {
		r.idle = 0
	}
	if (err != nil || r.idle > maxIdle) && r.left > 0 {
		r.fail(err)
	}
	return n
}

// endFile makes sure that the file ends where it should, and closes it.
func (r *Reader) endFile() {
	var extra [1]byte
	if n, err := io.ReadFull(r.body, extra[:]); n > 0 || err != io.EOF {
		r.fail(err)
		return
	}
	err := r.body.Close()
	r.body = nil
	if err != nil {
		r.fail(err)
		return
	}
	r.pending = r.layout.entries[r.next].descriptor()
	r.next++
}

// nextFile begins the next file, or the directory after the last one.
func (r *Reader) nextFile() {
	if r.next == len(r.layout.entries) {
		r.pending, r.err = r.layout.tail(), io.EOF
		return
	}
	body, err := r.open(r.next - 2)
	if err != nil {
		r.fail(err)
		return
	}
	e := r.layout.entries[r.next]
	r.body, r.left, r.pending = body, e.size, e.local()
}

// fail ends the stream. The cause may be nil or io.EOF: the size was wrong.
func (r *Reader) fail(cause error) {
	r.closeBody()
	name := r.layout.entries[r.next].name
	r.err = fault.Newf(fault.ReadFailed, "%s", name)
	if f := fault.Of(cause); f != nil && f.Code != fault.Internal {
		r.err = f // a cancelled or otherwise named failure of the source
	}
}

func (r *Reader) closeBody() {
	if r.body != nil {
		r.body.Close()
		r.body = nil
	}
}

// Close closes the file that is open. It is needed only when reading stopped
// before its end.
func (r *Reader) Close() error {
	r.closeBody()
	if r.err == nil {
		r.err = fault.New(fault.Cancelled)
	}
	r.pending = nil
	return nil
}
