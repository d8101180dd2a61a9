package envelope_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.mozilla.org/pkcs7"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// stored is the folder of envelopes that OpenSSL wrote, see testdata/README.md.
const stored = "../../testdata/cms"

func readStored(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(stored, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// storedPair is one of the two key pairs in the folder.
func storedPair(t testing.TB, kind string) *certtest.Pair {
	t.Helper()
	cert, _ := pem.Decode(readStored(t, kind+".cert.pem"))
	key, _ := pem.Decode(readStored(t, kind+".key.pem"))
	private, err := x509.ParsePKCS8PrivateKey(key.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(cert.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &certtest.Pair{Key: private.(crypto.Signer), DER: cert.Bytes, X509: parsed}
}

// storedEnvelopes are the envelopes by name. None is a failure.
func storedEnvelopes(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, kind := range []string{"rsa-*", "ec-*", "both-*"} {
		names, err := filepath.Glob(filepath.Join(stored, kind))
		if err != nil || len(names) == 0 {
			t.Fatalf("no %s in %s", kind, stored)
		}
		for _, name := range names {
			all[filepath.Base(name)] = readStored(t, filepath.Base(name))
		}
	}
	return all
}

func TestStored(t *testing.T) {
	content := readStored(t, "content.txt")
	for name, sealed := range storedEnvelopes(t) {
		for _, kind := range []string{"rsa", "ec"} {
			if strings.HasPrefix(name, kind) || strings.HasPrefix(name, "both") {
				t.Run(name+"/"+kind, func(t *testing.T) {
					report := mustOpen(t, sealed, content, unwrapper(t, storedPair(t, kind)))
					if report.Authenticated != strings.Contains(name, "gcm") {
						t.Fatal("authenticated?")
					}
				})
			}
		}
	}
}

// openPeer opens with go.mozilla.org/pkcs7, which panics on much hostile input.
func openPeer(sealed []byte, p *certtest.Pair) (content []byte, ok bool) {
	defer func() {
		if recover() != nil {
			content, ok = nil, false
		}
	}()
	message, err := pkcs7.Parse(sealed)
	if err != nil {
		return nil, false
	}
	content, err = message.Decrypt(p.X509, p.Key)
	return content, err == nil
}

// TestPeer: the peer of the fuzz target below opens what it can open; if it
// opened nothing, the target would compare nothing.
func TestPeer(t *testing.T) {
	pair := storedPair(t, "rsa")
	opened := 0
	for name, sealed := range storedEnvelopes(t) {
		if content, ok := openPeer(sealed, pair); ok {
			opened++
			if !bytes.Equal(content, readStored(t, "content.txt")) {
				t.Errorf("%s: the peer reads something else", name)
			}
		}
	}
	ours := seal(t, random(1000), envelope.SealOptions{Recipients: to(pair), Profile: envelope.ProfileCBC, Length: 1000})
	if content, ok := openPeer(ours, pair); !ok || !bytes.Equal(content, random(1000)) {
		t.Error("the peer does not open ours")
	}
	if opened < 2 {
		t.Fatalf("the peer opened %d of the stored envelopes", opened)
	}
}

// FuzzOpen opens anything: only faults come out, a refusal comes with the
// answer that its code allows, what opens has consistent fingerprints and
// opens again after a rewrap, and the peer, where it opens too, reads the same.
func FuzzOpen(f *testing.F) {
	pair := storedPair(f, "rsa")
	u := unwrapper(f, pair)
	for _, sealed := range storedEnvelopes(f) {
		f.Add(sealed)
	}
	f.Add(craftGCM(f, pair, random(40)).indefinite())
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, report, err := open(sealed, u)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if report.Size != int64(len(got)) {
			t.Fatal("size")
		}
		var again bytes.Buffer
		rewrapped, err := envelope.Rewrap(context.Background(), &again, bytes.NewReader(sealed), envelope.RewrapOptions{Unwrapper: u, Add: to(pair)})
		if err != nil || rewrapped.ContentSHA256 != report.ContentSHA256 {
			t.Fatalf("rewrap: %v", err)
		}
		mustOpen(t, again.Bytes(), got, u)
		if peer, ok := openPeer(sealed, pair); ok && !bytes.Equal(peer, got) {
			t.Fatal("the peer reads something else")
		}
	})
}

// checkRefusal: the code is one of those that Open may give, and the uniform
// one has no more to say.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	switch code := fault.CodeOf(err); code {
	case fault.EnvelopeUnreadable:
		if err.Error() != string(code) {
			t.Fatalf("the answer says more than it may: %v", err)
		}
	case fault.EnvelopeMalformed, fault.EnvelopeUnsupported, fault.EnvelopeNotForYou, fault.EnvelopeTooLarge:
	default:
		t.Fatalf("%v", err)
	}
}

// FuzzUnwrap: one recipient info, as the host gets it from the extension.
func FuzzUnwrap(f *testing.F) {
	rsa, ec := storedPair(f, "rsa"), storedPair(f, "ec")
	for _, sealed := range storedEnvelopes(f) {
		info, err := envelope.Inspect(bytes.NewReader(sealed))
		if err != nil {
			f.Fatal(err)
		}
		for _, r := range info.Recipients {
			f.Add(r.Info, info.Content.Raw)
		}
	}
	identities := []*envelope.Identity{unwrapper(f, rsa), unwrapper(f, ec)}
	f.Fuzz(func(t *testing.T, info, content []byte) {
		for _, u := range identities {
			cek, err := unwrapRaw(u, info, content)
			if err == nil {
				if a := envelope.ParseContentAlgorithm(algorithm(t, content)); len(cek) != a.KeySize() {
					t.Fatalf("a key of %d bytes for %s", len(cek), a)
				}
				continue
			}
			checkRefusal(t, err)
		}
	})
}

// unwrapRaw runs an Identity on raw DER.
func unwrapRaw(u *envelope.Identity, info, content []byte) ([]byte, error) {
	r, err := cms.ParseRecipientInfo(info)
	if err != nil {
		return nil, err
	}
	a, err := cms.ParseAlgorithm(content)
	if err != nil {
		return nil, err
	}
	return u.Unwrap(context.Background(), &r, a)
}

// FuzzText: a text encoding gives exactly the bytes that its base64 holds.
func FuzzText(f *testing.F) {
	pair := storedPair(f, "rsa")
	u := unwrapper(f, pair)
	for name, sealed := range storedEnvelopes(f) {
		if strings.HasPrefix(name, "rsa") {
			f.Add(sealed, false)
			f.Add([]byte("-----BEGIN CMS-----\n"+base64Lines(sealed)+"-----END CMS-----\n"), true)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte, pemOnly bool) {
		_, report, err := open(text, u)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		block, rest := pem.Decode(text)
		if report.Info.Encoding == envelope.PEM && block != nil && len(block.Headers) == 0 && len(bytes.TrimSpace(rest)) == 0 {
			if _, err := envelope.Open(context.Background(), io.Discard, bytes.NewReader(block.Bytes), envelope.OpenOptions{Unwrapper: u}); err != nil {
				t.Fatalf("encoding/pem reads another object: %v", err)
			}
		}
	})
}

// FuzzRoundTrip: any content, any chunk size, both profiles and forms.
func FuzzRoundTrip(f *testing.F) {
	pair := storedPair(f, "rsa")
	u := unwrapper(f, pair)
	f.Add([]byte("pli"), uint16(16), true, true)
	f.Add(random(100), uint16(0), false, false)
	f.Add([]byte{}, uint16(7), false, true)
	f.Fuzz(func(t *testing.T, content []byte, chunk uint16, cbc, known bool) {
		o := envelope.SealOptions{Recipients: to(pair), ChunkSize: int(chunk), Length: envelope.UnknownLength}
		if cbc {
			o.Profile = envelope.ProfileCBC
		}
		if known {
			o.Length = int64(len(content))
		}
		mustOpen(t, seal(t, content, o), content, u)
	})
}
