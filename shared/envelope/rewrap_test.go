package envelope_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

func rewrap(t testing.TB, sealed []byte, o envelope.RewrapOptions) ([]byte, *envelope.RewrapReport) {
	t.Helper()
	var out bytes.Buffer
	report, err := envelope.Rewrap(context.Background(), &out, bytes.NewReader(sealed), o)
	if err != nil {
		t.Fatalf("rewrap: %v", err)
	}
	if report.Size != int64(out.Len()) || report.SHA256 != sha256.Sum256(out.Bytes()) || report.Source != sha256.Sum256(sealed) {
		t.Fatalf("report %+v", report)
	}
	return out.Bytes(), report
}

// without keeps everyone but the owner of p.
func without(t testing.TB, p *certtest.Pair) func(*cms.RecipientInfo) bool {
	u := unwrapper(t, p)
	return func(r *cms.RecipientInfo) bool { return !u.Owns(r) }
}

func TestRewrap(t *testing.T) {
	old, stays, renewed := rsaPair(t, 0), rsaPair(t, 1), ecPair(t, elliptic.P256())
	content := random(100_000)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		for _, length := range []int64{100_000, envelope.UnknownLength} {
			sealed := seal(t, content, envelope.SealOptions{Recipients: to(old, stays), Profile: profile, Length: length, ChunkSize: 4096})
			before := mustOpen(t, sealed, content, unwrapper(t, old))
			again, report := rewrap(t, sealed, envelope.RewrapOptions{Unwrapper: unwrapper(t, old), Keep: without(t, old), Add: to(renewed)})
			if report.ContentSHA256 != before.ContentSHA256 || report.Verified != (profile == envelope.ProfileDefault) {
				t.Fatalf("report %+v", report)
			}
			for _, p := range []*certtest.Pair{stays, renewed} {
				if after := mustOpen(t, again, content, unwrapper(t, p)); after.ContentSHA256 != before.ContentSHA256 {
					t.Fatal("the content's fingerprint changed")
				}
			}
			_, _, err := open(again, unwrapper(t, old))
			wantCode(t, err, fault.EnvelopeNotForYou)
			if info, err := envelope.Inspect(bytes.NewReader(again)); err != nil || (info.ContentLength < 0) != (length < 0) {
				t.Fatalf("form of the copy: %v", err)
			}
			cert, key := files(t, renewed)
			path := t.TempDir() + "/again"
			write(t, path, again)
			if got := openssl(t, "cms", "-decrypt", "-binary", "-inform", "DER", "-in", path, "-recip", cert, "-inkey", key); !bytes.Equal(got, content) {
				t.Fatal("openssl reads something else")
			}
		}
	}
}

// TestRewrapRemoves: taking a recipient out needs no key.
func TestRewrapRemoves(t *testing.T) {
	a, b := rsaPair(t, 0), rsaPair(t, 1)
	sealed := seal(t, random(100), envelope.SealOptions{Recipients: to(a, b), Length: 100})
	again, report := rewrap(t, sealed, envelope.RewrapOptions{Keep: without(t, a)})
	mustOpen(t, again, random(100), unwrapper(t, b))
	if report.Verified {
		t.Fatal("nothing was verified")
	}
	_, err := envelope.Rewrap(context.Background(), &bytes.Buffer{}, bytes.NewReader(sealed), envelope.RewrapOptions{Keep: func(*cms.RecipientInfo) bool { return false }})
	wantCode(t, err, fault.NoRecipient)
}

// TestRewrapKeepsAttributes: what stands behind the content is kept, in DER
// and in BER.
func TestRewrapKeepsAttributes(t *testing.T) {
	old, renewed := rsaPair(t, 0), rsaPair(t, 1)
	attribute := der.Seq(der.OID("1.3.6.1.4.1.99999.2"), der.Set(der.Octets([]byte("x"))))
	aad := der.Set(der.Seq(der.OID("1.2.840.113549.1.9.3"), der.Set(der.OID(oidData))))
	c := craftGCM(t, old, nil)
	sealed := gcm(t, c.cek).Seal(nil, c.iv, random(333), aad)
	c.content = der.TLV(0x80, sealed[:333])
	c.after = [][]byte{append([]byte{0xa1}, aad[1:]...), der.Octets(sealed[333:]), der.TLV(0xa2, attribute)}
	for _, source := range [][]byte{c.bytes(), c.indefinite()} {
		mustOpen(t, source, random(333), unwrapper(t, old))
		again, _ := rewrap(t, source, envelope.RewrapOptions{Unwrapper: unwrapper(t, old), Add: to(renewed)})
		mustOpen(t, again, random(333), unwrapper(t, renewed))
		if !bytes.Contains(again, attribute) {
			t.Fatal("the attributes are gone")
		}
	}
}

// TestRewrapRefuses: a damaged envelope, or one whose key is made up, is not
// handed on to new recipients.
func TestRewrapRefuses(t *testing.T) {
	old, renewed := rsaPair(t, 0), rsaPair(t, 1)
	o := envelope.RewrapOptions{Unwrapper: unwrapper(t, old), Add: to(renewed)}
	damaged := craftGCM(t, old, random(100))
	damaged.content[5] ^= 1
	synthetic := craftGCM(t, old, random(100))
	synthetic.recipients[0] = keyTrans(issuerAndSerial(t, old), der.Algorithm(oidRSA, der.Null()), rawRSA(t, old, append(make([]byte, 255), 9)))
	short := craftGCM(t, old, random(100))
	short.after[0] = der.Octets(short.tag[:4])
	mislabelled := craftCBC(t, old, random(100))
	mislabelled.kind, mislabelled.after = der.OID(oidAuth), [][]byte{der.Octets(make([]byte, 16))}
	for name, c := range map[string]struct {
		sealed []byte
		code   fault.Code
	}{
		"damaged":     {damaged.bytes(), fault.EnvelopeUnreadable},
		"synthetic":   {synthetic.bytes(), fault.EnvelopeUnreadable},
		"a short tag": {short.bytes(), fault.EnvelopeMalformed},
		"mislabelled": {mislabelled.bytes(), fault.EnvelopeMalformed},
		"foreign":     {craftGCM(t, renewed, nil).bytes(), fault.EnvelopeNotForYou},
		"truncated":   {craftGCM(t, old, random(100)).bytes()[:300], fault.EnvelopeMalformed},
		"extended":    {append(craftGCM(t, old, random(100)).bytes(), 0), fault.EnvelopeMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := envelope.Rewrap(context.Background(), &bytes.Buffer{}, bytes.NewReader(c.sealed), o)
			wantCode(t, err, c.code)
		})
	}
	_, err := envelope.Rewrap(context.Background(), &bytes.Buffer{}, bytes.NewReader(mislabelled.bytes()), envelope.RewrapOptions{})
	wantCode(t, err, fault.EnvelopeMalformed)
}
