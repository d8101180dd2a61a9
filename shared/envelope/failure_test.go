package envelope_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// failingCipher is a ContentCipher that fails at one place: when it is made,
// or after some chunks, or at the end.
type failingCipher struct {
	at  int // -1: when made; otherwise the chunk; chunks are counted down
	err error
}

func (f failingCipher) Encrypter(context.Context, envelope.ContentKey) (envelope.ContentEncrypter, error) {
	if f.at < 0 {
		return nil, f.err
	}
	return &failingStream{f}, nil
}

func (f failingCipher) Decrypter(context.Context, envelope.ContentKey) (envelope.ContentDecrypter, error) {
	if f.at < 0 {
		return nil, f.err
	}
	return &failingDecrypter{failingStream{f}}, nil
}

type failingStream struct{ failingCipher }

func (f *failingStream) Encrypt(_ context.Context, dst, b []byte) ([]byte, error) {
	if f.at--; f.at < 0 {
		return nil, f.err
	}
	return append(dst, b...), nil
}

func (f *failingStream) Finish(_ context.Context, dst []byte) ([]byte, []byte, error) {
	return dst, nil, f.err
}

func (f *failingStream) Close() {}

type failingDecrypter struct{ failingStream }

func (f *failingDecrypter) Decrypt(ctx context.Context, dst, b []byte) ([]byte, error) {
	return f.Encrypt(ctx, dst, b)
}

func (f *failingDecrypter) Finish(_ context.Context, dst, _, _ []byte) ([]byte, error) {
	return dst, f.err
}

// TestFailingCipher: a cipher that fails, wherever it does, fails the work;
// an error without a code is an internal one.
func TestFailingCipher(t *testing.T) {
	pair, added := rsaPair(t, 0), rsaPair(t, 1)
	content := random(1000)
	ctx := context.Background()
	sealed := seal(t, content, envelope.SealOptions{Recipients: to(pair), Length: 1000})
	for _, c := range []struct {
		err  error
		code fault.Code
	}{{errors.New("OperationError"), fault.Internal}, {fault.New(fault.EnvelopeUnreadable), fault.EnvelopeUnreadable}} {
		for _, at := range []int{-1, 0, 1, 100} {
			cipher := failingCipher{at, c.err}
			_, err := envelope.Seal(ctx, io.Discard, bytes.NewReader(content), envelope.SealOptions{Recipients: to(pair), Length: 1000, ChunkSize: 256, Cipher: cipher})
			wantCode(t, err, c.code)
			_, err = envelope.Open(ctx, io.Discard, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper(t, pair), ChunkSize: 256, Cipher: cipher})
			wantCode(t, err, c.code)
			_, err = envelope.Rewrap(ctx, io.Discard, bytes.NewReader(sealed), envelope.RewrapOptions{Unwrapper: unwrapper(t, pair), Add: to(added), ChunkSize: 256, Cipher: cipher})
			wantCode(t, err, c.code)
		}
	}
}

// TestFullDiskEverywhere: no write of a segmented envelope or of a rewrap is
// left unchecked.
func TestFullDiskEverywhere(t *testing.T) {
	pair, added := rsaPair(t, 0), rsaPair(t, 1)
	content := random(200)
	for _, length := range []int64{200, envelope.UnknownLength} {
		o := envelope.SealOptions{Recipients: to(pair), Length: length, ChunkSize: 64}
		sealed := seal(t, content, o)
		ro := envelope.RewrapOptions{Unwrapper: unwrapper(t, pair), Add: to(added), ChunkSize: 64}
		again, _ := rewrap(t, sealed, ro)
		for room := range len(sealed) {
			_, err := envelope.Seal(context.Background(), &fullDisk{room}, bytes.NewReader(content), o)
			wantCode(t, err, fault.DiskFull)
		}
		for room := 0; room < len(again); room += 3 {
			_, err := envelope.Rewrap(context.Background(), &fullDisk{room}, bytes.NewReader(sealed), ro)
			wantCode(t, err, fault.DiskFull)
		}
	}
}

// TestNewIdentity: a key kept anywhere must be the certificate's.
func TestNewIdentity(t *testing.T) {
	pair, other := rsaPair(t, 0), rsaPair(t, 1)
	_, err := envelope.NewIdentity(&counted{key: other.Key}, pair.DER, secret())
	wantCode(t, err, fault.CertificateBad)
	_, err = envelope.NewIdentity(&counted{key: other.Key}, nil, secret())
	wantCode(t, err, fault.CertificateBad)
}
