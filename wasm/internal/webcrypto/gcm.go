//go:build js && wasm

package webcrypto

import (
	"context"

	"scelle/shared/envelope"
	"scelle/shared/envelope/ghash"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// maxGCM is the longest content of one key and nonce, NIST SP 800-38D 5.2.1.1.
const maxGCM = 1<<36 - 32

// gcm is one AES-GCM content in chunks.
type gcm struct {
	subtle  subtleCrypto
	ctr     bridge.Value // CryptoKey for AES-CTR
	mac     bridge.Value // CryptoKey for AES-GCM of empty plaintexts
	nonce   [envelope.NonceSize]byte
	mask    []byte // E_K(nonce || 1), of the content's own tag
	sum     *ghash.Sum
	key     *ghash.Key
	in      scratch
	empty   bridge.Value // Uint8Array of no bytes
	zero    bridge.Value // the nonce of the chunks' tags
	offset  int64        // bytes that went through the counter mode
	ended   bool         // a chunk of incomplete blocks came
	ahead   *chunk       // what the counter mode makes beside the caller's work
	pending *chunk       // the tag that is being made beside the next chunk
}

// chunk is a call of SubtleCrypto for a chunk of n bytes, under way.
type chunk struct {
	promise *bridge.Promise
	n       int
}

// newGCM imports the key and takes what the algebra needs from it. The chunks'
// tags are made under the zero nonce; they never leave this process, so that
// its reuse shows nothing, and no plaintext is encrypted under it.
func newGCM(ctx context.Context, k envelope.ContentKey) (*gcm, error) {
	s, err := newSubtle()
	if err != nil {
		return nil, err
	}
	g := &gcm{subtle: s}
	copy(g.nonce[:], k.IV)
	ctr, err := s.startImport("AES-CTR", k.Key, "encrypt")
	if err != nil {
		return nil, err
	}
	mac, err := s.startImport("AES-GCM", k.Key, "encrypt")
	if err != nil {
		return nil, err
	}
	if g.ctr, err = ctr.Wait(ctx); err != nil {
		return nil, err
	}
	if g.mac, err = mac.Wait(ctx); err != nil {
		return nil, err
	}
	if g.empty, err = bridge.NewBytes(0); err != nil {
		return nil, err
	}
	if g.zero, err = bridge.NewBytes(envelope.NonceSize); err != nil {
		return nil, err
	}
	return g, g.derive(ctx)
}

// derive computes H = E_K(0) and the two masks, all three at once.
func (g *gcm) derive(ctx context.Context) error {
	var zero [envelope.NonceSize]byte
	var started [3]*bridge.Promise
	for i, from := range []struct {
		nonce   [envelope.NonceSize]byte
		counter uint32
	}{{zero, 0}, {zero, 1}, {g.nonce, 1}} {
		zeros, err := bridge.NewBytes(blockSize)
		if err != nil {
			return err
		}
		if started[i], err = g.startCTR(from.nonce, from.counter, zeros); err != nil {
			return err
		}
	}
	var blocks [3][]byte
	for i, p := range started {
		out, err := finish(ctx, p)
		if err != nil {
			return err
		}
		if blocks[i], err = appendArray(nil, out, blockSize); err != nil {
			return err
		}
	}
	g.key, g.mask = ghash.NewKey(blocks[0], blocks[1]), blocks[2]
	g.sum = ghash.NewSum(g.key)
	clear(blocks[0])
	clear(blocks[1])
	return nil
}

// startCTR begins the counter mode of data from a counter block.
func (g *gcm) startCTR(nonce [envelope.NonceSize]byte, counter uint32, data bridge.Value) (*bridge.Promise, error) {
	array, err := bridge.ToJS(counterBlock(nonce, counter))
	if err != nil {
		return nil, err
	}
	return g.subtle.start("encrypt", algorithm{"name": "AES-CTR", "counter": array, "length": 32}, g.ctr, data)
}

// admit checks that the content's next n bytes may come.
func (g *gcm) admit(ctx context.Context, n int) error {
	if err := bridge.Ended(ctx); err != nil {
		return err
	}
	if g.ended {
		return fault.Newf(fault.Internal, "chunk after the last")
	}
	if g.offset+int64(n) > maxGCM {
		return fault.New(fault.EnvelopeTooLarge)
	}
	return nil
}

// advance counts n bytes that are on their way.
func (g *gcm) advance(n int) {
	g.offset += int64(n)
	g.ended = n%blockSize != 0
}

// startChunk begins the counter mode of the content's next bytes and returns
// the chunk that was under way before, nil at the first call: while SubtleCrypto
// works on one, the caller stores the one before.
func (g *gcm) startChunk(ctx context.Context, data bridge.Value, n int) (before *chunk, err error) {
	if err := g.admit(ctx, n); err != nil {
		return nil, err
	}
	p, err := g.startCTR(g.nonce, uint32(2+g.offset/blockSize), data)
	if err != nil {
		return nil, err
	}
	before, g.ahead = g.ahead, &chunk{p, n}
	g.advance(n)
	return before, nil
}

// tagOf begins the tag of a chunk of ciphertext.
func (g *gcm) tagOf(ciphertext bridge.Value) (*bridge.Promise, error) {
	return g.subtle.start("encrypt",
		algorithm{"name": "AES-GCM", "iv": g.zero, "additionalData": ciphertext, "tagLength": 128}, g.mac, g.empty)
}

// startTag begins the tag of a chunk of ciphertext. It runs beside whatever
// comes next and is counted by settle.
func (g *gcm) startTag(ciphertext bridge.Value, n int) error {
	p, err := g.tagOf(ciphertext)
	if err != nil {
		return err
	}
	g.pending = &chunk{p, n}
	return nil
}

// settle waits for the tag that is under way and adds it to the sum.
func (g *gcm) settle(ctx context.Context) error {
	if g.pending == nil {
		return nil
	}
	pending := g.pending
	g.pending = nil
	array, err := finish(ctx, pending.promise)
	if err != nil {
		return err
	}
	return g.count(array, pending.n)
}

// count adds the tag of a chunk of n bytes to the sum.
func (g *gcm) count(array bridge.Value, n int) error {
	tag := make([]byte, envelope.TagSize)
	if err := bridge.Read(tag, array); err != nil {
		return err
	}
	g.sum.Add(g.key.Chunk(tag, uint64(n)), uint64(n))
	return nil
}

// Close is described at envelope.ContentEncrypter.
func (g *gcm) Close() {
	g.in.wipe()
	clear(g.mask)
	g.ctr, g.mac, g.key, g.sum, g.ahead, g.pending = bridge.Undefined(), bridge.Undefined(), nil, nil, nil, nil
}

type gcmEncrypter struct{ *gcm }

// Encrypt is described at envelope.ContentEncrypter. It gives the chunk of the
// call before, whose tag is made while the caller stores it.
func (g *gcmEncrypter) Encrypt(ctx context.Context, dst, plaintext []byte) ([]byte, error) {
	in, err := g.in.load(plaintext)
	if err != nil {
		return dst, err
	}
	before, err := g.startChunk(ctx, in, len(plaintext))
	if err != nil {
		return dst, err
	}
	return g.take(ctx, dst, before)
}

// take waits for a chunk, begins its tag and appends it to dst.
func (g *gcmEncrypter) take(ctx context.Context, dst []byte, c *chunk) ([]byte, error) {
	if c == nil {
		return dst, nil
	}
	out, err := finish(ctx, c.promise)
	if err != nil {
		return dst, err
	}
	if err := g.settle(ctx); err != nil {
		return dst, err
	}
	if err := g.startTag(out, c.n); err != nil {
		return dst, err
	}
	return appendArray(dst, out, c.n)
}

// Finish is described at envelope.ContentEncrypter.
func (g *gcmEncrypter) Finish(ctx context.Context, dst []byte) ([]byte, []byte, error) {
	dst, err := g.take(ctx, dst, g.ahead)
	if err != nil {
		return dst, nil, err
	}
	if err := g.settle(ctx); err != nil {
		return dst, nil, err
	}
	tag := g.sum.Tag(g.mask, nil)
	return dst, tag[:], nil
}

type gcmDecrypter struct{ *gcm }

// Decrypt is described at envelope.ContentDecrypter. It gives the chunk of the
// call before.
func (g *gcmDecrypter) Decrypt(ctx context.Context, dst, ciphertext []byte) ([]byte, error) {
	in, err := g.in.load(ciphertext)
	if err != nil {
		return dst, err
	}
	before, err := g.startChunk(ctx, in, len(ciphertext))
	if err != nil {
		return dst, err
	}
	if err := g.settle(ctx); err != nil {
		return dst, err
	}
	if err := g.startTag(in, len(ciphertext)); err != nil {
		return dst, err
	}
	return take(ctx, dst, before)
}

// take waits for a chunk and appends it to dst.
func take(ctx context.Context, dst []byte, c *chunk) ([]byte, error) {
	if c == nil {
		return dst, nil
	}
	out, err := finish(ctx, c.promise)
	if err != nil {
		return dst, err
	}
	return appendArray(dst, out, c.n)
}

// Finish is described at envelope.ContentDecrypter.
func (g *gcmDecrypter) Finish(ctx context.Context, dst, tag, aad []byte) ([]byte, error) {
	if err := g.settle(ctx); err != nil {
		return dst, err
	}
	if !g.sum.Verify(tag, g.mask, aad) {
		return dst, fault.New(fault.EnvelopeUnreadable)
	}
	return take(ctx, dst, g.ahead)
}
