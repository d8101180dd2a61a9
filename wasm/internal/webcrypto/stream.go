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

// chunkSize is how much SubtleCrypto gets at once: from 1 MiB on every result
// is memory fresh from the kernel, and three times as slow. groupSize is how
// much goes to chunks.js at once, as much as a file gives, and inFlight how many
// groups it has at once; with more the memory of results is not used again soon
// enough.
const (
	groupSize = bridge.PieceSize
	chunkSize = groupSize / 2
	inFlight  = 2
)

// Streams reports whether NewSealer and NewOpener do an algorithm here.
func Streams(a envelope.ContentAlgorithm) bool {
	return a.Authenticated() && handles(a) && bridge.HasChunks()
}

// Output takes the next bytes, which are the callee's from then on.
type Output func(c bridge.Chunks) error

// group is some chunks under way, of n bytes in all.
type group struct {
	promise *bridge.Promise
	n       int
}

// startGroup calls chunks.js.
func startGroup(verb string, n int, args ...any) (group, error) {
	seam, ok := bridge.Lookup("scelleChunks")
	if !ok {
		return group{}, fault.Newf(fault.Internal, "no chunks.js")
	}
	p, err := bridge.Start(seam, fault.Internal, verb, args...)
	return group{p, n}, err
}

// wait returns the chunks, and the blocks that came with them, per for each.
func (c group) wait(ctx context.Context, per int) (chunks bridge.Chunks, ends []byte, err error) {
	v, err := c.promise.Wait(ctx)
	if err != nil {
		return chunks, nil, err
	}
	array, err := bridge.Get(v, "ends")
	if err != nil {
		return chunks, nil, err
	}
	ends = make([]byte, (c.n+chunkSize-1)/chunkSize*per*blockSize)
	if err := bridge.Read(ends, array); err != nil {
		return chunks, nil, err
	}
	bridge.Wipe(array)
	v, err = bridge.Get(v, "chunks")
	return bridge.AsChunks(v), ends, err
}

// chunksOf calls fn for each chunk of n bytes.
func chunksOf(n int, fn func(i, size int)) {
	for i := 0; i*chunkSize < n; i++ {
		fn(i, min(chunkSize, n-i*chunkSize))
	}
}

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
	flight []group
	mask   []byte // E_K(J0) of the oldest chunk in flight
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
		case take == groupSize:
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

// launch starts a group; SubtleCrypto has a copy of it then.
func (s *Sealer) launch(data bridge.Value, n int) error {
	g := s.gcm
	if err := g.admit(s.ctx, n); err != nil {
		return err
	}
	array, err := bridge.ToJS(s.ivs(n))
	if err != nil {
		return err
	}
	c, err := startGroup("seal", n, g.mac, array, data, chunkSize)
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

// ivs are those of the chunks of the next n bytes.
func (s *Sealer) ivs(n int) (ivs []byte) {
	g := s.gcm
	chunksOf(n, func(i, _ int) {
		at := g.offset + int64(i)*chunkSize
		iv := g.key.IV(counterBlock(g.nonce, uint32(1+at/blockSize)))
		ivs = append(ivs, iv[:]...)
	})
	return ivs
}

// land waits for the oldest group, counts its tags and gives it out. The last
// block of a chunk's key stream is the mask of the next chunk's tag.
func (s *Sealer) land() error {
	c := s.flight[0]
	s.flight = s.flight[1:]
	out, ends, err := c.wait(s.ctx, 3)
	if err != nil {
		return err
	}
	s.count(c.n, ends)
	return s.out(out)
}

// count adds the tags of n bytes to the sum, and wipes the ends.
func (s *Sealer) count(n int, ends []byte) {
	defer clear(ends)
	g := s.gcm
	chunksOf(n, func(i, n int) {
		end := ends[3*blockSize*i:]
		g.sum.Add(g.key.ChunkUnder(end[2*blockSize:3*blockSize], s.mask, uint64(n)), uint64(n))
		s.mask = make([]byte, blockSize)
		subtle.XORBytes(s.mask, end[:blockSize], end[blockSize:2*blockSize])
	})
}

// settle waits for all groups that are under way.
func (s *Sealer) settle() error {
	for len(s.flight) > 0 {
		if err := s.land(); err != nil {
			return err
		}
	}
	return nil
}

// Finish gives out what is left and returns the tag.
func (s *Sealer) Finish() ([]byte, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	if err := s.settle(); err != nil {
		return nil, err
	}
	tag := s.gcm.sum.Tag(s.gcm.mask, nil)
	return tag[:], nil
}

// Close wipes what it holds.
func (s *Sealer) Close() {
	s.room.wipe()
	s.flight = nil
	s.gcm.Close()
}

// Opener decrypts one AES-GCM content whose bytes stay in JavaScript's memory.
// What it gives out is not authenticated before Finish says so.
type Opener struct {
	ctx    context.Context
	gcm    *gcm
	out    Output
	flight []group
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
		take := min(n-done, groupSize)
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

// launch starts a group and its tags.
func (o *Opener) launch(data bridge.Value, n int) error {
	g := o.gcm
	if err := g.admit(o.ctx, n); err != nil {
		return err
	}
	array, err := bridge.ToJS(o.counters(n))
	if err != nil {
		return err
	}
	c, err := startGroup("open", n, g.ctr, g.mac, g.zero, array, data, chunkSize)
	if err != nil {
		return err
	}
	g.advance(n)
	o.flight = append(o.flight, c)
	if len(o.flight) < inFlight {
		return nil
	}
	return o.land()
}

// land waits for the oldest group, counts its tags and gives it out.
func (o *Opener) land() error {
	c := o.flight[0]
	o.flight = o.flight[1:]
	out, tags, err := c.wait(o.ctx, 1)
	if err != nil {
		return err
	}
	o.count(c.n, tags)
	return o.out(out)
}

// counters are where the chunks of the next n bytes begin.
func (o *Opener) counters(n int) (counters []byte) {
	g := o.gcm
	chunksOf(n, func(i, _ int) {
		at := g.offset + int64(i)*chunkSize
		counters = append(counters, counterBlock(g.nonce, uint32(2+at/blockSize))...)
	})
	return counters
}

// count adds the tags of n bytes to the sum.
func (o *Opener) count(n int, tags []byte) {
	g := o.gcm
	chunksOf(n, func(i, n int) {
		g.sum.Add(g.key.Chunk(tags[blockSize*i:blockSize*(i+1)], uint64(n)), uint64(n))
	})
}

// settle waits for all groups that are under way.
func (o *Opener) settle() error {
	for len(o.flight) > 0 {
		if err := o.land(); err != nil {
			return err
		}
	}
	return nil
}

// Finish gives out what is left and compares the tag, as
// [envelope.ContentDecrypter] says.
func (o *Opener) Finish(tag, aad []byte) error {
	if err := o.settle(); err != nil {
		return err
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

// counterBlock is the nonce with a counter behind it.
func counterBlock(nonce [envelope.NonceSize]byte, counter uint32) []byte {
	return binary.BigEndian.AppendUint32(append(make([]byte, 0, ghash.BlockSize), nonce[:]...), counter)
}
