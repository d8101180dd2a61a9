//go:build js && wasm

package main

import (
	"context"
	"crypto/elliptic"
	"hash"
	"io"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/webcrypto"
)

// BenchmarkMeasure measures the code of seal.go and open.go in a browser's
// Worker: make bench compiles it and runs each part in a Worker of its own.
// The page leaves the file to work on in globalThis.measureFile.
func BenchmarkMeasure(b *testing.B) {
	m := newMeasure(b)
	for name, run := range map[string]func(*testing.B){
		"seal-memory": m.sealMemory,
		"seal-cbc":    m.sealCBC,
		"open-memory": m.openMemory,
		"open-cbc":    m.openCBC,
		"seal-file":   m.sealFile,
		"open-file":   m.openFile,
		"seal-pli":    m.sealPli,
		"open-pli":    m.openPli,
		// What takes longest of a pli, without the rest.
		"fingerprints": m.fingerprints,
		// What a run costs before its clock starts.
		"nothing": func(b *testing.B) { b.ReportMetric(1, "ns/op") }, // none is printed for 0
	} {
		b.Run(name, run)
	}
}

// measure is what the parts share.
type measure struct {
	ctx  context.Context
	file browserFile
	pair *certtest.Pair
	dir  bridge.Dir
}

func newMeasure(b *testing.B) *measure {
	v, ok := bridge.Lookup("measureFile")
	if !ok {
		b.Skip("run make bench")
	}
	f, err := bridge.AsFile(v)
	fatal(b, err)
	m := &measure{ctx: context.Background(), file: browserFile{f}}
	m.pair = certtest.SelfSigned(b, certtest.Options{CommonName: "Banc", Curve: elliptic.P256()})
	root, err := bridge.RootDir(m.ctx)
	fatal(b, err)
	m.dir, err = root.Sub(m.ctx, "measure")
	fatal(b, err)
	return m
}

func fatal(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// noHash stands for the fingerprints where a bare envelope is measured.
type noHash struct{ hash.Hash }

func (noHash) Write(p []byte) (int, error) { return len(p), nil }
func (noHash) Sum(b []byte) []byte         { return append(b, make([]byte, 32)...) }

func newNoHash() hash.Hash { return noHash{} }

// array is bytes in JavaScript's memory, read and written from the start.
type array struct {
	v        bridge.Value
	at, size int
}

func newArray(b *testing.B, size int) *array {
	v, err := bridge.NewBytes(size)
	fatal(b, err)
	return &array{v: v, size: size}
}

func (a *array) Read(p []byte) (int, error) {
	n := min(len(p), a.size-a.at)
	if n == 0 {
		return 0, io.EOF
	}
	part, err := bridge.Call(a.v, "subarray", a.at, a.at+n)
	if err != nil {
		return 0, err
	}
	a.at += n
	return n, bridge.Read(p[:n], part)
}

func (a *array) Write(p []byte) (int, error) {
	part, err := bridge.Call(a.v, "subarray", a.at, a.at+len(p))
	if err != nil {
		return 0, err
	}
	a.at += len(p)
	return len(p), bridge.Fill(part, p)
}

// arraySlice is how many bytes an array gives at once, as a file does.
const arraySlice = bridge.SliceSize

// Next gives the next bytes without a copy.
func (a *array) Next() (bridge.Value, int, error) {
	n := min(arraySlice, a.size-a.at)
	if n == 0 {
		return a.v, 0, io.EOF
	}
	part, err := bridge.Call(a.v, "subarray", a.at, a.at+n)
	a.at += n
	return part, n, err
}

// WriteChunks copies n bytes.
func (a *array) WriteChunks(c bridge.Chunks, from, n int) error {
	part, err := bridge.Call(a.v, "subarray", a.at, a.at+n)
	if err != nil {
		return err
	}
	a.at += n
	return c.CopyTo(part, from, n)
}

// Close does nothing.
func (a *array) Close() error { return nil }

// kept is the hand of arrays that stay.
func kept(bridge.Value, int, ...hash.Hash) error { return nil }

func (m *measure) meter() *meter {
	return &meter{total: m.file.Size(), report: func(int64, int64) {}, now: time.Now}
}

// bare seals in to out by the product's own steps, as a bare envelope: one
// content, no archive, no fingerprint.
func (m *measure) bare(b *testing.B, out chunkWriter, in arrays, hand hand) {
	plan, err := envelope.NewPlan(m.options(m.file.Size(), envelope.ProfileDefault))
	fatal(b, err)
	defer plan.Key.Wipe()
	s, err := newSealMove(m.ctx, plan, out, nil)
	fatal(b, err)
	defer s.sealer.Close()
	s.hand = hand
	fatal(b, s.bare(in, nil, m.meter()))
	_, err = s.end(plan)
	fatal(b, err)
}

// unbare opens what bare made, of which head is the start and end what follows
// the content.
func (m *measure) unbare(b *testing.B, to io.WriteCloser, key *givenKey, head io.Reader, rest func(*envelope.Opening) (in arrays, end io.Reader), hand hand) {
	opening, err := envelope.NewOpening(m.ctx, head, key)
	fatal(b, err)
	defer opening.Key.Wipe()
	o := &openMove{to: single{to, nil}, hand: hand}
	in, end := rest(opening)
	opener, err := webcrypto.NewOpener(m.ctx, opening.Key, o.chunks)
	fatal(b, err)
	defer opener.Close()
	fatal(b, o.decrypt(opener, in, m.meter()))
	tag, aad, err := opening.Trailer(end)
	fatal(b, err)
	fatal(b, opener.Finish(tag, aad))
}

func (m *measure) options(size int64, p envelope.Profile) envelope.SealOptions {
	r := []envelope.Recipient{{Certificate: m.pair.DER}}
	return envelope.SealOptions{Recipients: r, Profile: p, Length: size, Cipher: webcrypto.Cipher(), NewHash: newNoHash}
}

// sealed seals without measuring and returns the content key.
func (m *measure) sealed(b *testing.B, out io.Writer, in io.Reader, o envelope.SealOptions, header func() io.Reader) *givenKey {
	_, err := envelope.Seal(m.ctx, out, in, o)
	fatal(b, err)
	return m.keyOf(b, header())
}

// keyOf does what the host does: it unwraps the content key.
func (m *measure) keyOf(b *testing.B, sealed io.Reader) *givenKey {
	info, err := envelope.Inspect(sealed)
	fatal(b, err)
	identity, err := envelope.NewPrivateKeyUnwrapper(m.pair.Key, m.pair.DER)
	fatal(b, err)
	key, err := identity.Unwrap(m.ctx, &info.Header.RecipientInfos[0], info.Content)
	fatal(b, err)
	return &givenKey{key: key}
}

// filled is an array of the file's size whose memory is there.
func (m *measure) filled(b *testing.B) *array {
	in := newArray(b, int(m.file.Size()))
	_, err := bridge.Call(in.v, "fill", 7)
	fatal(b, err)
	return in
}

func (m *measure) sealMemory(b *testing.B) {
	in := m.filled(b)
	need, err := envelope.SealedSize(m.options(m.file.Size(), envelope.ProfileDefault))
	fatal(b, err)
	b.ResetTimer()
	m.bare(b, newArray(b, int(need)), in, kept)
}

func (m *measure) openMemory(b *testing.B) {
	need, err := envelope.SealedSize(m.options(m.file.Size(), envelope.ProfileDefault))
	fatal(b, err)
	sealed := newArray(b, int(need))
	m.bare(b, sealed, m.filled(b), kept)
	head := &array{v: sealed.v, size: sealed.size}
	key := m.keyOf(b, &array{v: sealed.v, size: sealed.size})
	b.ResetTimer()
	m.unbare(b, newArray(b, int(m.file.Size())), key, head, func(o *envelope.Opening) (arrays, io.Reader) {
		end := int(o.Info.ContentOffset + o.Info.ContentLength)
		in := &array{v: sealed.v, at: int(o.Info.ContentOffset), size: end}
		return in, &array{v: sealed.v, at: end, size: sealed.size}
	}, kept)
}

func (m *measure) sealCBC(b *testing.B) {
	size := m.file.Size()
	in := m.filled(b)
	o := m.options(size, envelope.ProfileCBC)
	need, err := envelope.SealedSize(o)
	fatal(b, err)
	b.ResetTimer()
	out := newArray(b, int(need))
	_, err = envelope.Seal(m.ctx, out, in, o)
	fatal(b, err)
}

func (m *measure) openCBC(b *testing.B) {
	size := m.file.Size()
	o := m.options(size, envelope.ProfileCBC)
	need, err := envelope.SealedSize(o)
	fatal(b, err)
	in := newArray(b, int(need))
	key := m.sealed(b, in, newArray(b, int(size)), o, func() io.Reader { in.at = 0; return in })
	in.at = 0
	b.ResetTimer()
	_, err = envelope.Open(m.ctx, newArray(b, int(size)), in, envelope.OpenOptions{Unwrapper: key, Cipher: webcrypto.Cipher(), NewHash: newNoHash})
	fatal(b, err)
}

func (m *measure) create(b *testing.B, name string) io.WriteCloser {
	out, err := m.dir.Create(m.ctx, name)
	fatal(b, err)
	return out
}

func (m *measure) stored(b *testing.B, name string) browserFile {
	f, err := m.dir.Open(m.ctx, name)
	fatal(b, err)
	return browserFile{f}
}

func (m *measure) sealFile(b *testing.B) {
	b.ResetTimer()
	m.sealedFile(b)
}

func (m *measure) sealedFile(b *testing.B) {
	out, err := m.dir.Create(m.ctx, "sealed")
	fatal(b, err)
	in := m.file.Reader(m.ctx).Begin()
	m.bare(b, out, in, handArray)
	fatal(b, out.Close())
	fatal(b, in.Close())
}

func (m *measure) openFile(b *testing.B) {
	m.sealedFile(b)
	sealed := m.stored(b, "sealed")
	key := m.keyOf(b, sealed.Open(m.ctx))
	b.ResetTimer()
	plain := m.create(b, "plain")
	head, err := headOf(m.ctx, sealed)
	fatal(b, err)
	m.unbare(b, plain, key, head, func(o *envelope.Opening) (arrays, io.Reader) {
		end := o.Info.ContentOffset + o.Info.ContentLength
		in, err := sealed.Part(o.Info.ContentOffset, end)
		fatal(b, err)
		last, err := sealed.Part(end, sealed.Size())
		fatal(b, err)
		return in.Reader(m.ctx).Begin(), last.Reader(m.ctx).Begin()
	}, handArray)
	fatal(b, plain.Close())
}

// sealPli is all of pli.seal, as bridgeServer.seal runs it.
func (m *measure) sealPli(b *testing.B) { m.pli(b) }

func (m *measure) pli(b *testing.B) {
	digests := webcrypto.NewDigests()
	job := &sealing{
		site: unlisted(), params: protocol.SealParams{
			Recipients: []protocol.SealRecipient{{Certificate: m.pair.DER}}, Tender: "T-1", Kind: "offre", Depositor: "Banc",
		},
		files: []source{m.file}, cipher: webcrypto.Cipher(), newHash: digests.For(m.ctx, m.file.Size()), now: time.Now, space: bridge.NeedSpace,
		mover:    moverFor(m.file.Size()),
		create:   func(ctx context.Context) (io.WriteCloser, error) { return m.dir.Create(ctx, "sealed") },
		progress: func(int64, int64) {},
	}
	b.ResetTimer()
	_, err := job.run(m.ctx)
	fatal(b, err)
}

// openPli is all of "open", as cryptoWorker.open runs it.
func (m *measure) openPli(b *testing.B) {
	m.pli(b)
	sealed := m.stored(b, "sealed")
	digests := webcrypto.NewDigests()
	job := &opening{
		file: sealed, key: m.keyOf(b, sealed.Open(m.ctx)).key, tender: "T-1",
		cipher: webcrypto.Cipher(), newHash: digests.For(m.ctx, m.file.Size()), now: time.Now,
		mover: moverFor(m.file.Size()),
		create: func(ctx context.Context, name string) (io.WriteCloser, error) {
			return m.dir.Create(ctx, "plain-"+name)
		},
		progress: func(int64, int64) {},
	}
	b.ResetTimer()
	opened, err := job.run(m.ctx)
	fatal(b, err)
	if len(opened.Files) != 1 || opened.Files[0].Size != m.file.Size() {
		b.Fatal(opened)
	}
}

// fingerprints takes the three sums of a pli's bytes, from memory and beside
// nothing else: a whole pli is never faster.
func (m *measure) fingerprints(b *testing.B) {
	newHash := webcrypto.NewDigests().For(m.ctx, m.file.Size())
	sums := []hash.Hash{newHash(), newHash(), newHash()}
	b.ResetTimer()
	for left := m.file.Size(); left > 0; left -= arraySlice {
		n := int(min(left, arraySlice))
		bytes, err := bridge.NewBytes(n)
		fatal(b, err)
		fatal(b, handArray(bytes, n, sums...))
	}
	for _, sum := range sums {
		sum.Sum(nil)
	}
}
