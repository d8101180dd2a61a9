// Package wire is the host's end of a browser's native-messaging port: frames
// of JSON on standard input and output, and nothing else.
//
// A frame is a length of 4 bytes in the machine's byte order, then that many
// bytes holding one JSON value. Both directions are capped at [MaxFrame]:
// browsers end the port at a longer answer, and a host that reads what a
// length promises would let anybody make it allocate 4 GiB.
package wire

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"sync"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// MaxFrame is the largest payload in bytes, in and out.
const MaxFrame = protocol.MaxFrame

const headerSize = 4

// Reader reads frames. It is for one goroutine.
type Reader struct {
	r io.Reader
}

// NewReader returns a Reader of r.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// Next reads one frame and returns its payload, 1 to MaxFrame bytes in a slice
// of its own. It reads exactly the frame, so that nothing can hide behind the
// JSON value of a frame and be taken for the next one.
//
// io.EOF means that the other side closed the port between two frames. Any
// other error ends the stream too, since no later byte can be trusted to begin
// a frame: fault.BadRequest for an empty or cut frame, fault.MessageTooLarge
// for one above MaxFrame, fault.ReadFailed when reading itself failed.
func (r *Reader) Next() ([]byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r.r, header[:]); err != nil {
		if err == io.EOF {
			return nil, io.EOF
		}
		return nil, cut(err)
	}
	size := binary.NativeEndian.Uint32(header[:])
	switch {
	case size == 0:
		return nil, fault.Newf(fault.BadRequest, "empty frame")
	case size > MaxFrame:
		return nil, fault.Newf(fault.MessageTooLarge, "%d", size)
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r.r, payload); err != nil {
		return nil, cut(err)
	}
	return payload, nil
}

// cut gives a code to a stream that ended inside a frame.
func cut(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fault.Newf(fault.BadRequest, "cut frame")
	}
	return fault.Wrap(fault.ReadFailed, err)
}

// Writer writes frames. It may be used from several goroutines: each frame is
// one Write, under a lock, so that no two frames mix.
type Writer struct {
	mu     sync.Mutex
	w      io.Writer
	broken error // the first failure of w: half a frame may be out, so no other may follow
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Send writes v as the JSON of one frame. fault.MessageTooLarge, with nothing
// written, when that is above MaxFrame; fault.WriteFailed when the other side
// is gone, from then on for every call.
func (w *Writer) Send(v any) error {
	payload, err := json.Marshal(v)
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	return w.SendJSON(payload)
}

// SendJSON writes one frame of JSON that the caller made, in pieces, and keeps
// no copy of it: it may hold a content key, which encoding/json would leave in
// a buffer of its own. The errors are those of Send.
func (w *Writer) SendJSON(pieces ...[]byte) error {
	size := 0
	for _, p := range pieces {
		size += len(p)
	}
	if size > MaxFrame {
		return fault.Newf(fault.MessageTooLarge, "%d", size)
	}
	frame := make([]byte, headerSize, headerSize+size)
	defer clear(frame[:cap(frame)])
	binary.NativeEndian.PutUint32(frame, uint32(size))
	for _, p := range pieces {
		frame = append(frame, p...)
	}
	return w.write(frame)
}

func (w *Writer) write(frame []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.broken != nil {
		return w.broken
	}
	n, err := w.w.Write(frame)
	if err == nil && n < len(frame) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.broken = fault.Recode(fault.WriteFailed, err)
	}
	return w.broken
}
