package envelope_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"fmt"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/fault"
)

// reference encrypts in one go with the standard library.
func reference(t testing.TB, k envelope.ContentKey, plaintext []byte) (ciphertext, tag []byte) {
	t.Helper()
	block, err := aes.NewCipher(k.Key)
	if k.Algorithm == envelope.DESEDE3 {
		block, err = des.NewTripleDESCipher(k.Key)
	}
	if err != nil {
		t.Fatal(err)
	}
	if k.Algorithm.Authenticated() {
		aead, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatal(err)
		}
		sealed := aead.Seal(nil, k.IV, plaintext, nil)
		return sealed[:len(plaintext)], sealed[len(plaintext):]
	}
	pad := block.BlockSize() - len(plaintext)%block.BlockSize()
	padded := append(append([]byte{}, plaintext...), bytes.Repeat([]byte{byte(pad)}, pad)...)
	cipher.NewCBCEncrypter(block, k.IV).CryptBlocks(padded, padded)
	return padded, nil
}

func algorithms() []envelope.ContentAlgorithm {
	return []envelope.ContentAlgorithm{
		envelope.AES128GCM, envelope.AES192GCM, envelope.AES256GCM,
		envelope.AES128CBC, envelope.AES192CBC, envelope.AES256CBC, envelope.DESEDE3,
	}
}

// newKey makes a key for a. Its bytes are few enough to fit a test.
func newKey(a envelope.ContentAlgorithm) envelope.ContentKey {
	iv := a.BlockSize()
	if iv == 0 {
		iv = envelope.NonceSize
	}
	return envelope.ContentKey{Algorithm: a, Key: random(a.KeySize()), IV: random(iv)}
}

// chunked runs f over b in chunks of size bytes.
func chunked(b []byte, size int, f func(chunk []byte) error) error {
	for len(b) > 0 {
		n := min(size, len(b))
		if err := f(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

func TestNativeCipher(t *testing.T) {
	ctx := context.Background()
	for _, a := range algorithms() {
		for _, size := range []int{0, 1, 7, 8, 15, 16, 17, 32, 100, 1000, 4096} {
			for _, chunk := range []int{16, 48, 1024} {
				t.Run(fmt.Sprintf("%s/%d/%d", a, size, chunk), func(t *testing.T) {
					k, plaintext := newKey(a), random(size)
					want, wantTag := reference(t, k, plaintext)
					enc, err := envelope.Native().Encrypter(ctx, k)
					if err != nil {
						t.Fatal(err)
					}
					defer enc.Close()
					var got []byte
					chunked(plaintext, chunk, func(b []byte) error { got, err = enc.Encrypt(ctx, got, b); return err })
					got, tag, err2 := enc.Finish(ctx, got)
					if err != nil || err2 != nil || !bytes.Equal(got, want) || !bytes.Equal(tag, wantTag) {
						t.Fatalf("encrypt: %v %v", err, err2)
					}
					if back, err := decryptNative(t, k, want, wantTag, nil, chunk); err != nil || !bytes.Equal(back, plaintext) {
						t.Fatalf("decrypt: %v", err)
					}
				})
			}
		}
	}
}

func decryptNative(t testing.TB, k envelope.ContentKey, ciphertext, tag, aad []byte, chunk int) ([]byte, error) {
	t.Helper()
	ctx := context.Background()
	dec, err := envelope.Native().Decrypter(ctx, k)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	var out []byte
	if err := chunked(ciphertext, chunk, func(b []byte) error { out, err = dec.Decrypt(ctx, out, b); return err }); err != nil {
		return nil, err
	}
	return dec.Finish(ctx, out, tag, aad)
}

// TestNativeGCMAttributes: additional data that is known only at the end.
func TestNativeGCMAttributes(t *testing.T) {
	k := newKey(envelope.AES256GCM)
	block, _ := aes.NewCipher(k.Key)
	aead, _ := cipher.NewGCM(block)
	for _, size := range []int{0, 5, 16, 333} {
		for _, length := range []int{1, 16, 95} {
			plaintext, aad := random(size), random(length)
			sealed := aead.Seal(nil, k.IV, plaintext, aad)
			got, err := decryptNative(t, k, sealed[:size], sealed[size:], aad, 32)
			if err != nil || !bytes.Equal(got, plaintext) {
				t.Fatalf("%d bytes with %d of aad: %v", size, length, err)
			}
			aad[0] ^= 1
			_, err = decryptNative(t, k, sealed[:size], sealed[size:], aad, 32)
			wantCode(t, err, fault.EnvelopeUnreadable)
		}
	}
}

// TestPaddingFamilies: every wrong CBC padding gets the same answer, byte for
// byte.
func TestPaddingFamilies(t *testing.T) {
	answers := map[string]bool{}
	for _, a := range []envelope.ContentAlgorithm{envelope.AES256CBC, envelope.DESEDE3} {
		size := a.BlockSize()
		k := newKey(a)
		for _, last := range paddingtest.CBC(size) {
			block, _ := aes.NewCipher(k.Key)
			if a == envelope.DESEDE3 {
				block, _ = des.NewTripleDESCipher(k.Key)
			}
			padded := append(random(size), last...)
			cipher.NewCBCEncrypter(block, k.IV).CryptBlocks(padded, padded)
			_, err := decryptNative(t, k, padded, nil, nil, 16)
			wantCode(t, err, fault.EnvelopeUnreadable)
			answers[err.Error()] = true
		}
		for _, n := range []int{0, 1, size - 1, size + 1} { // no whole blocks, or none
			_, err := decryptNative(t, k, random(n), nil, nil, 16)
			wantCode(t, err, fault.EnvelopeUnreadable)
			answers[err.Error()] = true
		}
	}
	if len(answers) != 1 {
		t.Fatalf("%d different answers", len(answers))
	}
}

// TestNativeCipherMisuse: wrong lengths are faults, not panics.
func TestNativeCipherMisuse(t *testing.T) {
	ctx := context.Background()
	for _, a := range algorithms() {
		for _, spoil := range []func(*envelope.ContentKey){
			func(k *envelope.ContentKey) { k.Key = k.Key[1:] },
			func(k *envelope.ContentKey) { k.IV = k.IV[1:] },
			func(k *envelope.ContentKey) { k.Key = append(k.Key, 0) },
			func(k *envelope.ContentKey) { k.IV = append(k.IV, 0) },
			func(k *envelope.ContentKey) { k.Key, k.IV = nil, nil },
		} {
			k := newKey(a)
			spoil(&k)
			_, err := envelope.Native().Encrypter(ctx, k)
			wantCode(t, err, fault.Internal)
			_, err = envelope.Native().Decrypter(ctx, k)
			wantCode(t, err, fault.Internal)
		}
	}
	_, err := envelope.Native().Decrypter(ctx, envelope.ContentKey{Algorithm: "rc2-cbc"})
	wantCode(t, err, fault.EnvelopeUnsupported)
	enc, err := envelope.Native().Encrypter(ctx, newKey(envelope.AES256GCM))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := enc.Encrypt(ctx, nil, make([]byte, 17)); err != nil {
		t.Fatal(err)
	}
	_, err = enc.Encrypt(ctx, nil, make([]byte, 16))
	wantCode(t, err, fault.Internal)
}
