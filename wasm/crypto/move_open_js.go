//go:build js && wasm

package main

import (
	"context"
	"hash"
	"io"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/webcrypto"
)

// openMove is one opening on its way.
type openMove struct {
	to             receiver
	whole, content hash.Hash         // nil where nobody wants them
	summer         *webcrypto.Summer // nil where no CRC is wanted
	crc            uint32            // of the file that is coming
	held           bool              // the structure is wrong: nothing more is written, and the tag decides what is said
	size           int64             // of the plaintext
	hand           hand              // for ciphertext
}

func (b browserMover) open(ctx context.Context, o *opening, to receiver, key *givenKey) (*envelope.Report, bool, error) {
	file, known := o.file.(browserFile)
	if !known {
		return nil, false, nil
	}
	if file.Size() <= bridge.SliceSize {
		held, err := file.Held(ctx)
		if err != nil {
			return nil, true, err
		}
		defer held.Drop()
		file = browserFile{held}
	}
	opening, err := begin(ctx, file, key)
	if err != nil {
		return nil, true, err
	}
	defer opening.Key.Wipe()
	info := opening.Info
	if !opening.Contiguous() || !webcrypto.Streams(info.Algorithm) || info.ContentOffset+info.ContentLength > file.Size() {
		return nil, false, nil
	}
	m := &openMove{to: to, whole: o.newHash(), content: o.newHash(), hand: handArray}
	if _, archive := to.(*pli.Extractor); archive {
		if m.summer = b.summer; m.summer == nil {
			if m.summer, err = webcrypto.NewSummer(); err != nil {
				return nil, true, err
			}
		}
		defer m.summer.Close()
	}
	if err := m.run(ctx, file.File, opening, o.meter()); err != nil {
		return nil, true, err
	}
	r := &envelope.Report{Info: info, Authenticated: info.Authenticated, Size: m.size}
	m.whole.Sum(r.SHA256[:0])
	m.content.Sum(r.ContentSHA256[:0])
	return r, true, nil
}

// run decrypts the content and checks the tag. The order of what can go wrong
// is that of envelope.Open.
func (m *openMove) run(ctx context.Context, file bridge.File, opening *envelope.Opening, meter *meter) error {
	start := opening.Info.ContentOffset
	end := start + opening.Info.ContentLength
	middle, err := file.Part(start, end)
	if err != nil {
		return err
	}
	in := middle.Reader(ctx).Begin()
	defer in.Close()
	if err := m.hashHeader(ctx, file, start, meter); err != nil {
		return err
	}
	opener, err := webcrypto.NewOpener(ctx, opening.Key, m.chunks)
	if err != nil {
		return err
	}
	defer opener.Close()
	last, err := file.Part(end, file.Size())
	if err != nil {
		return err
	}
	rest := last.Reader(ctx).Begin()
	defer rest.Close()
	if err := m.decrypt(opener, in, meter); err != nil {
		return err
	}
	behind := io.Reader(rest)
	if m.whole != nil {
		behind = io.TeeReader(behind, io.MultiWriter(m.whole, meter))
	}
	tag, aad, err := opening.Trailer(behind)
	if err != nil {
		return err
	}
	if m.content != nil {
		m.content.Write(tag)
	}
	return opener.Finish(tag, aad)
}

// hashHeader adds what stands before the content to the file's fingerprint.
func (m *openMove) hashHeader(ctx context.Context, file bridge.File, n int64, meter *meter) error {
	if m.whole == nil {
		return nil
	}
	header, err := file.Part(0, n)
	if err != nil {
		return err
	}
	in := header.Reader(ctx)
	defer in.Close()
	_, err = io.Copy(io.MultiWriter(m.whole, meter), in)
	return err
}

// decrypt sends the ciphertext through the cipher and to the fingerprints.
func (m *openMove) decrypt(opener *webcrypto.Opener, in arrays, meter *meter) error {
	run := func(in *bridge.FileReader) (bool, error) { return m.move(opener, in, meter) }
	return each(in, run, func(array bridge.Value, n int) error {
		if err := opener.WriteArray(array, n); err != nil {
			return err
		}
		meter.add(n)
		return m.hand(array, n, m.whole, m.content)
	})
}

// move moves what can be moved without Go: bytes of one file, far from its end.
func (m *openMove) move(opener *webcrypto.Opener, in *bridge.FileReader, meter *meter) (bool, error) {
	if err := opener.Settle(); err != nil || m.held {
		return false, err
	}
	dst, sum, left := m.to.Body()
	out, known := dst.(*bridge.SyncFile)
	if !known || left < webcrypto.RunSize {
		return false, nil
	}
	moved, err := opener.Run(in, out, m.summer, &m.crc, webcrypto.Sums{Plain: []hash.Hash{sum}, Cipher: []hash.Hash{m.whole, m.content}})
	if err != nil || !moved {
		return false, err
	}
	m.size += webcrypto.RunSize
	meter.add(webcrypto.RunSize)
	return true, m.to.Moved(webcrypto.RunSize, m.crc)
}

// chunks takes decrypted bytes. What their structure says is held back until
// the tag was checked, as by patient.
func (m *openMove) chunks(c bridge.Chunks) error {
	var parts []webcrypto.Part
	for at := 0; at < c.Len() && !m.held; {
		taken, part, err := m.take(c, at)
		if err != nil {
			if !structural(err) {
				return err
			}
			m.held = true
		}
		parts = append(parts, part)
		at += taken
	}
	m.size += int64(c.Len())
	return webcrypto.Hand(c, parts...)
}

// maxStructure is how much is given to the extractor at once where it does not
// wait for a file's bytes.
const maxStructure = 4 << 10

// take moves bytes from an offset on, as far as they are of one kind, and
// returns how many these were and what a hash wants of them.
func (m *openMove) take(c bridge.Chunks, at int) (int, webcrypto.Part, error) {
	dst, sum, left := m.to.Body()
	if left == 0 {
		m.crc = 0
		b := make([]byte, min(c.Len()-at, maxStructure))
		if err := c.Read(b, at); err != nil {
			return 0, webcrypto.Part{}, err
		}
		defer clear(b)
		taken, err := m.to.WriteStructure(b)
		return taken, webcrypto.Part{}, err
	}
	taken := int(min(left, int64(c.Len()-at)))
	err := m.store(dst, c, at, taken)
	if err == nil {
		err = m.to.Moved(int64(taken), m.crc)
	}
	return taken, webcrypto.Part{Hash: sum, From: at, Length: taken}, err
}

// store writes bytes of a file and goes on with its CRC-32.
func (m *openMove) store(dst io.Writer, c bridge.Chunks, at, n int) (err error) {
	if m.summer != nil {
		if m.crc, err = m.summer.CRC(m.crc, c, at, n); err != nil {
			return err
		}
	}
	if out, ok := dst.(chunkWriter); ok {
		return out.WriteChunks(c, at, n)
	}
	b := make([]byte, n)
	defer clear(b)
	if err := c.Read(b, at); err != nil {
		return err
	}
	_, err = dst.Write(b)
	return fault.Wrap(fault.WriteFailed, err)
}
