//go:build js && wasm

package webcrypto

import (
	"bytes"
	"context"
	"crypto/aes"
	stdcipher "crypto/cipher"
	"errors"
	"fmt"
	"math/rand"
	"slices"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// sizes are content lengths with and without tails, around a chunk of 64 bytes
// and around the real one.
func sizes() []int {
	s := []int{0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 79, 80, 127, 128, 129, 1000, 4096, 4097}
	return append(s, envelope.ChunkSize-1, envelope.ChunkSize, envelope.ChunkSize+1, 3*envelope.ChunkSize+5)
}

func chunkFor(size int) int {
	if size > 100_000 {
		return envelope.ChunkSize
	}
	return 64
}

func algorithms() []envelope.ContentAlgorithm {
	return []envelope.ContentAlgorithm{
		envelope.AES128GCM, envelope.AES192GCM, envelope.AES256GCM,
		envelope.AES128CBC, envelope.AES192CBC, envelope.AES256CBC, envelope.DESEDE3,
	}
}

func random(r *rand.Rand, n int) []byte {
	b := make([]byte, n)
	r.Read(b)
	return b
}

func newKey(r *rand.Rand, a envelope.ContentAlgorithm) envelope.ContentKey {
	iv := a.BlockSize()
	if iv == 0 {
		iv = envelope.NonceSize
	}
	return envelope.ContentKey{Algorithm: a, Key: random(r, a.KeySize()), IV: random(r, iv)}
}

func encrypt(t *testing.T, c envelope.ContentCipher, k envelope.ContentKey, plain []byte) (out, tag []byte) {
	t.Helper()
	ctx := context.Background()
	e, err := c.Encrypter(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var buf []byte
	for chunk := range slices.Chunk(plain, chunkFor(len(plain))) {
		if buf, err = e.Encrypt(ctx, buf[:0], chunk); err != nil {
			t.Fatal(err)
		}
		out = append(out, buf...)
	}
	buf, tag, err = e.Finish(ctx, buf[:0])
	if err != nil {
		t.Fatal(err)
	}
	return append(out, buf...), tag
}

func decrypt(c envelope.ContentCipher, k envelope.ContentKey, sealed, tag, aad []byte) ([]byte, error) {
	ctx := context.Background()
	d, err := c.Decrypter(ctx, k)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var out, buf []byte
	for chunk := range slices.Chunk(sealed, chunkFor(len(sealed))) {
		if buf, err = d.Decrypt(ctx, buf[:0], chunk); err != nil {
			return nil, err
		}
		out = append(out, buf...)
	}
	if buf, err = d.Finish(ctx, buf[:0], tag, aad); err != nil {
		return nil, err
	}
	return append(out, buf...), nil
}

// TestAgainstGo compares every byte with Go's own ciphers, both ways.
func TestAgainstGo(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	for _, a := range algorithms() {
		for _, size := range sizes() {
			if size > envelope.ChunkSize+1 && a != envelope.AES256GCM && a != envelope.AES256CBC {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", a, size), func(t *testing.T) {
				k, plain := newKey(r, a), random(r, size)
				want, wantTag := encrypt(t, envelope.Native(), k, plain)
				got, tag := encrypt(t, Cipher(), k, plain)
				if !bytes.Equal(got, want) || !bytes.Equal(tag, wantTag) {
					t.Fatal("other ciphertext or tag than Go")
				}
				back, err := decrypt(Cipher(), k, want, wantTag, nil)
				if err != nil || !bytes.Equal(back, plain) {
					t.Fatalf("does not decrypt what Go encrypted: %v", err)
				}
			})
		}
	}
}

// TestAgainstOneShotGCM compares with the standard library's one-shot AEAD,
// with additional data too.
func TestAgainstOneShotGCM(t *testing.T) {
	r := rand.New(rand.NewSource(2))
	for _, size := range []int{0, 1, 16, 64, 65, 1000} {
		for _, extra := range []int{0, 1, 16, 33} {
			k, plain, aad := newKey(r, envelope.AES256GCM), random(r, size), random(r, extra)
			block, err := aes.NewCipher(k.Key)
			if err != nil {
				t.Fatal(err)
			}
			aead, err := stdcipher.NewGCM(block)
			if err != nil {
				t.Fatal(err)
			}
			sealed := aead.Seal(nil, k.IV, plain, aad)
			back, err := decrypt(Cipher(), k, sealed[:size], sealed[size:], aad)
			if err != nil || !bytes.Equal(back, plain) {
				t.Errorf("%d bytes, %d additional: %v", size, extra, err)
			}
		}
	}
}

// TestZeroNonce is a content under the nonce of the chunks' own tags.
func TestZeroNonce(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	k, plain := newKey(r, envelope.AES256GCM), random(r, 200)
	clear(k.IV)
	want, wantTag := encrypt(t, envelope.Native(), k, plain)
	got, tag := encrypt(t, Cipher(), k, plain)
	if !bytes.Equal(got, want) || !bytes.Equal(tag, wantTag) {
		t.Error("other ciphertext or tag than Go")
	}
}

// TestRefusals changes one thing at a time; every answer is the same.
func TestRefusals(t *testing.T) {
	r := rand.New(rand.NewSource(4))
	unreadable := fault.New(fault.EnvelopeUnreadable)
	plain := random(r, 200)
	k := newKey(r, envelope.AES256GCM)
	sealed, tag := encrypt(t, Cipher(), k, plain)
	flip := func(b []byte, i int) []byte { b = bytes.Clone(b); b[i] ^= 1; return b }
	other := k
	other.Key = flip(k.Key, 3)
	for name, refused := range map[string]func() ([]byte, error){
		"tag":        func() ([]byte, error) { return decrypt(Cipher(), k, sealed, flip(tag, 15), nil) },
		"short tag":  func() ([]byte, error) { return decrypt(Cipher(), k, sealed, tag[:15], nil) },
		"no tag":     func() ([]byte, error) { return decrypt(Cipher(), k, sealed, nil, nil) },
		"first byte": func() ([]byte, error) { return decrypt(Cipher(), k, flip(sealed, 0), tag, nil) },
		"last byte":  func() ([]byte, error) { return decrypt(Cipher(), k, flip(sealed, 199), tag, nil) },
		"truncated":  func() ([]byte, error) { return decrypt(Cipher(), k, sealed[:192], tag, nil) },
		"extended":   func() ([]byte, error) { return decrypt(Cipher(), k, append(bytes.Clone(sealed), 0), tag, nil) },
		"extra aad":  func() ([]byte, error) { return decrypt(Cipher(), k, sealed, tag, []byte{0}) },
		"other key":  func() ([]byte, error) { return decrypt(Cipher(), other, sealed, tag, nil) },
		"swapped parts": func() ([]byte, error) {
			return decrypt(Cipher(), k, append(bytes.Clone(sealed[64:]), sealed[:64]...), tag, nil)
		},
	} {
		if out, err := refused(); !errors.Is(err, unreadable) || out != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefusalsCBC: what no padding can end with.
func TestRefusalsCBC(t *testing.T) {
	r := rand.New(rand.NewSource(5))
	unreadable := fault.New(fault.EnvelopeUnreadable)
	k := newKey(r, envelope.AES256CBC)
	block, err := aes.NewCipher(k.Key)
	if err != nil {
		t.Fatal(err)
	}
	seal := func(plain []byte) []byte {
		out := make([]byte, len(plain))
		stdcipher.NewCBCEncrypter(block, k.IV).CryptBlocks(out, plain)
		return out
	}
	for name, sealed := range map[string][]byte{
		"nothing":      nil,
		"half a block": make([]byte, 8),
		"odd length":   append(seal(bytes.Repeat([]byte{16}, 80)), 1),
		"padding 0":    seal(make([]byte, 80)),
		"padding 17":   seal(bytes.Repeat([]byte{17}, 80)),
		"wrong byte":   seal(append(make([]byte, 79), 2)),
	} {
		if out, err := decrypt(Cipher(), k, sealed, nil, nil); !errors.Is(err, unreadable) || out != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestUses: a cipher that is used wrongly says so instead of writing nonsense.
func TestUses(t *testing.T) {
	ctx := context.Background()
	k := newKey(rand.New(rand.NewSource(6)), envelope.AES256GCM)
	e, err := Cipher().Encrypter(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Encrypt(ctx, nil, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Encrypt(ctx, nil, make([]byte, 16)); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a chunk after the last: %v", err)
	}
	k.Key = k.Key[:31]
	if _, err := Cipher().Encrypter(ctx, k); fault.CodeOf(err) != fault.Internal {
		t.Errorf("a short key: %v", err)
	}
}

// TestCancelled ends a call with its context.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	d, err := Cipher().Decrypter(ctx, newKey(rand.New(rand.NewSource(7)), envelope.AES256GCM))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	cancel()
	if _, err := d.Decrypt(ctx, nil, make([]byte, 1<<20)); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("after the end of its context: %v", err)
	}
}

func BenchmarkEncryptGCM(b *testing.B) { benchmark(b, envelope.AES256GCM) }
func BenchmarkEncryptCBC(b *testing.B) { benchmark(b, envelope.AES256CBC) }

func benchmark(b *testing.B, a envelope.ContentAlgorithm) {
	ctx := context.Background()
	e, err := Cipher().Encrypter(ctx, newKey(rand.New(rand.NewSource(8)), a))
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	chunk := make([]byte, envelope.ChunkSize)
	var out []byte
	b.SetBytes(int64(len(chunk)))
	for b.Loop() {
		if out, err = e.Encrypt(ctx, out[:0], chunk); err != nil {
			b.Fatal(err)
		}
	}
}
