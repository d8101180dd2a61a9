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
	return crc, each(in, func(array bridge.Value, n int) error {
		if crc, err = m.sealer.WriteArray(crc, array, n); err != nil {
			return err
		}
		meter.add(n)
		return m.hand(array, n, sum)
	})
}

// bare seals the bytes of one file that is all of the content.
func (m *sealMove) bare(in arrays, sum hash.Hash, meter *meter) error {
	return each(in, func(array bridge.Value, n int) error {
		if err := m.sealer.WriteBare(array, n); err != nil {
			return err
		}
		meter.add(n)
		return m.hand(array, n, sum)
	})
}

// each does something with every array of a source.
func each(in arrays, do func(array bridge.Value, n int) error) error {
	for {
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
	return each(in, func(array bridge.Value, n int) error {
		if err := opener.WriteArray(array, n); err != nil {
			return err
		}
		meter.add(n)
		return m.hand(array, n, m.whole, m.content)
	})
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
