package envelope

import "context"

// ChunkSize is how many content bytes go through a cipher at once when the
// options do not say otherwise.
const ChunkSize = 512 << 10

// ContentKey is everything that decides a content encryption.
type ContentKey struct {
	Algorithm ContentAlgorithm
	Key       []byte // Algorithm.KeySize() bytes
	IV        []byte // nonce (GCM, 12 bytes) or IV (CBC, one block)
}

// Wipe overwrites the key.
func (k ContentKey) Wipe() { clear(k.Key) }

// ContentCipher makes streaming ciphers for a content. [Native] is the one in
// Go; the browser has one on WebCrypto. Implementations must take every
// algorithm for which ContentAlgorithm.Supported is true (one that cannot do
// 3DES hands it to Native) and must not keep k.Key after the cipher is closed.
//
// Calls may block and may fail; an error that has no fault code is taken for
// fault.Internal. Ciphers are used by one goroutine.
type ContentCipher interface {
	Encrypter(ctx context.Context, k ContentKey) (ContentEncrypter, error)
	Decrypter(ctx context.Context, k ContentKey) (ContentDecrypter, error)
}

// ContentEncrypter encrypts one content, chunk by chunk.
//
// Every chunk but the last has a length that is a multiple of 16 bytes, all
// of those have the same length, and none is empty. A returned slice is valid
// until the next call; dst is room that may be used for it.
type ContentEncrypter interface {
	// Encrypt appends the encrypted chunk to dst. It may hold up to a chunk
	// back for the next call.
	Encrypt(ctx context.Context, dst, plaintext []byte) ([]byte, error)
	// Finish appends what is left to dst (CBC: with the padded last block) and
	// returns the authentication tag (GCM: 16 bytes; CBC: nil).
	Finish(ctx context.Context, dst []byte) (rest, tag []byte, err error)
	// Close gives back what the cipher holds and wipes keys it copied. It is
	// called exactly once, also after errors.
	Close()
}

// ContentDecrypter decrypts one content, chunk by chunk; chunks come as for
// [ContentEncrypter].
type ContentDecrypter interface {
	// Decrypt appends the decrypted chunk to dst. It may hold up to a chunk
	// back; CBC holds back at least the last block. The bytes are not
	// authenticated yet.
	Decrypt(ctx context.Context, dst, ciphertext []byte) ([]byte, error)
	// Finish appends what is left to dst. For GCM it compares, in constant
	// time, the tag of aad and the ciphertext with tag; for CBC it checks
	// and removes the padding, whose bytes it must not tell apart. Any
	// mismatch is fault.EnvelopeUnreadable, and the plaintext given out
	// before is then worthless. aad is known only at the end: CMS carries
	// the authenticated attributes behind the content.
	Finish(ctx context.Context, dst, tag, aad []byte) ([]byte, error)
	// Close is as for ContentEncrypter.
	Close()
}
