//go:build js && wasm

package webcrypto

import (
	"context"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// cbc is one AES-CBC content in chunks.
type cbc struct {
	subtle subtleCrypto
	key    bridge.Value
	iv     [blockSize]byte // the ciphertext block before the next chunk
	in     scratch
}

func newCBC(ctx context.Context, k envelope.ContentKey) (*cbc, error) {
	s, err := newSubtle()
	if err != nil {
		return nil, err
	}
	c := &cbc{subtle: s}
	copy(c.iv[:], k.IV)
	c.key, err = s.importKey(ctx, "AES-CBC", k.Key, "encrypt", "decrypt")
	return c, err
}

// run encrypts or decrypts data under an IV.
func (c *cbc) run(ctx context.Context, verb string, iv []byte, data bridge.Value) (bridge.Value, error) {
	array, err := bridge.ToJS(iv)
	if err != nil {
		return array, err
	}
	p, err := c.subtle.start(verb, algorithm{"name": "AES-CBC", "iv": array}, c.key, data)
	if err != nil {
		return array, err
	}
	return finish(ctx, p)
}

// encrypt encrypts and pads b under the present IV.
func (c *cbc) encrypt(ctx context.Context, b []byte) (bridge.Value, error) {
	in, err := c.in.load(b)
	if err != nil {
		return in, err
	}
	return c.run(ctx, "encrypt", c.iv[:], in)
}

// Close is described at envelope.ContentEncrypter.
func (c *cbc) Close() {
	c.in.wipe()
	c.key = bridge.Undefined()
}

type cbcEncrypter struct {
	*cbc
	rest []byte // less than a block, of the last chunk
}

// Encrypt is described at envelope.ContentEncrypter.
func (c *cbcEncrypter) Encrypt(ctx context.Context, dst, plaintext []byte) ([]byte, error) {
	if len(c.rest) != 0 {
		return dst, fault.Newf(fault.Internal, "chunk after the last")
	}
	whole := len(plaintext) &^ (blockSize - 1)
	c.rest = append(c.rest, plaintext[whole:]...)
	if whole == 0 {
		return dst, nil
	}
	array, err := c.encrypt(ctx, plaintext[:whole])
	if err != nil {
		return dst, err
	}
	if dst, err = appendArray(dst, array, whole); err != nil {
		return dst, err
	}
	copy(c.iv[:], dst[len(dst)-blockSize:])
	return dst, nil
}

// Finish is described at envelope.ContentEncrypter. SubtleCrypto pads as RFC
// 5652 6.3 says.
func (c *cbcEncrypter) Finish(ctx context.Context, dst []byte) ([]byte, []byte, error) {
	array, err := c.encrypt(ctx, c.rest)
	if err != nil {
		return dst, nil, err
	}
	dst, err = appendArray(dst, array, blockSize)
	return dst, nil, err
}

// Close is described at envelope.ContentEncrypter.
func (c *cbcEncrypter) Close() {
	clear(c.rest)
	c.cbc.Close()
}

// cbcDecrypter holds the last block back until it knows that it is the last.
type cbcDecrypter struct {
	*cbc
	hold envelope.PaddingHold
}

// Decrypt is described at envelope.ContentDecrypter.
func (c *cbcDecrypter) Decrypt(ctx context.Context, dst, ciphertext []byte) ([]byte, error) {
	if c.hold.IsOdd() || len(ciphertext)%blockSize != 0 || len(ciphertext) == 0 {
		c.hold.Odd()
		return dst, nil // told at the end, like every other failure
	}
	in, err := c.forge(ctx, ciphertext)
	if err != nil {
		return dst, err
	}
	out, err := c.run(ctx, "decrypt", c.iv[:], in)
	if err != nil {
		return dst, err
	}
	copy(c.iv[:], ciphertext[len(ciphertext)-blockSize:])
	dst, err = appendArray(c.hold.Release(dst), out, len(ciphertext))
	if err != nil {
		return dst, err
	}
	return c.hold.Keep(dst, blockSize), nil
}

// forge puts behind ciphertext a block that decrypts to a block of padding:
// the encryption of nothing, with the last block of ciphertext as its IV.
func (c *cbcDecrypter) forge(ctx context.Context, ciphertext []byte) (bridge.Value, error) {
	n := len(ciphertext)
	empty, err := bridge.NewBytes(0)
	if err != nil {
		return empty, err
	}
	padding, err := c.run(ctx, "encrypt", ciphertext[n-blockSize:], empty)
	if err != nil {
		return padding, err
	}
	if err := c.in.resize(n + blockSize); err != nil {
		return padding, err
	}
	front, err := bridge.Call(c.in.array, "subarray", 0, n)
	if err != nil {
		return front, err
	}
	if err := bridge.Fill(front, ciphertext); err != nil {
		return front, err
	}
	_, err = bridge.Call(c.in.array, "set", padding, n)
	return c.in.array, err
}

// Finish is described at envelope.ContentDecrypter.
func (c *cbcDecrypter) Finish(_ context.Context, dst, _, aad []byte) ([]byte, error) {
	if len(aad) != 0 {
		c.hold.Odd()
	}
	return c.hold.Finish(dst, blockSize)
}

// Close is described at envelope.ContentEncrypter.
func (c *cbcDecrypter) Close() {
	c.hold.Close()
	c.cbc.Close()
}
