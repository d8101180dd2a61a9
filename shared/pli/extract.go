package pli

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"

	"scelle/shared/fault"
)

// Sink receives an extracted pli. What it receives is not yet to be trusted:
// keep it in quarantine until Close has succeeded and, in an envelope with
// authentication, the tag was verified.
type Sink struct {
	// Manifest is called once, before the first file; an error stops. It may be nil.
	Manifest func(*Manifest) error
	// File opens the place for one file's bytes, which is closed after the last one.
	File func(FileInfo) (io.WriteCloser, error)
	// NewHash makes the hash whose sum stands in Result, SHA-256 when nil.
	// It may return nil where nobody needs a sum.
	NewHash func() hash.Hash
}

// FileInfo is one file as its pli announces it.
type FileInfo struct {
	File
	Index    int    // in the manifest
	SafeName string // a name to create a file with, see Names
}

// Result is one extracted file.
type Result struct {
	FileInfo
	Sum string // lower-case hexadecimal sum of its bytes, "" without a hash
}

// Extractor takes a pli apart while it is written to it, in pieces of any
// length. It holds at most the manifest and the directory in memory.
type Extractor struct {
	sink     Sink
	far      int64
	expected []byte       // bytes that must come next
	code     fault.Code   // what it means when they do not
	collect  bytes.Buffer // pli.json, or its header, while it is coming
	wanted   int          // length that collect waits for
	then     func() error // what follows expected or collect

	manifest *Manifest
	layout   *layout
	names    *Names
	results  []Result
	index    int // of the file whose bytes are coming
	body     io.WriteCloser
	sums     []hash.Hash // of the files, nil where nobody needs one
	left     int64
	done     bool
	err      error
}

// NewExtractor returns an extractor that gives files to sink.
func NewExtractor(sink Sink) *Extractor { return newExtractor(sink, max32) }

func newExtractor(sink Sink, far int64) *Extractor {
	if sink.NewHash == nil {
		sink.NewHash = sha256.New
	}
	x := &Extractor{sink: sink, far: far, names: NewNames()}
	x.expect(Prefix(), fault.PliNotOurs, x.beginManifest)
	return x
}

func (x *Extractor) expect(b []byte, code fault.Code, then func() error) {
	x.expected, x.code, x.then = b, code, then
}

func (x *Extractor) gather(n int, then func() error) {
	x.collect.Reset()
	x.wanted, x.then = n, then
}

// Write takes the next bytes of the pli. Errors stay: fault.PliNotOurs when
// the first 68 bytes are others, fault.PliMalformed for anything wrong after
// them, fault.EnvelopeUnsupported for a later format, and the sink's own
// errors (fault.WriteFailed when they carry no code).
func (x *Extractor) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 && x.err == nil {
		var n int
		n, x.err = x.step(p)
		p = p[n:]
	}
	return total - len(p), x.err
}

// step consumes some of p in the present state.
func (x *Extractor) step(p []byte) (int, error) {
	switch {
	case len(x.expected) > 0:
		n := min(len(p), len(x.expected))
		if !bytes.Equal(p[:n], x.expected[:n]) {
			return 0, fault.New(x.code)
		}
		x.expected = x.expected[n:]
		if len(x.expected) > 0 {
			return n, nil
		}
		return n, x.then()
	case x.wanted > 0:
		n := min(len(p), x.wanted-x.collect.Len())
		x.collect.Write(p[:n])
		if x.collect.Len() < x.wanted {
			return n, nil
		}
		x.wanted = 0
		return n, x.then()
	case x.left > 0:
		return x.writeBody(p)
	}
	return 0, fault.Newf(fault.PliMalformed, "trailing data")
}

// beginManifest reads the header of pli.json, of which size and CRC are free.
func (x *Extractor) beginManifest() error {
	x.gather(localSize+len(manifestName), func() error {
		header := bytes.Clone(x.collect.Bytes())
		le := binary.LittleEndian
		e := entry{name: manifestName, crc: le.Uint32(header[14:]), size: int64(le.Uint32(header[22:]))}
		if !bytes.Equal(header, e.local()) || e.size == 0 || e.size > MaxManifest {
			return fault.Newf(fault.PliMalformed, "pli.json")
		}
		x.gather(int(e.size), func() error { return x.readManifest(e.crc) })
		return nil
	})
	return nil
}

func (x *Extractor) readManifest(crc uint32) error {
	document := x.collect.Bytes()
	if crc32.ChecksumIEEE(document) != crc {
		return fault.Newf(fault.PliMalformed, "pli.json")
	}
	var err error
	if x.manifest, err = decode(document); err != nil {
		return err
	}
	x.layout = newLayout(document, x.manifest.Files, x.far)
	if x.layout.size() > MaxSize {
		return fault.New(fault.EnvelopeTooLarge)
	}
	if x.sink.Manifest != nil {
		if err := x.sink.Manifest(x.manifest); err != nil {
			return fault.Wrap(fault.WriteFailed, err)
		}
	}
	return x.nextFile()
}

func (x *Extractor) entry() *entry { return &x.layout.entries[2+x.index] }

// nextFile expects the next file's header, or the directory after the last.
func (x *Extractor) nextFile() error {
	if x.index == len(x.manifest.Files) {
		x.expect(x.layout.tail(), fault.PliMalformed, func() error {
			x.done = true
			return nil
		})
		return nil
	}
	x.expect(x.entry().local(), fault.PliMalformed, x.beginFile)
	return nil
}

func (x *Extractor) beginFile() error {
	file := x.manifest.Files[x.index]
	info := FileInfo{File: file, Index: x.index, SafeName: x.names.Safe(file.Name)}
	body, err := x.sink.File(info)
	if err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	x.body, x.left = body, file.Size
	x.sums = append(x.sums, x.sink.NewHash())
	x.results = append(x.results, Result{FileInfo: info})
	if x.left == 0 {
		return x.endFile()
	}
	return nil
}

func (x *Extractor) writeBody(p []byte) (int, error) {
	p = p[:min(int64(len(p)), x.left)]
	crc := crc32.Update(x.entry().crc, crc32.IEEETable, p)
	if sum := x.sums[x.index]; sum != nil {
		sum.Write(p)
	}
	if _, err := x.body.Write(p); err != nil {
		return 0, fault.Wrap(fault.WriteFailed, err)
	}
	return len(p), x.moved(int64(len(p)), crc)
}

// WriteStructure is Write for a caller that moves the files' bytes itself: it
// takes p only up to where those of a file begin, and returns how much that
// was. Body then says where they go.
func (x *Extractor) WriteStructure(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 && x.err == nil && x.left == 0 {
		var n int
		n, x.err = x.step(p)
		p = p[n:]
	}
	return total - len(p), x.err
}

// Body is where the next left bytes go, and the hash that wants them, nil if
// none does. left is 0 where bytes come that are not a file's. What went
// there must be told to Moved.
func (x *Extractor) Body() (dst io.WriteCloser, sum hash.Hash, left int64) {
	if x.left == 0 || x.err != nil {
		return nil, nil, 0
	}
	return x.body, x.sums[x.index], x.left
}

// Moved counts n bytes of Body; crc is the CRC-32 (IEEE) of the file as far as
// it has come. Errors are those of Write.
func (x *Extractor) Moved(n int64, crc uint32) error {
	if x.err == nil && (n < 0 || n > x.left) {
		x.err = fault.Newf(fault.Internal, "%d bytes of %d", n, x.left)
	}
	if x.err == nil {
		x.err = x.moved(n, crc)
	}
	return x.err
}

func (x *Extractor) moved(n int64, crc uint32) error {
	x.entry().crc = crc
	if x.left -= n; x.left > 0 {
		return nil
	}
	return x.endFile()
}

func (x *Extractor) endFile() error {
	body := x.body
	x.body = nil
	if err := body.Close(); err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	descriptor := x.entry().descriptor()
	x.index++
	x.expect(descriptor, fault.PliMalformed, x.nextFile)
	return nil
}

// Close ends the pli and must be called once, after an error too: it closes
// the file that is open. It returns what was extracted, or the error of Write,
// or fault.PliNotOurs or fault.PliMalformed when bytes are missing.
func (x *Extractor) Close() (*Manifest, []Result, error) {
	if x.body != nil {
		x.body.Close()
		x.body = nil
	}
	if x.err == nil && !x.done {
		x.err = fault.Newf(fault.PliMalformed, "truncated")
		if x.layout == nil && x.code == fault.PliNotOurs && len(x.expected) > 0 {
			x.err = fault.New(fault.PliNotOurs)
		}
	}
	if x.err != nil {
		return nil, nil, x.err
	}
	for i, sum := range x.sums {
		if sum != nil {
			x.results[i].Sum = hex.EncodeToString(sum.Sum(nil))
		}
	}
	return x.manifest, x.results, nil
}
