package envelope_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"io"
	"testing"

	der "scelle/shared/cms/dertest"
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

// hiccup is a writer that fails once.
type hiccup struct{ at, writes int }

func (h *hiccup) Write(b []byte) (int, error) {
	if h.writes++; h.writes == h.at {
		return 0, errors.New("EIO")
	}
	return len(b), nil
}

// TestEveryWriteCounts: a single write that failed is never passed over, be it
// the last one, or what was held back for a prefix or a padding.
func TestEveryWriteCounts(t *testing.T) {
	pair, added := rsaPair(t, 0), rsaPair(t, 1)
	ctx, u := context.Background(), unwrapper(t, pair)
	content := random(200)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		o := envelope.SealOptions{Recipients: to(pair), Length: 200, ChunkSize: 64, Profile: profile}
		sealed := seal(t, content, o)
		for name, run := range map[string]func(w io.Writer) error{
			"seal": func(w io.Writer) error { _, err := envelope.Seal(ctx, w, bytes.NewReader(content), o); return err },
			"rewrap": func(w io.Writer) error {
				_, err := envelope.Rewrap(ctx, w, bytes.NewReader(sealed), envelope.RewrapOptions{Unwrapper: u, Add: to(added), ChunkSize: 64})
				return err
			},
			"open":                               func(w io.Writer) error { return openInto(w, sealed, u, nil) },
			"open, the prefix is half a chunk":   func(w io.Writer) error { return openInto(w, sealed, u, content[:32]) },
			"open, the prefix is a chunk":        func(w io.Writer) error { return openInto(w, sealed, u, content[:64]) },
			"open, the prefix is three chunks":   func(w io.Writer) error { return openInto(w, sealed, u, content[:192]) },
			"open, the prefix is chunk and half": func(w io.Writer) error { return openInto(w, sealed, u, content[:100]) },
		} {
			all := &hiccup{}
			if err := run(all); err != nil || all.writes == 0 {
				t.Fatalf("%s: %d writes, %v", name, all.writes, err)
			}
			for at := range all.writes {
				wantCode(t, run(&hiccup{at: at + 1}), fault.WriteFailed)
			}
		}
	}
}

func openInto(w io.Writer, sealed []byte, u envelope.KeyUnwrapper, prefix []byte) error {
	_, err := envelope.Open(context.Background(), w, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: u, Prefix: prefix, ChunkSize: 64})
	return err
}

// TestAgreeFaults: what a store says about its key passes, anything else is
// unreadable, and never a key.
func TestAgreeFaults(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	info, err := envelope.WrapKey(envelope.Recipient{Certificate: pair.DER}, random(32))
	if err != nil {
		t.Fatal(err)
	}
	for want, err := range map[fault.Code]error{
		fault.StoreLocked:        fault.New(fault.StoreLocked),
		fault.EnvelopeUnreadable: errors.New("CKR_GENERAL_ERROR"),
	} {
		key := &counted{key: pair.Key, agree: func([]byte) ([]byte, error) { return nil, err }}
		got, err := envelope.UnwrapWith(context.Background(), key, request(pair, info.Raw))
		wantCode(t, err, want)
		if got != nil {
			t.Errorf("%s: answered with %x", want, got)
		}
	}
}

// TestSecretOfAKeyInMemory: synthetic keys of a key file come from its private
// exponent, which nobody else has, through a use of its own.
func TestSecretOfAKeyInMemory(t *testing.T) {
	pair := rsaPair(t, 0)
	private := pair.Key.(*rsa.PrivateKey)
	ciphertext := pkcs1(t, pair, random(16))
	info := recipientInfo(t, keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), ciphertext))
	got, err := unwrapper(t, pair).Unwrap(context.Background(), info, algorithm(t, der.Algorithm(oidAES256CBC, der.Octets(make([]byte, 16)))))
	if err != nil {
		t.Fatal(err)
	}
	of := func(key []byte, message ...[]byte) []byte {
		mac := hmac.New(sha256.New, key)
		mac.Write(bytes.Join(message, nil))
		return mac.Sum(nil)
	}
	secret := of(private.D.Bytes(), []byte("scelle synthetic keys"))
	if want := of(secret, certificate(t, pair).SPKI, ciphertext); !bytes.Equal(got, want) {
		t.Errorf("%x, not %x", got, want)
	}
}
