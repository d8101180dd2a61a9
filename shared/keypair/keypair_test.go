package keypair

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/tlv"
)

// TestAgainstX509 compares our reading with the standard library's over many
// certificates with random names, usages, dates, serials and keys.
func TestAgainstX509(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	ca := certtest.NewCA(t, "AC « racine »")
	texts := []string{"", "Élodie", "A & B", "東京都", "x", "O'Neil, Jean", "a+b=c"}
	pick := func() string { return texts[random.IntN(len(texts))] }
	curves := []elliptic.Curve{nil, nil, elliptic.P256(), elliptic.P384(), elliptic.P521(), elliptic.P224()}
	for range 300 {
		o := certtest.Options{
			Subject:    &pkix.Name{CommonName: pick(), Organization: []string{pick()}, OrganizationalUnit: []string{pick()}, SerialNumber: pick()},
			Curve:      curves[random.IntN(len(curves))],
			KeyUsage:   x509.KeyUsage(random.IntN(512)),
			NoKeyUsage: random.IntN(4) == 0,
			NoSKI:      random.IntN(4) == 0,
			Serial:     serial(random),
			NotBefore:  time.Unix(random.Int64N(3e9), 0).UTC(),
			NotAfter:   time.Unix(3e9+random.Int64N(3e9), 0).UTC(),
		}
		p := ca.Issue(t, o)
		c, err := Parse(p.DER)
		if err != nil {
			t.Fatalf("%+v: %v", o, err)
		}
		compare(t, c, p.X509)
	}
}

// serial is a positive number of 1 to 20 bytes.
func serial(random *rand.Rand) *big.Int {
	b := make([]byte, 1+random.IntN(20))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return new(big.Int).Add(new(big.Int).SetBytes(b), big.NewInt(1))
}

func compare(t *testing.T, c *Certificate, x *x509.Certificate) {
	t.Helper()
	if !bytes.Equal(c.IssuerRaw, x.RawIssuer) || !bytes.Equal(c.SubjectRaw, x.RawSubject) || !bytes.Equal(c.SPKI, x.RawSubjectPublicKeyInfo) ||
		!bytes.Equal(c.SubjectKeyID, x.SubjectKeyId) || new(big.Int).SetBytes(c.SerialRaw).Cmp(x.SerialNumber) != 0 {
		t.Errorf("raw parts differ: %+v", c)
	}
	if c.CommonName != x.Subject.CommonName || c.Issuer != x.Issuer.CommonName || !c.NotBefore.Equal(x.NotBefore) || !c.NotAfter.Equal(x.NotAfter) {
		t.Errorf("names or dates differ: %q %q %v %v", c.CommonName, c.Issuer, c.NotBefore, c.NotAfter)
	}
	if c.HasKeyUsage != (x.KeyUsage != 0) || c.KeyUsage != KeyUsage(x.KeyUsage) || c.SelfIssued || c.Odd || c.Signature != "SHA-256" {
		t.Errorf("usage %v %x, self %v, odd %v, signature %s", c.HasKeyUsage, c.KeyUsage, c.SelfIssued, c.Odd, c.Signature)
	}
	public, err := c.PublicKey()
	if ec, ok := x.PublicKey.(*ecdsa.PublicKey); ok && ec.Curve == elliptic.P224() {
		if fault.CodeOf(err) != fault.CertificateKeyKind {
			t.Errorf("P-224: %v", err)
		}
		return
	}
	if err != nil || public == nil || !c.Matches(x.PublicKey) {
		t.Errorf("keys differ: %v", err)
	}
}

// edit changes the TBSCertificate of a fresh certificate and parses it.
func edit(t *testing.T, o certtest.Options, f func(tbs []byte) []byte) (*Certificate, error) {
	t.Helper()
	ca := certtest.NewCA(t, "AC")
	return Parse(certtest.Rewrite(t, ca.Issue(t, o).DER, ca.Key, f))
}

// replaced returns an edit that replaces bytes of the same length.
func replaced(t *testing.T, old, new string) func([]byte) []byte {
	return func(tbs []byte) []byte {
		if len(old) != len(new) || bytes.Count(tbs, []byte(old)) != 1 {
			t.Fatalf("%x is not once in the certificate", old)
		}
		return bytes.Replace(tbs, []byte(old), []byte(new), 1)
	}
}

// TestOddCertificates are read for matching, and refused for new envelopes.
func TestOddCertificates(t *testing.T) {
	at := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	o := certtest.Options{CommonName: "x", NotAfter: at, SubjectKey: []byte("identifiant")}
	usage := "\x55\x1d\x0f\x01\x01\xff\x04\x04\x03\x02\x05\x20"
	for what, f := range map[string]func([]byte) []byte{
		"unreadable date":       replaced(t, "310203040506Z", "31020304AB06Z"),
		"date of another type":  replaced(t, "\x17\x0d310203040506Z", "\x16\x0d310203040506Z"),
		"empty key usage":       replaced(t, usage, "\x55\x1d\x0f\x01\x01\xff\x04\x04\x04\x02\x05\x20"),
		"broken key identifier": replaced(t, "\x04\x0bidentifiant", "\x04\x0cidentifiant"),
		"broken extensions":     replaced(t, "\x06\x03\x55\x1d\x0e", "\x05\x03\x55\x1d\x0e"),
		"key usage twice":       replaced(t, "\x06\x03\x55\x1d\x0e", "\x06\x03\x55\x1d\x0f"),
		"trailing":              func(tbs []byte) []byte { return append(bytes.Clone(tbs), 5, 0) },
	} {
		c, err := edit(t, o, f)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		v := Check(c, now)
		if !c.Odd || v.OK() || v.Reasons[0] != fault.CertificateBad || fault.CodeOf(v.Err()) != fault.CertificateBad {
			t.Errorf("%s: odd %v, %v", what, c.Odd, v.Reasons)
		}
		if c.CommonName != "x" || len(c.SerialRaw) == 0 || len(c.SPKI) == 0 {
			t.Errorf("%s: cannot be matched: %+v", what, c)
		}
	}
}

// TestOddTimes reads the forms of old authorities.
func TestOddTimes(t *testing.T) {
	at := time.Date(2031, 2, 3, 4, 5, 6, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"\x17\x0d310203040506Z":     at,
		"\x17\x0b3102030405Z":       at.Truncate(time.Minute),
		"\x17\x11310203050506+0100": at,
		"\x17\x0d500203040506Z":     at.AddDate(-81, 0, 0),
		"\x17\x0d490203040506Z":     at.AddDate(18, 0, 0),
		"\x18\x0f20310203040506Z":   at,
		"\x18\x1120310203040506.5Z": at.Add(time.Second / 2),
		"\x18\x0d203102030405Z":     at.Truncate(time.Minute),
	} {
		s := tlv.String(text)
		if got, ok := readTime(&s); !ok || !got.Equal(want) {
			t.Errorf("%q: %v %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "\x17\x00", "\x17\x011", "\x17\x0d31020304050", "\x04\x0d310203040506Z", "\x17\x0d311303040506Z"} {
		s := tlv.String(text)
		if got, ok := readTime(&s); ok {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestNegativeSerial(t *testing.T) {
	ca := certtest.NewCA(t, "AC")
	p := ca.Issue(t, certtest.Options{Serial: big.NewInt(-5)})
	c, err := Parse(p.DER)
	if err != nil || !bytes.Equal(c.SerialRaw, []byte{0xfb}) || c.Odd || !Check(c, time.Now()).OK() {
		t.Errorf("%x, %v", c.SerialRaw, err)
	}
	if _, err := x509.ParseCertificate(p.DER); err == nil {
		t.Log("crypto/x509 takes negative serial numbers again")
	}
}

// spkiOf builds a SubjectPublicKeyInfo for keys that no library makes.
func spkiOf(n, e *big.Int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 1, 1})
			b.AddASN1NULL()
		})
		var key cryptobyte.Builder
		key.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1BigInt(n)
			b.AddASN1BigInt(e)
		})
		b.AddASN1BitString(key.BytesOrPanic())
	})
	return b.BytesOrPanic()
}

func TestUnusualRSAKeys(t *testing.T) {
	n := certtest.RSAKey(t, 2048, 0).N
	shift := func(x *big.Int, by uint) *big.Int {
		return new(big.Int).Or(new(big.Int).Lsh(x, by), big.NewInt(1))
	}
	for what, k := range map[string]struct {
		n, e    *big.Int
		reasons string
	}{
		"fine":              {n, big.NewInt(65537), ""},
		"large exponent":    {n, big.NewInt(1<<31 - 1), ""},
		"too large":         {n, new(big.Int).Lsh(big.NewInt(1), 40), "certificate-exponent"},
		"gigantic exponent": {n, shift(n, 1), "certificate-exponent"},
		"even exponent":     {n, big.NewInt(65538), "certificate-exponent"},
		"exponent 1":        {n, big.NewInt(1), "certificate-exponent"},
		"negative exponent": {n, big.NewInt(-3), "certificate-weak certificate-exponent certificate-bad"},
		"even modulus":      {new(big.Int).Lsh(n, 1), big.NewInt(65537), "certificate-bad"},
		"8192 bits":         {shift(n, 6144), big.NewInt(65537), ""},
		"8193 bits":         {shift(n, 6145), big.NewInt(65537), "certificate-key-kind"},
		"2047 bits":         {shift(new(big.Int).Rsh(n, 2), 1), big.NewInt(65537), "certificate-weak"},
		"weak and exponent": {shift(new(big.Int).Rsh(n, 1024), 1), big.NewInt(3), "certificate-weak certificate-exponent"},
		"negative modulus":  {new(big.Int).Neg(n), big.NewInt(65537), "certificate-weak certificate-exponent certificate-bad"},
	} {
		c := &Certificate{SPKI: spkiOf(k.n, k.e)}
		c.readKey(c.SPKI)
		if got := join(KeyReasons(c)); got != k.reasons {
			t.Errorf("%s: %s, want %s", what, got, k.reasons)
		}
	}
}

// TestPointOffTheCurve refuses the key of an invalid-curve attack.
func TestPointOffTheCurve(t *testing.T) {
	c := load(t, "ec-agreement")
	changed := bytes.Clone(c.Raw)
	at := bytes.Index(changed, c.SPKI) + len(c.SPKI) - 1
	changed[at] ^= 1
	bad, err := Parse(changed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bad.PublicKey(); fault.CodeOf(err) != fault.CertificateBad {
		t.Error(err)
	}
	if v := Check(bad, now); join(v.Reasons) != "certificate-bad" {
		t.Error(v.Reasons)
	}
}

func TestMatches(t *testing.T) {
	a, b := certtest.RSAKey(t, 2048, 0), certtest.ECKey(t, elliptic.P256())
	rsaCert, err := Parse(certtest.SelfSigned(t, certtest.Options{Signer: a}).DER)
	if err != nil {
		t.Fatal(err)
	}
	ecCert, err := Parse(certtest.SelfSigned(t, certtest.Options{Signer: b}).DER)
	if err != nil {
		t.Fatal(err)
	}
	other := certtest.ECKey(t, elliptic.P256())
	if !rsaCert.Matches(a.Public()) || !ecCert.Matches(b.Public()) || rsaCert.Matches(b.Public()) || ecCert.Matches(a.Public()) || ecCert.Matches(other.Public()) || rsaCert.Matches(nil) {
		t.Error("Matches is wrong")
	}
	if !rsaCert.SelfIssued || !ecCert.SelfIssued {
		t.Error("self-signed certificates are not seen as such")
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"Élodie":                  "Élodie",
		"  a \t\n b  ":            "a b",
		"a\x00b\x1b[31mc":         "ab[31mc",
		"abc\u202efdp.exe":        "abcfdp.exe",
		"zero\u200bwidth\ufeff":   "zerowidth",
		"ligne\u2028autre":        "ligne autre",
		"in\xffvalide":            "invalide",
		"priv\ue000é":             "privé",
		"שלום":                    "שלום",
		strings.Repeat("é", 128):  strings.Repeat("é", 128),
		strings.Repeat("é", 129):  strings.Repeat("é", 128) + "…",
		strings.Repeat("a ", 100): strings.Repeat("a ", 63) + "a…",
		"":                        "",
	} {
		if got := Clean(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// FuzzParse: what is accepted reads the same again from its own bytes, its
// parts lie in it, and what is shown is safe to show.
func FuzzParse(f *testing.F) {
	for name := range golden {
		f.Add(load(f, name).Raw)
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		c, err := Parse(der)
		if err != nil {
			if fault.CodeOf(err) != fault.CertificateBad {
				t.Fatal(err)
			}
			return
		}
		for _, part := range [][]byte{c.IssuerRaw, c.SubjectRaw, c.SerialRaw, c.SPKI} {
			if len(part) == 0 || !bytes.Contains(der, part) {
				t.Fatalf("%x is not a part", part)
			}
		}
		for _, s := range []string{c.CommonName, c.Subject, c.Issuer} {
			if s != Clean(s) || strings.ContainsFunc(s, unicode.IsControl) {
				t.Fatalf("%q", s)
			}
		}
		v, again := Check(c, now), Check(c, now)
		if join(v.Reasons) != join(again.Reasons) || v.OK() && (c.Odd || c.Kind == Other) {
			t.Fatalf("%+v", v)
		}
		public, err := c.PublicKey()
		if v.OK() && err != nil {
			t.Fatal(err)
		}
		switch key := public.(type) {
		case *rsa.PublicKey:
			if key.N.BitLen() != c.Bits || uint64(key.E) != c.Exponent {
				t.Fatalf("%+v", c)
			}
		case *ecdsa.PublicKey:
			if _, err := key.ECDH(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
