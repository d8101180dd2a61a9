//go:build js && wasm

package main

import (
	"context"
	"hash"
	"io"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/webcrypto"
)

// arrays gives a source's bytes as Uint8Arrays, as bridge.FileReader does.
type arrays interface {
	Next() (array bridge.Value, n int, err error)
}

// chunkWriter takes chunks too, as bridge.SyncFile does.
type chunkWriter interface {
	io.Writer
	WriteChunks(c bridge.Chunks, from, n int) error
}

// browserMover keeps the bytes of files in JavaScript's memory: slices of a
// File go to SubtleCrypto, from there to the file that is written, and from
// there to the digest worker. Go sees headers, tags and structure.
type browserMover struct {
	summer *webcrypto.Summer // nil: each opening makes one
}

// moverFor is the mover for files of this size: small ones are not worth it.
func moverFor(size int64) mover {
	if size < webcrypto.WorthWorker || !bridge.HasChunks() {
		return nil
	}
	return browserMover{}
}

// sealMove is one sealing on its way.
type sealMove struct {
	out            chunkWriter
	whole, content hash.Hash // nil where nobody wants them
	sealer         *webcrypto.Sealer
	size           int64 // bytes written
	hand           hand
}

// hand gives an array up, to the hashes that want all of it.
type hand func(array bridge.Value, n int, hashes ...hash.Hash) error

// handArray is hand for arrays that nobody else has.
func handArray(array bridge.Value, n int, hashes ...hash.Hash) error {
	c, err := bridge.Wrap(array)
	if err != nil {
		return err
	}
	return webcrypto.Hand(c, allOf(n, hashes...)...)
}

// allOf are parts that are n bytes from the start.
func allOf(n int, hashes ...hash.Hash) []webcrypto.Part {
	parts := make([]webcrypto.Part, len(hashes))
	for i, h := range hashes {
		parts[i] = webcrypto.Part{Hash: h, Length: n}
	}
	return parts
}

// newSealMove begins an envelope: it writes the header. Close it.
func newSealMove(ctx context.Context, plan *envelope.Plan, out chunkWriter, newHash func() hash.Hash) (*sealMove, error) {
	m := &sealMove{out: out, hand: handArray}
	if newHash != nil {
		m.whole, m.content = newHash(), newHash()
	}
	var err error
	if m.sealer, err = webcrypto.NewSealer(ctx, plan.Key, m.chunks); err != nil {
		return nil, err
	}
	if err := m.write(plan.Header); err != nil {
		m.sealer.Close()
		return nil, err
	}
	return m, nil
}

// write adds bytes to the envelope that are not content.
func (m *sealMove) write(b []byte) error {
	if m.whole != nil {
		m.whole.Write(b)
	}
	n, err := m.out.Write(b)
	m.size += int64(n)
	return fault.Wrap(fault.WriteFailed, err)
}

// chunks writes ciphertext, and gives it to the fingerprints.
func (m *sealMove) chunks(c bridge.Chunks) error {
	n := c.Len()
	if err := m.out.WriteChunks(c, 0, n); err != nil {
		return err
	}
	m.size += int64(n)
	return webcrypto.Hand(c, allOf(n, m.whole, m.content)...)
}

// end writes what follows the content.
func (m *sealMove) end(plan *envelope.Plan) (r envelope.Receipt, err error) {
	tag, err := m.sealer.Finish()
	if err != nil {
		return r, err
	}
	trailer, err := plan.Trailer(tag)
	if err != nil {
		return r, err
	}
	if err := m.write(trailer); err != nil {
		return r, err
	}
	r.Size = m.size
	if m.whole != nil {
		m.content.Write(tag)
		m.whole.Sum(r.SHA256[:0])
		m.content.Sum(r.ContentSHA256[:0])
	}
	return r, nil
}

func (browserMover) seal(ctx context.Context, s *sealing, out io.Writer, c *content, o envelope.SealOptions) (envelope.Receipt, bool, error) {
	to, known := out.(chunkWriter)
	if !known || o.Profile != envelope.ProfileDefault {
		return envelope.Receipt{}, false, nil
	}
	plan, err := envelope.NewPlan(o)
	if err != nil {
		return envelope.Receipt{}, true, err
	}
	defer plan.Key.Wipe()
	in, err := startReading(ctx, s.files)
	if err != nil {
		return envelope.Receipt{}, true, err
	}
	defer in.close()
	m, err := newSealMove(ctx, plan, to, s.newHash)
	if err != nil {
		return envelope.Receipt{}, true, err
	}
	defer m.sealer.Close()
	if err := m.files(s, c, in); err != nil {
		return envelope.Receipt{}, true, err
	}
	r, err := m.end(plan)
	return r, true, err
}

// files seals the archive, or the one file as it is.
func (m *sealMove) files(s *sealing, c *content, from *reading) error {
	meter := s.meter(c.size)
	for i := range s.files {
		if err := m.entry(s, c, i, from, meter); err != nil {
			return err
		}
	}
	return nil
}

// entry seals file i with what the archive says around it.
func (m *sealMove) entry(s *sealing, c *content, i int, from *reading, meter *meter) error {
	in := from.next()
	defer in.Close()
	if c.plan == nil {
		return m.bare(in, s.sums[i], meter)
	}
	if err := m.structure(c.plan.Before(i), meter); err != nil {
		return err
	}
	crc, err := m.file(in, s.sums[i], meter)
	if err != nil {
		return err
	}
	return m.structure(c.plan.After(i, crc), meter)
}

// structure seals bytes of the archive that are not a file's.
func (m *sealMove) structure(b []byte, meter *meter) error {
	_, err := m.sealer.Write(b)
	meter.add(len(b))
	return err
}

// file seals the bytes of one file and returns their CRC-32.
func (m *sealMove) file(in arrays, sum hash.Hash, meter *meter) (crc uint32, err error) {
	return crc, each(in, m.run(&crc, sum, meter), func(array bridge.Value, n int) error {
		if crc, err = m.sealer.WriteArray(crc, array, n); err != nil {
			return err
		}
		meter.add(n)
		return m.hand(array, n, sum)
	})
}

// bare seals the bytes of one file that is all of the content.
func (m *sealMove) bare(in arrays, sum hash.Hash, meter *meter) error {
	return each(in, m.run(nil, sum, meter), func(array bridge.Value, n int) error {
		if err := m.sealer.WriteBare(array, n); err != nil {
			return err
		}
		meter.add(n)
		return m.hand(array, n, sum)
	})
}

// run moves what can be moved without Go.
func (m *sealMove) run(crc *uint32, sum hash.Hash, meter *meter) func(in *bridge.FileReader) (bool, error) {
	out, known := m.out.(*bridge.SyncFile)
	return func(in *bridge.FileReader) (bool, error) {
		if !known {
			return false, nil
		}
		moved, err := m.sealer.Run(in, out, crc, webcrypto.Sums{Plain: []hash.Hash{sum}, Cipher: []hash.Hash{m.whole, m.content}})
		if moved {
			m.size += webcrypto.RunSize
			meter.add(webcrypto.RunSize)
		}
		return moved, err
	}
}

// each does something with every array of a source, but for those that run
// takes away.
func each(in arrays, run func(in *bridge.FileReader) (bool, error), do func(array bridge.Value, n int) error) error {
	file, known := in.(*bridge.FileReader)
	for {
		if known && webcrypto.Ready(file) {
			moved, err := run(file)
			if err != nil {
				return err
			}
			if moved {
				continue
			}
		}
		array, n, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = do(array, n)
		}
		if err != nil {
			return err
		}
	}
}
