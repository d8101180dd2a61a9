package envelope_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"hash"
	"io"
	"math/big"
	"strings"
	"testing"
	"testing/iotest"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// TestRoundTrip: every profile, key and length comes back, with the announced
// size and the same fingerprints on both sides.
func TestRoundTrip(t *testing.T) {
	pairs := []*certtest.Pair{rsaPair(t, 0), ecPair(t, elliptic.P256()), ecPair(t, elliptic.P384()), ecPair(t, elliptic.P521())}
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		for _, size := range []int{0, 1, 15, 16, 127, 128, 255, 256, 65_535, 65_536, 1 << 20} {
			for _, length := range []int64{int64(size), envelope.UnknownLength} {
				o := envelope.SealOptions{Recipients: to(pairs...), Profile: profile, Length: length, ChunkSize: 4096}
				content := random(size)
				sealed := seal(t, content, o)
				announced, err := envelope.SealedSize(o)
				if err != nil || (length >= 0 && announced != int64(len(sealed))) || (length < 0 && announced != envelope.UnknownLength) {
					t.Fatalf("%d bytes: SealedSize %d, %v; %d written", size, announced, err, len(sealed))
				}
				for _, p := range pairs {
					checkReport(t, mustOpen(t, sealed, content, unwrapper(t, p)), sealed, content, profile)
				}
			}
		}
	}
}

func checkReport(t *testing.T, r *envelope.Report, sealed, content []byte, profile envelope.Profile) {
	t.Helper()
	if r.SHA256 != sha256.Sum256(sealed) || r.PlaintextSHA256 != sha256.Sum256(content) ||
		r.Authenticated != (profile == envelope.ProfileDefault) {
		t.Fatalf("report %+v", r)
	}
}

// TestReceipt: the fingerprints are what envelope.md says.
func TestReceipt(t *testing.T) {
	pair := rsaPair(t, 0)
	content := random(1000)
	for _, length := range []int64{1000, envelope.UnknownLength} {
		var out bytes.Buffer
		o := envelope.SealOptions{Recipients: to(pair), Length: length, ChunkSize: 320}
		receipt, err := envelope.Seal(context.Background(), &out, bytes.NewReader(content), o)
		if err != nil {
			t.Fatal(err)
		}
		r := cms.NewReader(bytes.NewReader(out.Bytes()))
		if _, err := r.Header(); err != nil {
			t.Fatal(err)
		}
		encrypted, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		trailer, err := r.Trailer()
		if err != nil {
			t.Fatal(err)
		}
		if receipt.ContentSHA256 != sha256.Sum256(append(encrypted, trailer.MAC...)) || receipt.SHA256 != sha256.Sum256(out.Bytes()) {
			t.Fatal("fingerprints")
		}
		if report := mustOpen(t, out.Bytes(), content, unwrapper(t, pair)); report.ContentSHA256 != receipt.ContentSHA256 {
			t.Fatal("fingerprints differ between seal and open")
		}
	}
}

// TestWhatIsWritten looks at the envelope as any CMS program would.
func TestWhatIsWritten(t *testing.T) {
	pair, ec := rsaPair(t, 0), ecPair(t, elliptic.P384())
	first := seal(t, random(10), envelope.SealOptions{Recipients: to(pair, ec), Length: 10})
	second := seal(t, random(10), envelope.SealOptions{Recipients: to(pair, ec), Length: 10})
	info, err := envelope.Inspect(bytes.NewReader(first))
	if err != nil {
		t.Fatal(err)
	}
	h := info.Header
	if h.ContentType != cms.AuthEnvelopedData || h.Version != 0 || info.Algorithm != envelope.AES256GCM || info.ContentType != cms.Data {
		t.Fatalf("%+v", info)
	}
	if info.Recipients[0].Mechanism != envelope.RSAOAEPSHA256 || info.Recipients[1].Mechanism != envelope.ECDH {
		t.Fatalf("%+v", info.Recipients)
	}
	agreement := h.RecipientInfos[1].KeyAgree.KeyEncryptionAlgorithm
	wrap, err := cms.ParseAlgorithm(agreement.Parameters)
	if err != nil || agreement.Algorithm.String() != "1.3.132.1.11.1" || wrap.Algorithm.String() != "2.16.840.1.101.3.4.1.45" {
		t.Fatal("key agreement")
	}
	trailer := first[len(first)-18:]
	if trailer[0] != 4 || trailer[1] != 16 {
		t.Fatal("a 16-byte mac and nothing after it")
	}
	other, err := envelope.Inspect(bytes.NewReader(second))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(info.Content.Raw, other.Content.Raw) || info.HeaderSHA256 == other.HeaderSHA256 {
		t.Fatal("two envelopes share their nonce or header")
	}
	cbc, err := envelope.Inspect(bytes.NewReader(seal(t, nil, envelope.SealOptions{Profile: envelope.ProfileCBC,
		Recipients: []envelope.Recipient{{Certificate: pair.DER, Mechanism: envelope.RSAOAEPSHA256}, {Certificate: ec.DER}}})))
	if err != nil || cbc.Header.ContentType != cms.EnvelopedData || cbc.Header.Version != 2 ||
		cbc.Recipients[0].Mechanism != envelope.RSAPKCS1 || cbc.Recipients[1].Mechanism != envelope.ECDH {
		t.Fatalf("compatibility profile: %+v, %v", cbc, err)
	}
}

// TestInspectMatches: recipients are found by bytes, odd serials included.
func TestInspectMatches(t *testing.T) {
	ca := certtest.NewCA(t, "AC")
	odd := ca.Issue(t, certtest.Options{Serial: big.NewInt(-5)})
	other := ca.Issue(t, certtest.Options{Serial: big.NewInt(5)})
	sealed := seal(t, random(10), envelope.SealOptions{Recipients: to(odd), Length: 10})
	info, err := envelope.Inspect(io.LimitReader(bytes.NewReader(sealed), int64(len(sealed)-20)))
	if err != nil {
		t.Fatalf("inspect needs more than the header: %v", err)
	}
	if !info.Recipients[0].Matches(certificate(t, odd)) || info.Recipients[0].Matches(certificate(t, other)) {
		t.Fatal("matched the wrong certificate")
	}
	if info.ContentLength != 10 || info.ContentOffset != int64(len(sealed)-28) {
		t.Fatalf("content at %d, %d bytes", info.ContentOffset, info.ContentLength)
	}
	mustOpen(t, sealed, random(10), unwrapper(t, odd))
}

// TestSealRefuses: nothing is sealed to what cannot open it, or sealed wrong.
func TestSealRefuses(t *testing.T) {
	pair := rsaPair(t, 0)
	ca := certtest.NewCA(t, "AC")
	failing := iotest.ErrReader(errors.New("no such disk"))
	cutOff := io.MultiReader(strings.NewReader("0123"), iotest.ErrReader(io.ErrUnexpectedEOF))
	for name, c := range map[string]struct {
		o       envelope.SealOptions
		content io.Reader
		code    fault.Code
	}{
		"nobody":            {envelope.SealOptions{Length: 4}, strings.NewReader("0123"), fault.NoRecipient},
		"no certificate":    {envelope.SealOptions{Recipients: []envelope.Recipient{{}}}, strings.NewReader(""), fault.CertificateBad},
		"a weak key":        {envelope.SealOptions{Recipients: to(ca.Issue(t, certtest.Options{Bits: 1024}))}, strings.NewReader(""), fault.CertificateWeak},
		"another curve":     {envelope.SealOptions{Recipients: to(ca.Issue(t, certtest.Options{Curve: elliptic.P224()}))}, strings.NewReader(""), fault.CertificateKeyKind},
		"ecdh to RSA":       {envelope.SealOptions{Recipients: []envelope.Recipient{{Certificate: pair.DER, Mechanism: envelope.ECDH}}}, strings.NewReader(""), fault.BadRequest},
		"OAEP to EC":        {envelope.SealOptions{Recipients: []envelope.Recipient{{Certificate: ecPair(t, elliptic.P256()).DER, Mechanism: envelope.RSAOAEPSHA256}}}, strings.NewReader(""), fault.BadRequest},
		"unknown mechanism": {envelope.SealOptions{Recipients: []envelope.Recipient{{Certificate: pair.DER, Mechanism: "rot13"}}}, strings.NewReader(""), fault.BadRequest},
		"unknown profile":   {envelope.SealOptions{Recipients: to(pair), Profile: "des"}, strings.NewReader(""), fault.BadRequest},
		"a bad length":      {envelope.SealOptions{Recipients: to(pair), Length: -2}, strings.NewReader(""), fault.BadRequest},
		"too long for GCM":  {envelope.SealOptions{Recipients: to(pair), Length: 1<<36 - 31}, strings.NewReader(""), fault.EnvelopeTooLarge},
		"shorter content":   {envelope.SealOptions{Recipients: to(pair), Length: 5}, strings.NewReader("0123"), fault.ReadFailed},
		"longer content":    {envelope.SealOptions{Recipients: to(pair), Length: 3}, strings.NewReader("0123"), fault.ReadFailed},
		"failing content":   {envelope.SealOptions{Recipients: to(pair), Length: -1}, failing, fault.ReadFailed},
		"idle content":      {envelope.SealOptions{Recipients: to(pair), Length: -1}, idle{}, fault.ReadFailed},
		"content cut off":   {envelope.SealOptions{Recipients: to(pair), Length: -1}, cutOff, fault.ReadFailed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := envelope.Seal(context.Background(), io.Discard, c.content, c.o)
			wantCode(t, err, c.code)
		})
	}
}

// idle is a source that gives nothing and does not end.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// fullDisk fails once, after some bytes: an error that is passed over would
// not come back.
type fullDisk struct{ room int }

func (f *fullDisk) Write(b []byte) (int, error) {
	if f.room -= len(b); f.room < 0 {
		f.room = 1 << 30
		return 0, fault.New(fault.DiskFull)
	}
	return len(b), nil
}

// TestFullDisk: the destination's own fault is what is told.
func TestFullDisk(t *testing.T) {
	pair := rsaPair(t, 0)
	content := random(5000)
	o := envelope.SealOptions{Recipients: to(pair), Length: 5000, ChunkSize: 512}
	sealed := seal(t, content, o)
	for room := 0; room < len(sealed); room += 300 {
		_, err := envelope.Seal(context.Background(), &fullDisk{room}, bytes.NewReader(content), o)
		wantCode(t, err, fault.DiskFull)
		if room < 5000 {
			_, err = envelope.Open(context.Background(), &fullDisk{room}, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper(t, pair)})
			wantCode(t, err, fault.DiskFull)
		}
	}
}

// TestNewHash: the hash that the caller brings is the one that is used.
func TestNewHash(t *testing.T) {
	pair := rsaPair(t, 0)
	made := 0
	newHash := func() hash.Hash { made++; return sha256.New() }
	var sealed, out bytes.Buffer
	if _, err := envelope.Seal(context.Background(), &sealed, strings.NewReader("pli"), envelope.SealOptions{Recipients: to(pair), Length: 3, NewHash: newHash}); err != nil {
		t.Fatal(err)
	}
	if _, err := envelope.Open(context.Background(), &out, &sealed, envelope.OpenOptions{Unwrapper: unwrapper(t, pair), NewHash: newHash}); err != nil {
		t.Fatal(err)
	}
	if made != 5 {
		t.Fatalf("%d hashes", made)
	}
}

// TestManyRecipients: 4,096 is the limit of both sides.
func TestManyRecipients(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	o := envelope.SealOptions{Length: 3}
	for range cms.MaxRecipients {
		o.Recipients = append(o.Recipients, envelope.Recipient{Certificate: pair.DER})
	}
	if _, err := envelope.SealedSize(o); err != nil {
		t.Fatal(err)
	}
	o.Recipients = append(o.Recipients, o.Recipients[0])
	_, err := envelope.SealedSize(o)
	wantCode(t, err, fault.BadRequest)
}

// TestFingerprintsBesideTheCipher: with chunks that are hashed in place, in
// another goroutine, the fingerprints are those of the bytes; the race
// detector watches over the buffers.
func TestFingerprintsBesideTheCipher(t *testing.T) {
	pair, added := rsaPair(t, 0), rsaPair(t, 1)
	const chunk = 128 << 10
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		for _, size := range []int{chunk - 16, chunk, chunk + 16, 2 * chunk, 2*chunk + 1, 7 * chunk, 7*chunk + 70_000} {
			for _, length := range []int64{int64(size), envelope.UnknownLength} {
				content := random(size)
				sealed := seal(t, content, envelope.SealOptions{Recipients: to(pair), Profile: profile, Length: length, ChunkSize: chunk})
				for _, src := range []io.Reader{bytes.NewReader(sealed), iotest.HalfReader(bytes.NewReader(sealed))} {
					var out bytes.Buffer
					report, err := envelope.Open(context.Background(), &out, src, envelope.OpenOptions{Unwrapper: unwrapper(t, pair), ChunkSize: chunk})
					if err != nil || !bytes.Equal(out.Bytes(), content) {
						t.Fatal(err)
					}
					checkReport(t, report, sealed, content, profile)
				}
				again, _ := rewrap(t, sealed, envelope.RewrapOptions{Unwrapper: unwrapper(t, pair), Add: to(added), ChunkSize: chunk})
				mustOpen(t, again, content, unwrapper(t, added))
			}
		}
	}
}
