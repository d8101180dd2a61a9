package signeddata_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

// signers are the keys that a portal may sign with.
func signers(t *testing.T) map[string]*certtest.Pair {
	return map[string]*certtest.Pair{
		"rsa-2048": seal(t, certtest.Options{}),
		"rsa-3072": seal(t, certtest.Options{Bits: 3072}),
		"p-256":    seal(t, certtest.Options{Curve: elliptic.P256()}),
		"p-384":    seal(t, certtest.Options{Curve: elliptic.P384()}),
		"p-521":    seal(t, certtest.Options{Curve: elliptic.P521(), NoKeyUsage: true}),
		"issued":   certtest.NewCA(t, "AC").Issue(t, certtest.Options{Curve: elliptic.P256(), NoKeyUsage: true}),
	}
}

func TestRoundTrip(t *testing.T) {
	keys, plis := recipients(t), opening()
	for name, p := range signers(t) {
		t.Run(name, func(t *testing.T) {
			verifyBoth(t, p, keys, signed(t, keys, p), plis, signed(t, plis, p))
		})
	}
}

// verifyBoth verifies both lists and compares them with what was signed.
func verifyBoth(t *testing.T, p *certtest.Pair, keys *lists.Recipients, keysDER []byte, plis *lists.Opening, plisDER []byte) {
	t.Helper()
	gotKeys, s, err := signeddata.VerifyRecipients(keysDER, pin(t, p), expected())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(encoded(t, gotKeys), encoded(t, keys)) || !bytes.Equal(s.JSON, encoded(t, keys)) {
		t.Errorf("recipients: got %s", encoded(t, gotKeys))
	}
	if s.Pin != pin(t, p)[0] || s.SignedAt.Sub(expected().Now).Abs() > time.Minute {
		t.Errorf("signature: %s %s", s.Pin, s.SignedAt)
	}
	if usable := gotKeys.Usable(expected().Now); len(usable) != 2 || usable[0].Thumbprint != keys.Entries[0].Thumbprint || usable[1].Kind != lists.Recovery {
		t.Errorf("usable: %d entries", len(usable))
	}
	gotPlis, _, err := signeddata.VerifyOpening(plisDER, pin(t, p), expected())
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(gotPlis.Plis, plis.Plis) || !bytes.Equal(encoded(t, gotPlis), encoded(t, plis)) {
		t.Errorf("opening: got %+v", gotPlis)
	}
}

// TestOpenSSLSigns: a portal may use any program that writes the form.
func TestOpenSSLSigns(t *testing.T) {
	keys, plis := recipients(t), opening()
	for name, p := range signers(t) {
		for _, md := range []string{"sha256", "sha384", "sha512"} {
			t.Run(name+"/"+md, func(t *testing.T) {
				verifyBoth(t, p, keys, cmsSign(t, encoded(t, keys), p, "-md", md), plis, cmsSign(t, encoded(t, plis), p, "-md", md))
			})
		}
	}
}

// TestOpenSSLVerifies: what Sign writes is what others read.
func TestOpenSSLVerifies(t *testing.T) {
	keys := recipients(t)
	for name, p := range signers(t) {
		t.Run(name, func(t *testing.T) {
			got := openssl(t, signed(t, keys, p), "cms", "-verify", "-binary", "-inform", "DER", "-noverify")
			if !bytes.Equal(got, encoded(t, keys)) {
				t.Errorf("openssl read %s", got)
			}
		})
	}
}

// TestPinIsOpenSSLs: administrators make a pin with the documented command.
func TestPinIsOpenSSLs(t *testing.T) {
	for name, p := range signers(t) {
		public := openssl(t, openssl(t, p.PEM(), "x509", "-pubkey", "-noout"), "pkey", "-pubin", "-outform", "DER")
		if sum := sha256.Sum256(public); pin(t, p)[0] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: pin %s", name, pin(t, p)[0])
		}
	}
}

// TestIntermediates: further certificates may be included, and do no harm.
func TestIntermediates(t *testing.T) {
	ca := certtest.NewCA(t, "AC")
	p := ca.Issue(t, certtest.Options{NoKeyUsage: true})
	der := cmsSign(t, encoded(t, opening()), p, "-certfile", file(t, "ca.pem", ca.PEM()))
	if _, s, err := signeddata.VerifyOpening(der, pin(t, p), expected()); err != nil || s.Pin != pin(t, p)[0] {
		t.Errorf("with its authority: %v", err)
	}
	_, _, err := signeddata.VerifyOpening(der, pin(t, &ca.Pair), expected())
	refused(t, err, "list-signer", pin(t, p)[0])
}

// TestTwoPins: during a change of keys both pins hold.
func TestTwoPins(t *testing.T) {
	before, after := seal(t, certtest.Options{Curve: elliptic.P256()}), seal(t, certtest.Options{Curve: elliptic.P256()})
	pins := append(pin(t, before), pin(t, after)...)
	for _, p := range []*certtest.Pair{before, after} {
		if _, _, err := signeddata.VerifyOpening(signed(t, opening(), p), pins, expected()); err != nil {
			t.Error(err)
		}
	}
}

// TestVerifyNamesTheSigner: without pins everything else is checked, and what
// comes out is by whose key it was signed.
func TestVerifyNamesTheSigner(t *testing.T) {
	p, keys := seal(t, certtest.Options{Curve: elliptic.P256()}), recipients(t)
	for _, list := range []lists.List{keys, opening()} {
		der := signed(t, list, p)
		s, err := signeddata.Verify(der, time.Now())
		if err != nil || s.Pin != pin(t, p)[0] || !bytes.Equal(s.JSON, encoded(t, list)) {
			t.Fatalf("%T: %+v, %v", list, s, err)
		}
		for i := range der { // one bit of each byte
			bad := bytes.Clone(der)
			bad[i] ^= 1
			if s, err := signeddata.Verify(bad, time.Now()); err == nil && !bytes.Equal(s.JSON, encoded(t, list)) {
				t.Fatalf("byte %d: accepted as %s", i, s.JSON)
			}
		}
	}
	_, err := signeddata.Verify(nil, time.Now())
	refused(t, err, "list-unsigned", "")
	_, err = signeddata.Verify(cmsSign(t, []byte(`{"type":"other","version":1}`), p), time.Now())
	refused(t, err, "list-other", "type")
	old := opening()
	old.Issued = old.Issued.Add(-time.Hour)
	old.NotBefore = old.Issued
	_, err = signeddata.Verify(cmsSign(t, encoded(t, old), p), time.Now())
	refused(t, err, "list-forged", "issued")
	_, _, err = signeddata.VerifyOpening(signed(t, opening(), p), nil, expected())
	refused(t, err, "list-signer", pin(t, p)[0])
}
