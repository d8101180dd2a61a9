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
// its turn comes. It is a [Plan] and a copy loop.
type Reader struct {
	*Plan
	open Open

	pending []byte        // archive bytes ready to go out
	next    int           // the file that comes next
	body    io.ReadCloser // the file whose bytes are going out
	left    int64         // bytes of it still to come
	crc     uint32        // of those that went out
	idle    int           // reads in a row that gave neither bytes nor an error
	err     error         // how it ended
}

// NewReader prepares a pli. Names are made safe and distinct and texts
// cleaned: Manifest returns what will be written. Errors are those of NewPlan.
func NewReader(m Manifest, open Open) (*Reader, error) {
	return newReader(m, open, max32)
}

func newReader(m Manifest, open Open, far int64) (*Reader, error) {
	p, err := newPlan(m, far)
	if err != nil {
		return nil, err
	}
	return &Reader{Plan: p, open: open, pending: p.Before(0)}, nil
}

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
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
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
	r.pending = r.After(r.next, r.crc)
	if r.next++; r.next < len(r.manifest.Files) {
		r.pending = append(r.pending, r.Before(r.next)...)
	} else {
		r.err = io.EOF
	}
}

// nextFile opens the next file, whose header went out.
func (r *Reader) nextFile() {
	body, err := r.open(r.next)
	if err != nil {
		r.fail(err)
		return
	}
	r.body, r.left, r.crc = body, r.manifest.Files[r.next].Size, 0
}

// fail ends the stream. The cause may be nil or io.EOF: the size was wrong.
func (r *Reader) fail(cause error) {
	r.closeBody()
	name := r.manifest.Files[r.next].Name
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
