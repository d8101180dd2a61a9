package envelope_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// shortKey is an unwrapper whose keys have a wrong length.
type shortKey struct{ envelope.KeyUnwrapper }

func (shortKey) Unwrap(context.Context, *cms.RecipientInfo, cms.AlgorithmIdentifier) ([]byte, error) {
	return make([]byte, 16), nil
}

// TestKeyOfAnotherLength: an unwrapper that breaks its word opens nothing.
func TestKeyOfAnotherLength(t *testing.T) {
	pair := rsaPair(t, 0)
	sealed := seal(t, random(100), envelope.SealOptions{Recipients: to(pair), Length: 100})
	got, _, err := open(sealed, shortKey{unwrapper(t, pair)})
	wantCode(t, err, fault.EnvelopeUnreadable)
	if len(got) != 0 {
		t.Errorf("wrote %x", got)
	}
}

// TestSourceFailsAnywhere: a source that fails is never taken for one that
// ends, in no encoding and at no byte.
func TestSourceFailsAnywhere(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	binary := craftGCM(t, pair, random(100)).bytes()
	lines := base64Lines(binary)
	for name, whole := range map[string]string{
		"binary": string(binary),
		"PEM":    "-----BEGIN CMS-----\n" + lines + "-----END CMS-----\n",
		"S/MIME": "MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n" + lines,
	} {
		for n := 0; n <= len(whole); n += 1 + n%3 {
			src := io.MultiReader(bytes.NewReader([]byte(whole[:n])), iotest.ErrReader(errors.New("EIO")))
			_, err := envelope.Open(context.Background(), io.Discard, src, envelope.OpenOptions{Unwrapper: u})
			if fault.CodeOf(err) != fault.ReadFailed {
				t.Fatalf("%s, failing at %d of %d: %v", name, n, len(whole), err)
			}
		}
	}
}

// cancelling is a cipher whose failure is that somebody cancelled.
type cancelling struct {
	failingCipher
	cancel context.CancelFunc
}

func (c cancelling) Encrypter(ctx context.Context, k envelope.ContentKey) (envelope.ContentEncrypter, error) {
	e, err := c.failingCipher.Encrypter(ctx, k)
	return cancellingStream{e, c.cancel}, err
}

type cancellingStream struct {
	envelope.ContentEncrypter
	cancel context.CancelFunc
}

func (c cancellingStream) Encrypt(ctx context.Context, dst, b []byte) ([]byte, error) {
	c.cancel()
	return c.ContentEncrypter.Encrypt(ctx, dst, b)
}

// TestCancelledInTheMiddle: what fails because of it is told as cancelled, in
// a cipher and in a key.
func TestCancelledInTheMiddle(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cipher := cancelling{failingCipher{0, errors.New("AbortError")}, cancel}
	_, err := envelope.Seal(ctx, io.Discard, bytes.NewReader(random(100)), envelope.SealOptions{Recipients: to(rsaPair(t, 0)), Length: 100, Cipher: cipher})
	wantCode(t, err, fault.Cancelled)

	pair := ecPair(t, elliptic.P256())
	info, err := envelope.WrapKey(to(pair)[0], random(32))
	if err != nil {
		t.Fatal(err)
	}
	key := &counted{key: pair.Key, agree: func([]byte) ([]byte, error) { return nil, errors.New("CKR_FUNCTION_CANCELED") }}
	_, err = envelope.UnwrapWith(ctx, key, request(pair, info.Raw))
	wantCode(t, err, fault.Cancelled)
}

// TestRewrapLimits: certificates that cannot be sealed to, more recipients
// than are read again, and attributes whose length changes with their form.
func TestRewrapLimits(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	again := func(sealed []byte, add ...envelope.Recipient) error {
		_, err := envelope.Rewrap(context.Background(), io.Discard, bytes.NewReader(sealed), envelope.RewrapOptions{Unwrapper: u, Add: add})
		return err
	}
	wantCode(t, again(craftGCM(t, pair, random(100)).bytes(), envelope.Recipient{Certificate: []byte("no certificate")}), fault.CertificateBad)

	full := craftGCM(t, pair, random(100))
	for len(full.recipients) < cms.MaxRecipients {
		full.recipients = append(full.recipients, der.TLV(0xa4, der.OID(oidData)))
	}
	if err := again(full.bytes()); err != nil {
		t.Errorf("%d recipients: %v", cms.MaxRecipients, err)
	}
	wantCode(t, again(full.bytes(), to(pair)...), fault.BadRequest)

	odd := craftGCM(t, pair, random(100))
	odd.after = append(odd.after, der.LongTLV(0xa2, 4, der.Seq(der.OID(oidData), der.Set(der.Null()))))
	mustOpen(t, odd.bytes(), random(100), u)
	wantCode(t, again(odd.bytes(), to(pair)...), fault.EnvelopeMalformed)
}

// TestPlanTrailer: a tag of 16 bytes for GCM, none for CBC.
func TestPlanTrailer(t *testing.T) {
	for profile, good := range map[envelope.Profile]int{envelope.ProfileDefault: 16, envelope.ProfileCBC: 0} {
		plan, err := envelope.NewPlan(envelope.SealOptions{Recipients: to(rsaPair(t, 0)), Length: 100, Profile: profile})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 12, 15, 16, 17} {
			_, err := plan.Trailer(make([]byte, n))
			if accepted := n == good || profile == envelope.ProfileCBC && n != 16; (err == nil) != accepted {
				t.Errorf("%q, %d bytes: %v", profile, n, err)
			}
		}
	}
}

// TestOpeningTrailer: a caller that moves the bytes itself is told of a tag
// that is none.
func TestOpeningTrailer(t *testing.T) {
	pair := rsaPair(t, 0)
	for n, code := range map[int]fault.Code{15: fault.EnvelopeMalformed, 16: "", 17: fault.EnvelopeMalformed} {
		c := craftGCM(t, pair, random(100))
		c.after[0] = der.Octets(slices.Concat(c.tag, []byte{0})[:n])
		sealed := c.bytes()
		opening, err := envelope.NewOpening(context.Background(), bytes.NewReader(sealed), unwrapper(t, pair))
		if err != nil {
			t.Fatal(err)
		}
		tag, aad, err := opening.Trailer(bytes.NewReader(sealed[opening.Info.ContentOffset+opening.Info.ContentLength:]))
		if fault.CodeOf(err) != code && err != nil || (err == nil) != (code == "") {
			t.Errorf("%d bytes: %v", n, err)
		}
		if err == nil && (!bytes.Equal(tag, c.tag) || aad != nil) {
			t.Errorf("tag %x, attributes %x", tag, aad)
		}
	}
}

// TestKeysOfOtherKinds: what is not on the list of keys is refused by kind,
// before anything is tried with it.
func TestKeysOfOtherKinds(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	odd, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, err = envelope.NewPrivateKeyUnwrapper(odd, pair.DER)
	wantCode(t, err, fault.CertificateKeyKind)
	own, err := pair.Key.(*ecdsa.PrivateKey).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	_, err = envelope.NewPrivateKeyUnwrapper(own, []byte("no certificate"))
	wantCode(t, err, fault.CertificateBad)
	_, err = envelope.WrapKey(to(rsaPair(t, 0))[0], make([]byte, 300))
	wantCode(t, err, fault.CertificateBad)
}

// TestUnwrapRequestRefuses: a request is parsed before the key is touched.
func TestUnwrapRequestRefuses(t *testing.T) {
	pair := rsaPair(t, 0)
	info := keyTrans(issuerAndSerial(t, pair), oaepSHA256(), oaep(t, pair, random(32)))
	for name, edit := range map[string]func(q *envelope.UnwrapRequest){
		"certificate": func(q *envelope.UnwrapRequest) { q.Certificate = []byte("x") },
		"recipient":   func(q *envelope.UnwrapRequest) { q.RecipientInfo = []byte("x") },
		"algorithm":   func(q *envelope.UnwrapRequest) { q.ContentAlgorithm = []byte("x") },
	} {
		key, q := &counted{key: pair.Key}, request(pair, info)
		edit(&q)
		got, err := envelope.UnwrapWith(context.Background(), key, q)
		if err == nil || got != nil || key.operations != 0 {
			t.Errorf("%s: %x, %v after %d operations", name, got, err, key.operations)
		}
	}
}

// TestShortKeyIdentifier: an identifier may be as short as one byte.
func TestShortKeyIdentifier(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{SubjectKey: []byte{7}})
	c := craftGCM(t, pair, random(100))
	c.recipients = [][]byte{keyTrans(der.TLV(0x80, []byte{7}), oaepSHA256(), oaep(t, pair, c.cek))}
	mustOpen(t, c.bytes(), random(100), unwrapper(t, pair))
}

// wholeChunks is the native cipher, which is given no empty chunk.
type wholeChunks struct{ t *testing.T }

func (w wholeChunks) Encrypter(ctx context.Context, k envelope.ContentKey) (envelope.ContentEncrypter, error) {
	e, err := envelope.Native().Encrypter(ctx, k)
	return wholeEncrypter{e, w.t}, err
}

func (w wholeChunks) Decrypter(ctx context.Context, k envelope.ContentKey) (envelope.ContentDecrypter, error) {
	d, err := envelope.Native().Decrypter(ctx, k)
	return wholeDecrypter{d, w.t}, err
}

type wholeEncrypter struct {
	envelope.ContentEncrypter
	t *testing.T
}

func (w wholeEncrypter) Encrypt(ctx context.Context, dst, b []byte) ([]byte, error) {
	if len(b) == 0 {
		w.t.Error("an empty chunk to encrypt")
	}
	return w.ContentEncrypter.Encrypt(ctx, dst, b)
}

type wholeDecrypter struct {
	envelope.ContentDecrypter
	t *testing.T
}

func (w wholeDecrypter) Decrypt(ctx context.Context, dst, b []byte) ([]byte, error) {
	if len(b) == 0 {
		w.t.Error("an empty chunk to decrypt")
	}
	return w.ContentDecrypter.Decrypt(ctx, dst, b)
}

// TestNoEmptyChunks: contents that end with a chunk, or have none, bring the
// cipher no empty one, which other ciphers than ours need not bear.
func TestNoEmptyChunks(t *testing.T) {
	pair, added := rsaPair(t, 0), rsaPair(t, 1)
	ctx, u, cipher := context.Background(), unwrapper(t, pair), wholeChunks{t}
	for _, n := range []int64{0, 64, 128, 130} {
		for _, length := range []int64{n, envelope.UnknownLength} {
			var sealed bytes.Buffer
			o := envelope.SealOptions{Recipients: to(pair), Length: length, ChunkSize: 64, Cipher: cipher}
			if _, err := envelope.Seal(ctx, &sealed, bytes.NewReader(random(int(n))), o); err != nil {
				t.Fatal(err)
			}
			ro := envelope.RewrapOptions{Unwrapper: u, Add: to(added), ChunkSize: 64, Cipher: cipher}
			if _, err := envelope.Rewrap(ctx, io.Discard, bytes.NewReader(sealed.Bytes()), ro); err != nil {
				t.Errorf("rewrap %d: %v", n, err)
			}
			oo := envelope.OpenOptions{Unwrapper: u, ChunkSize: 64, Cipher: cipher}
			if _, err := envelope.Open(ctx, io.Discard, bytes.NewReader(sealed.Bytes()), oo); err != nil {
				t.Errorf("open %d: %v", n, err)
			}
		}
	}
}

// endless gives the same line for ever.
type endless struct{ given int }

func (e *endless) Read(b []byte) (int, error) {
	n := copy(b, "Bonjour\n")
	e.given += n
	return n, nil
}

// TestEndlessWords: what does not become an envelope soon is given up.
func TestEndlessWords(t *testing.T) {
	src := &endless{}
	_, err := envelope.Open(context.Background(), io.Discard, io.LimitReader(src, 64<<20), envelope.OpenOptions{})
	wantCode(t, err, fault.EnvelopeMalformed)
	if src.given > 1<<20 {
		t.Errorf("%d bytes were read", src.given)
	}
}
