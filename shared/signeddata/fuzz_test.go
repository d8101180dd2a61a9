package signeddata

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/signeddata/lists"
)

// FuzzVerify: whatever comes is a list, byte for byte the signed one, or a
// fault. Every signer counts as pinned, so that the input gets as far as
// go.mozilla.org/pkcs7 lets it.
func FuzzVerify(f *testing.F) {
	now := time.Now().Truncate(time.Second)
	list := &lists.Opening{Origin: "https://a.example", Tender: "1", NotBefore: now, Issued: now,
		Plis: []lists.Pli{{ID: "1", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre}}}
	for _, o := range []certtest.Options{{}, {Curve: elliptic.P256()}, {Curve: elliptic.P521()}} {
		o.KeyUsage = x509.KeyUsageDigitalSignature
		p := certtest.SelfSigned(f, o)
		der, err := Sign(list, p.Key, p.DER)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		f.Add(der[:len(der)-1])
		f.Add(append(bytes.Clone(der), 0))
		f.Add(bytes.Replace(der, []byte("offre"), []byte("offra"), 1))
		f.Add(bytes.ReplaceAll(der, []byte("\x04\x02\x01"), []byte("\x04\x02\x03")))
	}
	f.Add(nest(12))
	f.Add(nest(200))
	f.Add([]byte(strings.Repeat("\x30\x80", 100)))
	want, err := list.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		_, err := verify(der, nil, now)
		pin := fault.Of(err)
		if pin == nil || !pin.Code.Known() || pin.Code == fault.Internal {
			t.Fatalf("without a pin: %v", err)
		}
		if pin.Code != fault.ListSigner {
			return
		}
		got, s, err := VerifyOpening(der, []string{pin.Detail}, lists.Expected{Origin: list.Origin, Tender: list.Tender, Now: now})
		switch {
		case err != nil && (!fault.Of(err).Code.Known() || fault.CodeOf(err) == fault.Internal):
			t.Errorf("not a refusal: %v", err)
		case err == nil && (!bytes.Equal(s.JSON, want) || len(got.Plis) != 1):
			t.Errorf("another list: %s", s.JSON)
		}
	})
}
