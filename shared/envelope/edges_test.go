package envelope_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/aes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// TestAgreements: every KDF with every key wrap, with and without keying
// material, from a kari made here by other code.
func TestAgreements(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	own, err := pair.Key.(*ecdsa.PrivateKey).PublicKey.ECDH()
	if err != nil {
		t.Fatal(err)
	}
	kdfs := map[string]crypto.Hash{
		"1.3.133.16.840.63.0.2": crypto.SHA1, "1.3.133.16.840.63.0.3": crypto.SHA1,
		"1.3.132.1.11.0": crypto.SHA224, "1.3.132.1.14.0": crypto.SHA224, "1.3.132.1.11.1": crypto.SHA256, "1.3.132.1.14.1": crypto.SHA256,
		"1.3.132.1.11.2": crypto.SHA384, "1.3.132.1.14.2": crypto.SHA384, "1.3.132.1.11.3": crypto.SHA512, "1.3.132.1.14.3": crypto.SHA512,
	}
	wraps := map[string]int{"2.16.840.1.101.3.4.1.5": 16, "2.16.840.1.101.3.4.1.25": 24, "2.16.840.1.101.3.4.1.45": 32}
	for kdf, hash := range kdfs {
		for wrap, size := range wraps {
			for _, ukm := range [][]byte{nil, []byte("keying material")} {
				ephemeral, err := own.Curve().GenerateKey(rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				z, err := ephemeral.ECDH(own)
				if err != nil {
					t.Fatal(err)
				}
				var material []byte
				shared := [][]byte{der.Algorithm(wrap)}
				if ukm != nil {
					material = der.TLV(0xa1, der.Octets(ukm))
					shared = append(shared, der.TLV(0xa0, der.Octets(ukm)))
				}
				shared = append(shared, der.TLV(0xa2, der.Octets(binary.BigEndian.AppendUint32(nil, uint32(size*8)))))
				kek := x963(hash, z, der.Seq(shared...))[:size]
				info := der.TLV(0xa1, der.Int(3),
					der.TLV(0xa0, der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits(ephemeral.PublicKey().Bytes()))), material,
					der.Algorithm(kdf, der.Algorithm(wrap)), der.Seq(der.Seq(issuerAndSerial(t, pair), der.Octets(keyWrap(t, kek, random(32))))))
				got, err := unwrapper(t, pair).Unwrap(context.Background(), recipientInfo(t, info), algorithm(t, der.Algorithm(oidAES256CBC, der.Octets(make([]byte, 16)))))
				if err != nil || !bytes.Equal(got, random(32)) {
					t.Errorf("%s, %s, ukm %q: %x, %v", kdf, wrap, ukm, got, err)
				}
			}
		}
	}
}

// x963 is the KDF of SEC 1 3.6.1, at least 64 bytes.
func x963(hash crypto.Hash, z, shared []byte) (key []byte) {
	for i := uint32(1); len(key) < 64; i++ {
		h := hash.New()
		h.Write(z)
		h.Write(binary.BigEndian.AppendUint32(nil, i))
		h.Write(shared)
		key = h.Sum(key)
	}
	return key
}

// keyWrap is RFC 3394 2.2.1 in its own words.
func keyWrap(t *testing.T, kek, key []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(kek)
	if err != nil {
		t.Fatal(err)
	}
	a, r := bytes.Repeat([]byte{0xa6}, 8), bytes.Clone(key)
	for j := range 6 {
		for i := 0; i < len(r)/8; i++ {
			b := append(bytes.Clone(a), r[8*i:8*i+8]...)
			block.Encrypt(b, b)
			a = binary.BigEndian.AppendUint64(nil, binary.BigEndian.Uint64(b)^uint64(len(r)/8*j+i+1))
			copy(r[8*i:], b[8:])
		}
	}
	return append(a, r...)
}

// TestMechanisms: what is wrapped by each is unwrapped, and named.
func TestMechanisms(t *testing.T) {
	rsa, ec := rsaPair(t, 0), ecPair(t, elliptic.P521())
	for _, m := range []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAOAEPSHA384, envelope.RSAOAEPSHA512, envelope.RSAPKCS1, envelope.ECDH} {
		pair := rsa
		if m == envelope.ECDH {
			pair = ec
		}
		content := random(50)
		sealed := seal(t, content, envelope.SealOptions{Recipients: []envelope.Recipient{{Certificate: pair.DER, Mechanism: m}}, Length: 50})
		report := mustOpen(t, sealed, content, unwrapper(t, pair))
		if got := report.Info.Recipients[0]; got.Mechanism != m || got.Err != nil {
			t.Errorf("%s: %s, %v", m, got.Mechanism, got.Err)
		}
		if m.RSA() == (m == envelope.ECDH) {
			t.Errorf("%s: RSA %v", m, m.RSA())
		}
	}
}

// TestContentNames: every identifier has its name, and what is opened its
// sizes.
func TestContentNames(t *testing.T) {
	const nist = "2.16.840.1.101.3.4.1."
	for dotted, want := range map[string]struct {
		name      envelope.ContentAlgorithm
		key, size int
	}{
		nist + "6": {envelope.AES128GCM, 16, 0}, nist + "26": {envelope.AES192GCM, 24, 0}, nist + "46": {envelope.AES256GCM, 32, 0},
		nist + "2": {envelope.AES128CBC, 16, 16}, nist + "22": {envelope.AES192CBC, 24, 16}, nist + "42": {envelope.AES256CBC, 32, 16},
		"1.2.840.113549.3.7": {envelope.DESEDE3, 24, 8},
		"1.2.840.113549.3.2": {"rc2-cbc", 0, 0}, "1.2.840.113549.3.4": {"rc4", 0, 0}, "1.2.840.113549.3.9": {"rc5-cbc", 0, 0},
		"1.3.14.3.2.7": {"des-cbc", 0, 0}, "1.2.840.113533.7.66.10": {"cast5-cbc", 0, 0}, "1.2.840.113549.1.9.16.3.18": {"chacha20-poly1305", 0, 0},
		nist + "7": {"aes-128-ccm", 0, 0}, nist + "27": {"aes-192-ccm", 0, 0}, nist + "47": {"aes-256-ccm", 0, 0},
		nist + "1": {"aes-ecb", 0, 0}, nist + "23": {"aes-ofb", 0, 0}, nist + "44": {"aes-cfb", 0, 0}, "1.2.3": {"1.2.3", 0, 0},
	} {
		a := envelope.ParseContentAlgorithm(algorithm(t, der.Algorithm(dotted)))
		if a != want.name || a.KeySize() != want.key || a.BlockSize() != want.size || a.Supported() != (want.key != 0) ||
			a.Authenticated() != (want.key != 0 && want.size == 0) {
			t.Errorf("%s: %s, key %d, block %d", dotted, a, a.KeySize(), a.BlockSize())
		}
	}
}

// TestVersions: the version that RFC 5652 6.1 wants for the recipients.
func TestVersions(t *testing.T) {
	rsa, ec := rsaPair(t, 0), ecPair(t, elliptic.P256())
	keyID := der.TLV(0x80, certificate(t, rsa).SubjectKeyID)
	ori, pwri := der.TLV(0xa4, der.OID(oidData)), der.TLV(0xa3, der.Int(0))
	version := func(sealed []byte) int {
		info, err := envelope.Inspect(bytes.NewReader(sealed))
		if err != nil {
			t.Fatal(err)
		}
		return info.Header.Version
	}
	cbc := func(p ...envelope.Recipient) []byte {
		return seal(t, random(5), envelope.SealOptions{Recipients: p, Profile: envelope.ProfileCBC, Length: 5})
	}
	if v := version(cbc(to(rsa)...)); v != 0 {
		t.Errorf("RSA: version %d", v)
	}
	if v := version(cbc(to(rsa, ec)...)); v != 2 {
		t.Errorf("RSA and EC: version %d", v)
	}
	for name, c := range map[string]struct {
		extra []byte
		want  int
	}{
		"issuer": {nil, 0}, "key id": {keyTrans(keyID, oaepSHA256(), oaep(t, rsa, random(32))), 2}, "ori": {ori, 3}, "pwri": {pwri, 3}, "kekri": {der.TLV(0xa2, der.Int(4)), 2},
	} {
		e := craftCBC(t, rsa, random(5))
		if c.extra != nil {
			e.recipients = append(e.recipients, c.extra)
		}
		var out bytes.Buffer
		_, err := envelope.Rewrap(context.Background(), &out, bytes.NewReader(e.bytes()), envelope.RewrapOptions{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if v := version(out.Bytes()); v != c.want {
			t.Errorf("%s: version %d, want %d", name, v, c.want)
		}
	}
}

// TestSealedSizeRefuses what Seal refuses, and lengths no envelope can carry.
func TestSealedSizeRefuses(t *testing.T) {
	pair := rsaPair(t, 0)
	for name, c := range map[string]struct {
		o    envelope.SealOptions
		code fault.Code
	}{
		"no certificate": {envelope.SealOptions{Recipients: []envelope.Recipient{{}}}, fault.CertificateBad},
		"GCM":            {envelope.SealOptions{Recipients: to(pair), Length: 1<<36 - 31}, fault.EnvelopeTooLarge},
		"CBC":            {envelope.SealOptions{Recipients: to(pair), Profile: envelope.ProfileCBC, Length: 1<<61 - 1023}, fault.EnvelopeTooLarge},
		"4,097":          {envelope.SealOptions{Recipients: make([]envelope.Recipient, 4097)}, fault.BadRequest},
		"below":          {envelope.SealOptions{Recipients: to(pair), Length: -2}, fault.BadRequest},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := envelope.SealedSize(c.o)
			wantCode(t, err, c.code)
		})
	}
	for _, o := range []envelope.SealOptions{
		{Recipients: to(pair), Length: 1<<36 - 32},
		{Recipients: to(pair), Profile: envelope.ProfileCBC, Length: 1<<61 - 1024},
	} {
		if n, err := envelope.SealedSize(o); err != nil || n <= o.Length {
			t.Errorf("the longest: %d, %v", n, err)
		}
	}
}

// lazy writes one byte less than it was given, and says so in its count only.
type lazy struct{ written int }

func (l *lazy) Write(b []byte) (int, error) {
	l.written += len(b) - 1
	return len(b) - 1, nil
}

// TestShortWrites: a writer that takes less is a failure, though it has no
// error.
func TestShortWrites(t *testing.T) {
	pair := rsaPair(t, 0)
	o := envelope.SealOptions{Recipients: to(pair), Length: 100}
	_, err := envelope.Seal(context.Background(), &lazy{}, bytes.NewReader(random(100)), o)
	wantCode(t, err, fault.WriteFailed)
	sealed := seal(t, random(100), o)
	_, err = envelope.Open(context.Background(), &lazy{}, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper(t, pair)})
	wantCode(t, err, fault.WriteFailed)
	_, err = envelope.Rewrap(context.Background(), &lazy{}, bytes.NewReader(sealed), envelope.RewrapOptions{})
	wantCode(t, err, fault.WriteFailed)
}

// TestChunkEnds: contents that end where a chunk does, or a byte beside it.
func TestChunkEnds(t *testing.T) {
	pair, other := rsaPair(t, 0), rsaPair(t, 1)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		for size := 30; size <= 130; size++ {
			content := random(size)
			sealed := seal(t, content, envelope.SealOptions{Recipients: to(pair), Profile: profile, Length: int64(size), ChunkSize: 32})
			var out bytes.Buffer
			_, err := envelope.Open(context.Background(), &out, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper(t, pair), ChunkSize: 32})
			if err != nil || !bytes.Equal(out.Bytes(), content) {
				t.Fatalf("%q, %d bytes: %d, %v", profile, size, out.Len(), err)
			}
			out.Reset()
			_, err = envelope.Rewrap(context.Background(), &out, bytes.NewReader(sealed), envelope.RewrapOptions{Unwrapper: unwrapper(t, pair), Add: to(other), ChunkSize: 32})
			if err != nil {
				t.Fatal(err)
			}
			mustOpen(t, out.Bytes(), content, unwrapper(t, other))
		}
	}
}

// counting counts what is read.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}

// TestWrongStartEndsEarly: without authentication there is nothing to wait
// for once the start is wrong.
func TestWrongStartEndsEarly(t *testing.T) {
	pair := rsaPair(t, 0)
	sealed := seal(t, random(1<<20), envelope.SealOptions{Recipients: to(pair), Profile: envelope.ProfileCBC, Length: 1 << 20})
	src := &counting{Reader: bytes.NewReader(sealed)}
	_, err := envelope.Open(context.Background(), io.Discard, src, envelope.OpenOptions{Unwrapper: unwrapper(t, pair), Prefix: []byte("PK"), ChunkSize: 4096})
	wantCode(t, err, fault.PliNotOurs)
	if src.n > 256<<10 {
		t.Errorf("%d bytes were read", src.n)
	}
}

// failingSession is a key with a session-key power that fails, as a card that
// was pulled out does.
type failingSession struct {
	counted
	err error
}

func (f *failingSession) DecryptSessionKey(context.Context, []byte, []byte) error { return f.err }

// TestSessionKeyFaults: what the store says passes, anything else is
// unreadable, and never a key.
func TestSessionKeyFaults(t *testing.T) {
	pair := rsaPair(t, 0)
	info := keyTrans(issuerAndSerial(t, pair), der.Algorithm(oidRSA, der.Null()), pkcs1(t, pair, random(32)))
	for want, err := range map[fault.Code]error{
		fault.StoreLocked:        fault.New(fault.StoreLocked),
		fault.EnvelopeUnreadable: fmt.Errorf("CKR_GENERAL_ERROR"),
	} {
		key := &failingSession{counted{key: pair.Key}, err}
		got, err := envelope.UnwrapWith(context.Background(), key, request(pair, info))
		wantCode(t, err, want)
		if got != nil {
			t.Errorf("%s: answered with %x", want, got)
		}
	}
}

// TestEmptyChunk: a chunk of nothing is no whole block.
func TestEmptyChunk(t *testing.T) {
	ctx := context.Background()
	dec, err := envelope.Native().Decrypter(ctx, newKey(envelope.AES256CBC))
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	if out, err := dec.Decrypt(ctx, nil, nil); err != nil || len(out) != 0 {
		t.Errorf("%x, %v", out, err)
	}
	_, err = dec.Finish(ctx, nil, nil, nil)
	wantCode(t, err, fault.EnvelopeUnreadable)
}

// TestOddParameters: two bytes that are not NULL.
func TestOddParameters(t *testing.T) {
	pair := rsaPair(t, 0)
	for name, a := range map[string][]byte{
		"rsaEncryption": der.Algorithm(oidRSA, der.Seq()),
		"an OAEP hash":  der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa0, der.Algorithm(oidSHA256, der.Seq())))),
		"a mask's hash": der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa1, der.Algorithm(oidMGF1, der.Algorithm(oidSHA256, der.Seq()))))),
	} {
		info := keyTrans(issuerAndSerial(t, pair), a, oaep(t, pair, random(32)))
		_, err := envelope.UnwrapWith(context.Background(), &counted{key: pair.Key}, request(pair, info))
		if fault.CodeOf(err) != fault.EnvelopeMalformed {
			t.Errorf("%s: %v", name, err)
		}
	}
	e := craftCBC(t, pair, random(5))
	e.recipients[0] = der.TLV(0xa1, der.Int(3), der.TLV(0xa0, der.TLV(0xa1, der.Algorithm("1.2.840.10045.2.1"), der.Bits([]byte{4}))),
		der.Algorithm("1.3.132.1.11.1", der.Algorithm("2.16.840.1.101.3.4.1.45", der.Seq())), der.Seq(der.Seq(issuerAndSerial(t, pair), der.Octets(nil))))
	info, err := envelope.Inspect(bytes.NewReader(e.bytes()))
	if err != nil || fault.CodeOf(info.Recipients[0].Err) != fault.EnvelopeMalformed {
		t.Errorf("a key wrap: %v, %v", info.Recipients[0].Err, err)
	}
}

// TestWithout: a fingerprint that is not wanted stays zero, the others are as
// they were.
func TestWithout(t *testing.T) {
	pair := rsaPair(t, 0)
	sealed := seal(t, random(5000), envelope.SealOptions{Recipients: to(pair), Length: 5000})
	opened := func(o envelope.OpenOptions) (plain, file, content [32]byte) {
		o.Unwrapper = unwrapper(t, pair)
		r, err := envelope.Open(context.Background(), io.Discard, bytes.NewReader(sealed), o)
		if err != nil || r.Size != 5000 {
			t.Fatal(err)
		}
		return r.PlaintextSHA256, r.SHA256, r.ContentSHA256
	}
	plain, file, content := opened(envelope.OpenOptions{})
	var zero [32]byte
	if plain == zero || file == zero || content == zero {
		t.Fatal("a fingerprint is missing")
	}
	if a, b, c := opened(envelope.OpenOptions{NoPlaintextSHA256: true}); a != zero || b != file || c != content {
		t.Error("without that of the plaintext: others are missing")
	}
	if a, b, c := opened(envelope.OpenOptions{NoEnvelopeSHA256: true}); a != plain || b != zero || c != zero {
		t.Error("without those of the envelope: others are missing")
	}
}

// TestOtherRecipients: kinds that are only carried are shown, and named in the
// refusal; so is a way to wrap that is none of ours.
func TestOtherRecipients(t *testing.T) {
	pair := rsaPair(t, 0)
	e := craftGCM(t, pair, random(5))
	signature := keyTrans(issuerAndSerial(t, pair), der.Algorithm("1.2.840.113549.1.1.11", der.Null()), random(256))
	explicit := der.Algorithm(oidOAEP, der.Seq(der.TLV(0xa2, der.Algorithm(oidPSpecified, der.Octets(nil)))))
	e.recipients = [][]byte{der.TLV(0xa4, der.OID(oidData)), signature, keyTrans(issuerAndSerial(t, pair), explicit, random(256))}
	info, err := envelope.Inspect(bytes.NewReader(e.bytes()))
	if err != nil || len(info.Recipients) != 3 {
		t.Fatalf("%+v, %v", info, err)
	}
	r := info.Recipients
	if r[0].Err == nil || r[0].Err.Error() != "envelope-unsupported (RecipientInfo [4])" || r[0].Issuer != nil || r[0].Matches(certificate(t, pair)) {
		t.Errorf("ori: %+v", r[0])
	}
	if fault.CodeOf(r[1].Err) != fault.EnvelopeUnsupported || !r[1].Matches(certificate(t, pair)) {
		t.Errorf("a signature algorithm: %+v", r[1])
	}
	if r[2].Mechanism != envelope.RSAOAEPSHA1 || r[2].Err != nil {
		t.Errorf("OAEP with every default, one written out: %+v", r[2])
	}
	e.recipients = e.recipients[:2]
	_, _, err = open(e.bytes(), unwrapper(t, pair))
	wantCode(t, err, fault.EnvelopeUnsupported)
	_, err = envelope.Inspect(bytes.NewReader(nil))
	wantCode(t, err, fault.EnvelopeMalformed)
}

// TestKeysThatCannotBeWrapped: AES key wrap takes whole registers.
func TestKeysThatCannotBeWrapped(t *testing.T) {
	for _, size := range []int{0, 8, 15, 31} {
		_, err := envelope.WrapKey(to(ecPair(t, elliptic.P256()))[0], make([]byte, size))
		wantCode(t, err, fault.Internal)
	}
}

// TestChunkAfterTheLast: only the last chunk may be no whole block.
func TestChunkAfterTheLast(t *testing.T) {
	ctx := context.Background()
	dec, err := envelope.Native().Decrypter(ctx, newKey(envelope.AES256GCM))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := dec.Decrypt(ctx, nil, make([]byte, 17)); err != nil {
		t.Fatal(err)
	}
	_, err = dec.Decrypt(ctx, nil, make([]byte, 16))
	wantCode(t, err, fault.Internal)
}

// TestNothingGoesOn: fingerprints that run beside the cipher end with it, also
// after refusals.
func TestNothingGoesOn(t *testing.T) {
	pair := rsaPair(t, 0)
	sealed := seal(t, random(100), envelope.SealOptions{Recipients: to(pair), Length: 100})
	before := runtime.NumGoroutine()
	for range 20 {
		for _, cut := range []int{0, 1, 50, len(sealed) - 20, len(sealed)} {
			open(sealed[:cut], unwrapper(t, pair))
			envelope.Rewrap(context.Background(), io.Discard, bytes.NewReader(sealed[:cut]), envelope.RewrapOptions{})
		}
		envelope.Seal(context.Background(), &lazy{}, bytes.NewReader(random(100)), envelope.SealOptions{Recipients: to(pair), Length: 100})
	}
	for range 200 { // those that were told to end need a moment
		if runtime.NumGoroutine() <= before+5 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}
