package envelope

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"

	"scelle/shared/envelope/ghash"
	"scelle/shared/fault"
)

// Native is the ContentCipher of Go's standard library: AES with the
// processor's instructions where there are some.
func Native() ContentCipher { return native{} }

type native struct{}

// Encrypter is described at ContentCipher.
func (native) Encrypter(_ context.Context, k ContentKey) (ContentEncrypter, error) {
	block, err := newBlock(k)
	if err != nil {
		return nil, err
	}
	if k.Algorithm.Authenticated() {
		g, err := newNativeGCM(block, k.IV)
		if err != nil {
			return nil, err
		}
		return gcmEncrypter{g}, nil
	}
	return &cbcEncrypter{mode: cipher.NewCBCEncrypter(block, k.IV)}, nil
}

// Decrypter is described at ContentCipher.
func (native) Decrypter(_ context.Context, k ContentKey) (ContentDecrypter, error) {
	block, err := newBlock(k)
	if err != nil {
		return nil, err
	}
	if k.Algorithm.Authenticated() {
		g, err := newNativeGCM(block, k.IV)
		if err != nil {
			return nil, err
		}
		return gcmDecrypter{g}, nil
	}
	return &cbcDecrypter{mode: cipher.NewCBCDecrypter(block, k.IV)}, nil
}

// newBlock makes the block cipher after looking at every length.
func newBlock(k ContentKey) (cipher.Block, error) {
	kind, ok := k.Algorithm.kind()
	if !ok {
		return nil, fault.Newf(fault.EnvelopeUnsupported, "%s", k.Algorithm)
	}
	iv := kind.block
	if iv == 0 {
		iv = NonceSize
	}
	if len(k.Key) != kind.keySize || len(k.IV) != iv {
		return nil, fault.Newf(fault.Internal, "%s key or IV length", k.Algorithm)
	}
	if k.Algorithm == DESEDE3 {
		return des.NewTripleDESCipher(k.Key)
	}
	return aes.NewCipher(k.Key)
}

// nativeGCM is AES-GCM in chunks: counter mode for the bytes, and for the tag
// the standard library's own GHASH, taken out of the tags of empty plaintexts
// (see package ghash).
type nativeGCM struct {
	ctr  cipher.Stream
	aead cipher.AEAD
	sum  *ghash.Sum
	key  *ghash.Key
	mask [ghash.BlockSize]byte // of the content's own tag
	tag  [TagSize]byte         // room for the tag of a chunk
}

// newNativeGCM starts a content. The chunks' tags are made under the zero
// nonce; they never leave this process, so that its reuse shows nothing, and
// no plaintext is encrypted under it.
func newNativeGCM(block cipher.Block, nonce []byte) (*nativeGCM, error) {
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	var h, chunkMask, counter [ghash.BlockSize]byte
	block.Encrypt(h[:], h[:])
	chunkMask[15] = 1
	block.Encrypt(chunkMask[:], chunkMask[:])
	g := &nativeGCM{aead: aead, key: ghash.NewKey(h[:], chunkMask[:])}
	g.sum = ghash.NewSum(g.key)
	copy(counter[:], nonce)
	counter[15] = 1
	block.Encrypt(g.mask[:], counter[:])
	counter[15] = 2
	g.ctr = cipher.NewCTR(block, counter[:])
	return g, nil
}

// authenticate adds a chunk of ciphertext to the tag.
func (g *nativeGCM) authenticate(ciphertext []byte) error {
	n := uint64(len(ciphertext))
	if g.sum.Bytes()%ghash.BlockSize != 0 {
		return fault.Newf(fault.Internal, "chunk after the last")
	}
	if g.sum.Bytes()+n > maxGCM {
		return fault.New(fault.EnvelopeTooLarge)
	}
	var nonce [NonceSize]byte
	tag := g.aead.Seal(g.tag[:0], nonce[:], nil, ciphertext)
	g.sum.Add(g.key.Chunk(tag, n), n)
	return nil
}

// Close is described at ContentEncrypter. The key schedule is the standard
// library's and cannot be wiped.
func (g *nativeGCM) Close() { *g = nativeGCM{} }

type gcmEncrypter struct{ *nativeGCM }

// Encrypt is described at ContentEncrypter.
func (g gcmEncrypter) Encrypt(_ context.Context, dst, plaintext []byte) ([]byte, error) {
	out := grow(dst, len(plaintext))
	added := out[len(dst):]
	g.ctr.XORKeyStream(added, plaintext)
	return out, g.authenticate(added)
}

// Finish is described at ContentEncrypter.
func (g gcmEncrypter) Finish(_ context.Context, dst []byte) ([]byte, []byte, error) {
	tag := g.sum.Tag(g.mask[:], nil)
	return dst, tag[:], nil
}

type gcmDecrypter struct{ *nativeGCM }

// Decrypt is described at ContentDecrypter.
func (g gcmDecrypter) Decrypt(_ context.Context, dst, ciphertext []byte) ([]byte, error) {
	if err := g.authenticate(ciphertext); err != nil {
		return dst, err
	}
	out := grow(dst, len(ciphertext))
	g.ctr.XORKeyStream(out[len(dst):], ciphertext)
	return out, nil
}

// Finish is described at ContentDecrypter.
func (g gcmDecrypter) Finish(_ context.Context, dst, tag, aad []byte) ([]byte, error) {
	if !g.sum.Verify(tag, g.mask[:], aad) {
		return dst, fault.New(fault.EnvelopeUnreadable)
	}
	return dst, nil
}

// grow lengthens b by n bytes.
func grow(b []byte, n int) []byte {
	if free := cap(b) - len(b); free < n {
		b = append(b, make([]byte, n)...)
		return b
	}
	return b[:len(b)+n]
}

// cbcEncrypter pads as RFC 5652 6.3 says.
type cbcEncrypter struct {
	mode cipher.BlockMode
	rest []byte // less than a block
}

// Encrypt is described at ContentEncrypter.
func (c *cbcEncrypter) Encrypt(_ context.Context, dst, plaintext []byte) ([]byte, error) {
	if len(c.rest) != 0 {
		return dst, fault.Newf(fault.Internal, "chunk after the last")
	}
	whole := len(plaintext) &^ (c.mode.BlockSize() - 1)
	out := grow(dst, whole)
	c.mode.CryptBlocks(out[len(dst):], plaintext[:whole])
	c.rest = append(c.rest, plaintext[whole:]...)
	return out, nil
}

// Finish is described at ContentEncrypter.
func (c *cbcEncrypter) Finish(_ context.Context, dst []byte) ([]byte, []byte, error) {
	pad := c.mode.BlockSize() - len(c.rest)
	for range pad {
		c.rest = append(c.rest, byte(pad))
	}
	out := grow(dst, len(c.rest))
	c.mode.CryptBlocks(out[len(dst):], c.rest)
	return out, nil, nil
}

// Close is described at ContentEncrypter.
func (c *cbcEncrypter) Close() { clear(c.rest) }

// cbcDecrypter decrypts whole blocks; PaddingHold has the last one.
type cbcDecrypter struct {
	mode cipher.BlockMode
	hold PaddingHold
}

// Decrypt is described at ContentDecrypter.
func (c *cbcDecrypter) Decrypt(_ context.Context, dst, ciphertext []byte) ([]byte, error) {
	size := c.mode.BlockSize()
	if c.hold.IsOdd() || len(ciphertext)%size != 0 || len(ciphertext) == 0 {
		c.hold.Odd()
		return dst, nil // told at the end, like every other failure
	}
	out := c.hold.Release(dst)
	start := len(out)
	out = grow(out, len(ciphertext))
	c.mode.CryptBlocks(out[start:], ciphertext)
	return c.hold.Keep(out, size), nil
}

// Finish is described at ContentDecrypter.
func (c *cbcDecrypter) Finish(_ context.Context, dst, _, aad []byte) ([]byte, error) {
	if len(aad) != 0 {
		return dst, fault.New(fault.EnvelopeUnreadable)
	}
	return c.hold.Finish(dst, c.mode.BlockSize())
}

// Close is described at ContentDecrypter.
func (c *cbcDecrypter) Close() { c.hold.Close() }
