//go:build js && wasm

package webcrypto

import (
	"context"
	"crypto/subtle"
	"encoding/binary"

	"scelle/shared/envelope"
	"scelle/shared/envelope/ghash"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// chunkSize is how much SubtleCrypto gets at once, and inFlight how many
// chunks it has at once. From 1 MiB on every result is memory fresh from the
// kernel, and three times as slow.
const (
	chunkSize = 512 << 10
	inFlight  = 3
)

// Streams reports whether NewSealer and NewOpener do an algorithm here.
func Streams(a envelope.ContentAlgorithm) bool { return a.Authenticated() && handles(a) }

// Output takes a chunk of n bytes: a Uint8Array that holds them and may hold
// more, and is the callee's from then on.
type Output func(chunk bridge.Value, n int) error

// Sealer encrypts one AES-GCM content whose bytes stay in JavaScript's memory.
// Each chunk is one call: its IV is such that the cipher's first counter is
// the chunk's in the whole content, and its tag gives the chunk's GHASH. (No
// IV is used twice: the counters of a content do not overlap.)
type Sealer struct {
	ctx    context.Context
	gcm    *gcm
	room   *room
	used   int // bytes in the room
	out    Output
	flight []sealed
	mask   []byte // E_K(J0) of the oldest chunk in flight
}

// sealed is a chunk under way.
type sealed struct {
	promise *bridge.Promise
	n       int
	last    []byte // its last block of plaintext, when it is whole
}

// NewSealer begins a content; out gets the ciphertext in order. Errors:
// fault.Internal, fault.Cancelled.
func NewSealer(ctx context.Context, k envelope.ContentKey, out Output) (*Sealer, error) {
	if !Streams(k.Algorithm) {
		return nil, fault.Newf(fault.Internal, "%s is not streamed", k.Algorithm)
	}
	if err := checkLengths(k); err != nil {
		return nil, err
	}
	r, err := newRoom()
	if err != nil {
		return nil, err
	}
	g, err := newGCM(ctx, k)
	if err != nil {
		return nil, err
	}
	return &Sealer{ctx: ctx, gcm: g, room: r, out: out, mask: g.mask}, nil
}

// Write adds bytes of Go's.
func (s *Sealer) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		n := min(len(p)-done, roomSize-s.used)
		part, err := s.room.part(s.used, n)
		if err == nil {
			err = bridge.Fill(part, p[done:done+n])
		}
		if err == nil {
			err = s.filled(n)
		}
		if err != nil {
			return done, err
		}
		done += n
	}
	return len(p), nil
}

// WriteArray adds a Uint8Array of n bytes, which can be reused when it
// returns, and goes on with a CRC-32 (IEEE) over them.
func (s *Sealer) WriteArray(crc uint32, array bridge.Value, n int) (uint32, error) {
	for done := 0; done < n; {
		take := min(n-done, roomSize-s.used)
		part, err := bridge.Call(array, "subarray", done, done+take)
		if err == nil {
			err = s.room.put(s.used, part)
		}
		if err == nil {
			crc, err = s.room.crc(crc, s.used, take)
		}
		if err == nil {
			err = s.filled(take)
		}
		if err != nil {
			return crc, err
		}
		done += take
	}
	return crc, nil
}

// WriteBare is WriteArray without a sum, and mostly without a copy.
func (s *Sealer) WriteBare(array bridge.Value, n int) error {
	for done := 0; done < n; {
		take := min(n-done, roomSize-s.used)
		part, err := bridge.Call(array, "subarray", done, done+take)
		switch {
		case err != nil:
		case take == chunkSize:
			err = s.launch(part, take)
		default:
			if err = s.room.put(s.used, part); err == nil {
				err = s.filled(take)
			}
		}
		if err != nil {
			return err
		}
		done += take
	}
	return nil
}

// filled counts bytes in the room and sends a full one on its way.
func (s *Sealer) filled(n int) error {
	if s.used += n; s.used < roomSize {
		return nil
	}
	return s.flush()
}

// flush encrypts what is in the room.
func (s *Sealer) flush() error {
	n := s.used
	if n == 0 {
		return nil
	}
	part, err := s.room.part(0, n)
	if err != nil {
		return err
	}
	s.used = 0
	return s.launch(part, n)
}

// launch starts a chunk; SubtleCrypto has a copy of it then.
func (s *Sealer) launch(data bridge.Value, n int) error {
	g := s.gcm
	if err := g.admit(s.ctx, n); err != nil {
		return err
	}
	c := sealed{n: n}
	if n%blockSize == 0 {
		c.last = make([]byte, blockSize)
		if err := readPart(c.last, data, n-blockSize); err != nil {
			return err
		}
	}
	iv := g.key.IV(counterBlock(g.nonce, uint32(1+g.offset/blockSize)))
	array, err := bridge.ToJS(iv[:])
	if err != nil {
		return err
	}
	c.promise, err = g.subtle.start("encrypt", algorithm{"name": "AES-GCM", "iv": array, "tagLength": 128}, g.mac, data)
	if err != nil {
		return err
	}
	g.advance(n)
	s.flight = append(s.flight, c)
	if len(s.flight) < inFlight {
		return nil
	}
	return s.land()
}

// land waits for the oldest chunk, counts its tag and gives it out. The last
// block of its key stream is the mask of the next chunk's tag.
func (s *Sealer) land() error {
	c := s.flight[0]
	s.flight = s.flight[1:]
	defer clear(c.last)
	out, err := finish(s.ctx, c.promise)
	if err != nil {
		return err
	}
	end := make([]byte, len(c.last)+envelope.TagSize)
	if err := readPart(end, out, c.n-len(c.last)); err != nil {
		return err
	}
	g := s.gcm
	g.sum.Add(g.key.ChunkUnder(end[len(c.last):], s.mask, uint64(c.n)), uint64(c.n))
	if c.last != nil {
		s.mask = make([]byte, blockSize)
		subtle.XORBytes(s.mask, c.last, end)
	}
	return s.out(out, c.n)
}

// Finish gives out what is left and returns the tag.
func (s *Sealer) Finish() ([]byte, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	for len(s.flight) > 0 {
		if err := s.land(); err != nil {
			return nil, err
		}
	}
	tag := s.gcm.sum.Tag(s.gcm.mask, nil)
	return tag[:], nil
}

// Close wipes what it holds.
func (s *Sealer) Close() {
	s.room.wipe()
	for _, c := range s.flight {
		clear(c.last)
	}
	s.flight = nil
	s.gcm.Close()
}

// Opener decrypts one AES-GCM content whose bytes stay in JavaScript's memory.
// What it gives out is not authenticated before Finish says so.
type Opener struct {
	ctx    context.Context
	gcm    *gcm
	out    Output
	flight []opened
}

// opened is a chunk under way, and its tag.
type opened struct {
	plain, tag *bridge.Promise
	n          int
}

// NewOpener begins a content; out gets the plaintext in order. Errors are
// those of NewSealer.
func NewOpener(ctx context.Context, k envelope.ContentKey, out Output) (*Opener, error) {
	if !Streams(k.Algorithm) {
		return nil, fault.Newf(fault.Internal, "%s is not streamed", k.Algorithm)
	}
	if err := checkLengths(k); err != nil {
		return nil, err
	}
	g, err := newGCM(ctx, k)
	if err != nil {
		return nil, err
	}
	return &Opener{ctx: ctx, gcm: g, out: out}, nil
}

// WriteArray decrypts a Uint8Array of n bytes, whole blocks in every call but
// the last; it can be reused when WriteArray returns.
func (o *Opener) WriteArray(array bridge.Value, n int) error {
	for done := 0; done < n; {
		take := min(n-done, chunkSize)
		part, err := bridge.Call(array, "subarray", done, done+take)
		if err == nil {
			err = o.launch(part, take)
		}
		if err != nil {
			return err
		}
		done += take
	}
	return nil
}

// launch starts a chunk and its tag.
func (o *Opener) launch(data bridge.Value, n int) error {
	g := o.gcm
	if err := g.admit(o.ctx, n); err != nil {
		return err
	}
	plain, err := g.startCTR(g.nonce, uint32(2+g.offset/blockSize), data)
	if err != nil {
		return err
	}
	tag, err := g.tagOf(data)
	if err != nil {
		return err
	}
	g.advance(n)
	o.flight = append(o.flight, opened{plain, tag, n})
	if len(o.flight) < inFlight {
		return nil
	}
	return o.land()
}

// land waits for the oldest chunk, counts its tag and gives it out.
func (o *Opener) land() error {
	c := o.flight[0]
	o.flight = o.flight[1:]
	tag, err := finish(o.ctx, c.tag)
	if err != nil {
		return err
	}
	if err := o.gcm.count(tag, c.n); err != nil {
		return err
	}
	out, err := finish(o.ctx, c.plain)
	if err != nil {
		return err
	}
	return o.out(out, c.n)
}

// Finish gives out what is left and compares the tag, as
// [envelope.ContentDecrypter] says.
func (o *Opener) Finish(tag, aad []byte) error {
	for len(o.flight) > 0 {
		if err := o.land(); err != nil {
			return err
		}
	}
	if !o.gcm.sum.Verify(tag, o.gcm.mask, aad) {
		return fault.New(fault.EnvelopeUnreadable)
	}
	return nil
}

// Close wipes what it holds.
func (o *Opener) Close() {
	o.flight = nil
	o.gcm.Close()
}

// readPart copies len(dst) bytes of a Uint8Array from an offset on.
func readPart(dst []byte, array bridge.Value, from int) error {
	part, err := bridge.Call(array, "subarray", from, from+len(dst))
	if err != nil {
		return err
	}
	return bridge.Read(dst, part)
}

// counterBlock is the nonce with a counter behind it.
func counterBlock(nonce [envelope.NonceSize]byte, counter uint32) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, ghash.BlockSize), nonce[:]...), counter)
}
