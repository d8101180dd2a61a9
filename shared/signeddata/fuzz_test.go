package signeddata

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/signeddata/lists"
)

// update makes the lists of testdata again, with new keys:
//
//	go test ./shared/signeddata -run TestStored -update
var update = flag.Bool("update", false, "sign the lists of testdata again")

// stored are the signed lists of testdata. Fuzzing runs in several processes,
// which must see the same ones.
func stored() map[string]certtest.Options {
	return map[string]certtest.Options{
		"rsa-2048.der": {},
		"p-256.der":    {Curve: elliptic.P256()},
		"p-521.der":    {Curve: elliptic.P521()},
	}
}

// load returns a stored list and when it was signed.
func load(tb testing.TB, name string) ([]byte, time.Time) {
	tb.Helper()
	der, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	m, err := fence(der)
	if err != nil {
		tb.Fatal(err)
	}
	return der, m.signingTime
}

// TestStored: what an earlier version signed is still read.
func TestStored(t *testing.T) {
	for name, o := range stored() {
		if *update {
			now := time.Now()
			o.KeyUsage, o.CommonName = x509.KeyUsageDigitalSignature, "Salle des marchés"
			p := certtest.SelfSigned(t, o)
			der, err := Sign(&lists.Opening{Origin: "https://a.example", Tender: "1", NotBefore: now, Issued: now,
				Plis: []lists.Pli{{ID: "1", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre}}}, p.Key, p.DER)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join("testdata", name), der, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		der, at := load(t, name)
		list, s, err := accept(der, at)
		if err != nil || len(list.Plis) != 1 || !s.SignedAt.Equal(at) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// accept verifies a stored list as if whoever signed it were pinned.
func accept(der []byte, at time.Time) (*lists.Opening, *Signature, error) {
	pin := ""
	if s, err := verify(der, nil, at); err == nil {
		pin = s.Pin
	}
	return VerifyOpening(der, []string{pin}, lists.Expected{Origin: "https://a.example", Tender: "1", Now: at})
}

// FuzzVerify: whatever comes is a refusal, or a list byte for byte as one of
// the signed ones. Every signer counts as pinned, so that the input gets as
// far as go.mozilla.org/pkcs7 lets it; nothing mutates into a new signature.
func FuzzVerify(f *testing.F) {
	var known [][]byte
	var now time.Time
	for _, name := range slices.Sorted(maps.Keys(stored())) {
		der, at := load(f, name)
		m, err := fence(der)
		if err != nil {
			f.Fatal(err)
		}
		known, now = append(known, m.content), at
		f.Add(der)
		f.Add(der[:len(der)-1])
		f.Add(append(bytes.Clone(der), 0))
		f.Add(bytes.Replace(der, []byte("offre"), []byte("offra"), 1))
		f.Add(bytes.ReplaceAll(der, []byte("\x04\x02\x01"), []byte("\x04\x02\x03")))
	}
	f.Add(nest(12))
	f.Add(nest(200))
	f.Add([]byte(strings.Repeat("\x30\x80", 100)))
	f.Fuzz(func(t *testing.T, der []byte) {
		_, s, err := accept(der, now)
		switch {
		case err != nil && (!fault.Of(err).Code.Known() || fault.CodeOf(err) == fault.Internal):
			t.Errorf("not a refusal: %v", err)
		case err == nil && !bytes.Equal(s.JSON, known[0]) && !bytes.Equal(s.JSON, known[1]) && !bytes.Equal(s.JSON, known[2]):
			t.Errorf("another list: %s", s.JSON)
		}
	})
}
