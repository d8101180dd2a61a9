package signeddata_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

// verifyPlis is what every refusal is tried with.
func verifyPlis(t testing.TB, der []byte, p *certtest.Pair) error {
	t.Helper()
	_, _, err := signeddata.VerifyOpening(der, pin(t, p), expected())
	return err
}

// TestRefusesOtherForms: what OpenSSL signs with a pinned key, in forms that
// are not the one.
func TestRefusesOtherForms(t *testing.T) {
	p, other := seal(t, certtest.Options{}), seal(t, certtest.Options{Curve: elliptic.P256()})
	list := encoded(t, opening())
	second := []string{"-signer", file(t, "other.pem", other.PEM()), "-inkey", file(t, "other-key.pem", other.KeyPEM(t))}
	cert, key := file(t, "cert.pem", p.PEM()), file(t, "key.pem", p.KeyPEM(t))
	for name, c := range map[string]struct {
		der    []byte
		detail string
	}{
		"two signers":      {cmsSign(t, list, p, second...), "several signers"},
		"no attributes":    {cmsSign(t, list, p, "-noattr"), "no signed attributes"},
		"other content":    {cmsSign(t, list, p, "-econtent_type", "1.2.840.113549.1.9.16.1.4"), "version"},
		"key identifier":   {cmsSign(t, list, p, "-keyid"), "version"},
		"no certificate":   {cmsSign(t, list, p, "-nocerts"), "no certificate"},
		"indefinite":       {cmsSign(t, list, p, "-stream"), "indefinite length"},
		"PSS":              {cmsSign(t, list, p, "-keyopt", "rsa_padding_mode:pss"), "signature"},
		"MD5":              {cmsSign(t, list, p, "-md", "md5"), "digest 1.2.840.113549.2.5"},
		"SHA-1":            {cmsSign(t, list, p, "-md", "sha1"), "digest 1.3.14.3.2.26"},
		"SHA-224":          {cmsSign(t, list, p, "-md", "sha224"), "digest"},
		"detached":         {openssl(t, list, "cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256", "-signer", cert, "-inkey", key), "no content"},
		"encrypted":        {openssl(t, list, "cms", "-encrypt", "-binary", "-outform", "DER", "-aes256", cert), "content type"},
		"PEM":              {openssl(t, list, "cms", "-sign", "-binary", "-nodetach", "-outform", "PEM", "-md", "sha256", "-signer", cert, "-inkey", key), ""},
		"digested":         {openssl(t, list, "cms", "-digest_create", "-binary", "-outform", "DER"), "content type"},
		"nothing but JSON": {list, ""},
		"empty content":    {cmsSign(t, nil, p), "no content"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, verifyPlis(t, c.der, p), fault.ListForged, c.detail) })
	}
	refused(t, verifyPlis(t, nil, p), fault.ListUnsigned, "")
}

// TestRefusesParts: one part of a good list at a time is another.
func TestRefusesParts(t *testing.T) {
	p := seal(t, certtest.Options{})
	good := signed(t, opening(), p)
	sha512 := []byte("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03")
	strange := []byte("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x04\x00")
	rsa := func(last byte) []byte {
		return []byte("\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01" + string(rune(last)) + "\x05\x00")
	}
	ecdsa := []byte("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02")
	content := wrap(0x30, marshal(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}), wrap(0xa0, wrap(0x04, []byte(`{}`))))
	typed := wrap(0x30, marshal(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}), wrap(0xa0, wrap(0x04, []byte(`{}`))))
	for name, c := range map[string]struct {
		der    []byte
		detail string
	}{
		"byte behind":            {append(bytes.Clone(good), 0), "behind the end"},
		"list behind":            {append(bytes.Clone(good), good...), "behind the end"},
		"cut off":                {good[:len(good)-1], "beyond the end"},
		"version 3":              {edit(t, good, atVersion, with([]byte{2, 1, 3})), "version"},
		"two digest algorithms":  {edit(t, good, atDigests, with(wrap(0x31, strange, sha512))), "digestAlgorithms"},
		"no digest algorithm":    {edit(t, good, atDigests, with(wrap(0x31))), "digestAlgorithms"},
		"algorithm parameters":   {edit(t, good, atDigest, with(strange)), "digestAlgorithm"},
		"two hashes":             {edit(t, good, atDigest, with(sha512)), "digestAlgorithm"},
		"other content":          {edit(t, good, atContent, with(content)), "messageDigest"},
		"other content type":     {edit(t, good, atContent, with(typed)), "content type"},
		"crls":                   {edit(t, good, atCerts, and([]byte{0xa1, 2, 0x30, 0})), "crls"},
		"attribute certificate":  {edit(t, good, atCerts, with(wrap(0xa0, part(t, good, append(atCerts, 0)), []byte{0xa1, 0}))), "certificates"},
		"nine certificates":      {edit(t, good, atCerts, with(wrap(0xa0, bytes.Repeat(part(t, good, append(atCerts, 0)), 9)))), "certificates"},
		"no signer":              {edit(t, good, atSigners, with(wrap(0x31))), "no signer"},
		"signer twice":           {edit(t, good, append(atSigners, 0), func(e []byte) []byte { return append(bytes.Clone(e), e...) }), "several signers"},
		"unsigned attributes":    {edit(t, good, atSignature, and([]byte{0xa1, 0})), "unsigned attributes"},
		"empty signature":        {edit(t, good, atSignature, with([]byte{4, 0})), "signature"},
		"short signature":        {edit(t, good, atSignature, with([]byte{4, 1, 1})), ""},
		"named by another":       {edit(t, good, atSignerID, with(wrap(0x30, wrap(0x30), []byte{2, 1, 7}))), "not included"},
		"SHA-1 with RSA":         {edit(t, good, atAlgorithm, with(rsa(5))), "signature algorithm"},
		"SHA-512 with RSA":       {edit(t, good, atAlgorithm, with(rsa(13))), "signature algorithm"},
		"ECDSA with an RSA key":  {edit(t, good, atAlgorithm, with(ecdsa)), "signature algorithm"},
		"RSA, DER of MD5 as OID": {edit(t, good, atAlgorithm, with(rsa(4))), "signature algorithm"},
		"no certificates inside": {edit(t, good, atCerts, with(wrap(0xa0))), "not included"},
		"certificate of garbage": {edit(t, good, atCerts, with(wrap(0xa0, wrap(0x30, []byte{2, 1, 1})))), ""},
	} {
		t.Run(name, func(t *testing.T) { refused(t, verifyPlis(t, c.der, p), fault.ListForged, c.detail) })
	}
}

// TestRefusesAttributes: signatures that are valid, by the pinned key, over
// attributes that are wrong.
func TestRefusesAttributes(t *testing.T) {
	p := seal(t, certtest.Options{Curve: elliptic.P256()})
	list := encoded(t, opening())
	good := signed(t, opening(), p)
	good = edit(t, good, atContent, with(wrap(0x30, marshal(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}), wrap(0xa0, wrap(0x04, list)))))
	pkcs9 := func(n int) asn1.ObjectIdentifier { return asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, n} }
	sum, now := sha256.Sum256(list), time.Now().UTC()
	kind := attribute(t, pkcs9(3), asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1})
	digest, signing := attribute(t, pkcs9(4), sum[:]), attribute(t, pkcs9(5), now)
	if err := verifyPlis(t, resign(t, good, p, ordered(kind, digest, signing)...), p); err != nil {
		t.Fatalf("the good one: %v", err)
	}
	extra := attribute(t, pkcs9(52), []byte("CAdES and others add some"))
	if err := verifyPlis(t, resign(t, good, p, ordered(kind, digest, signing, extra)...), p); err != nil {
		t.Fatalf("with another attribute: %v", err)
	}
	other := attribute(t, pkcs9(3), asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4})
	late, old := attribute(t, pkcs9(5), now.Add(11*time.Minute)), attribute(t, pkcs9(5), now.Add(-11*time.Minute))
	var many [][]byte
	for i := range 17 {
		many = append(many, attribute(t, pkcs9(60+i), i))
	}
	for name, c := range map[string]struct {
		attributes [][]byte
		detail     string
	}{
		"no content type":    {ordered(digest, signing), "contentType"},
		"other content type": {ordered(other, digest, signing), "contentType"},
		"no digest":          {ordered(kind, signing), "messageDigest"},
		"wrong digest":       {ordered(kind, attribute(t, pkcs9(4), make([]byte, 32)), signing), "messageDigest"},
		"no signing time":    {ordered(kind, digest), "signingTime"},
		"two signing times":  {ordered(kind, digest, signing, attribute(t, pkcs9(5), now.Add(time.Second))), "1.2.840.113549.1.9.5"},
		"two values":         {ordered(kind, attribute(t, pkcs9(4), sum[:], sum[:]), signing), "1.2.840.113549.1.9.4"},
		"no value":           {ordered(kind, attribute(t, pkcs9(4)), signing), "1.2.840.113549.1.9.4"},
		"time is a text":     {ordered(kind, digest, attribute(t, pkcs9(5), "today")), "signingTime"},
		"signed later":       {ordered(kind, digest, late), "signed"},
		"signed earlier":     {ordered(kind, digest, old), "signed"},
		"not in DER's order": {[][]byte{ordered(kind, digest, signing)[2], ordered(kind, digest, signing)[0], ordered(kind, digest, signing)[1]}, "order"},
		"too many":           {ordered(append(many, kind, digest, signing)...), "signed attribute"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, verifyPlis(t, resign(t, good, p, c.attributes...), p), fault.ListForged, c.detail)
		})
	}
}

// TestEveryBit: a list with any byte changed is refused, or is the same list:
// the certificate's own signature and names are not what is trusted.
func TestEveryBit(t *testing.T) {
	p := seal(t, certtest.Options{Curve: elliptic.P256()})
	good := signed(t, opening(), p)
	want, _, err := signeddata.VerifyOpening(good, pin(t, p), expected())
	if err != nil {
		t.Fatal(err)
	}
	from := bytes.Index(good, p.DER)
	accepted := 0
	for i := range good {
		for _, bit := range []byte{0x01, 0x80} {
			changed := bytes.Clone(good)
			changed[i] ^= bit
			list, _, err := signeddata.VerifyOpening(changed, pin(t, p), expected())
			switch {
			case err != nil:
			case i < from || i >= from+len(p.DER):
				t.Errorf("byte %d of %d: accepted", i, len(good))
			case !bytes.Equal(encoded(t, list), encoded(t, want)):
				t.Errorf("byte %d: another list", i)
			default:
				accepted++
			}
		}
	}
	if accepted == 0 || accepted > 2*len(p.DER) {
		t.Errorf("%d changes of the certificate were accepted", accepted)
	}
}

// TestRefusesKeys: pinned keys and certificates that must not sign lists.
func TestRefusesKeys(t *testing.T) {
	list := encoded(t, opening())
	past := time.Now().Add(-time.Hour)
	for name, c := range map[string]struct {
		p      *certtest.Pair
		code   fault.Code
		detail string
	}{
		"RSA-1024":         {seal(t, certtest.Options{Bits: 1024}), fault.ListForged, "weak"},
		"RSA, e=3":         {seal(t, certtest.Options{Exponent: 3}), fault.ListForged, "weak"},
		"P-224":            {seal(t, certtest.Options{Curve: elliptic.P224()}), fault.ListForged, "weak"},
		"key encipherment": {seal(t, certtest.Options{KeyUsage: x509.KeyUsageKeyEncipherment}), fault.ListForged, "key usage"},
		"an authority":     {&certtest.NewCA(t, "AC").Pair, fault.ListForged, "key usage"},
		"TLS server":       {extended(t, x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageEmailProtection), fault.ListForged, "extended key usage"},
		"code signing":     {extended(t, x509.ExtKeyUsageCodeSigning), fault.ListForged, "extended key usage"},
		"expired":          {seal(t, certtest.Options{NotBefore: past.Add(-time.Hour), NotAfter: past}), fault.ListExpired, "certificate"},
		"not yet":          {seal(t, certtest.Options{NotBefore: time.Now().Add(time.Hour)}), fault.ListExpired, "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, verifyPlis(t, cmsSign(t, list, c.p), c.p), c.code, c.detail)
			_, err := signeddata.Sign(opening(), c.p.Key, c.p.DER)
			refused(t, err, c.code, c.detail)
		})
	}
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageAny} {
		if p := extended(t, usage); verifyPlis(t, signed(t, opening(), p), p) != nil {
			t.Errorf("extended key usage %d refused", usage)
		}
	}
}

// TestRefusesEdDSA: go.mozilla.org/pkcs7 knows no such key.
func TestRefusesEdDSA(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := seal(t, certtest.Options{Signer: key})
	name := wrap(0x30, p.X509.RawIssuer, marshal(t, p.X509.SerialNumber))
	der := edit(t, signed(t, opening(), seal(t, certtest.Options{})), atCerts, with(wrap(0xa0, p.DER)))
	refused(t, verifyPlis(t, edit(t, der, atSignerID, with(name)), p), fault.ListForged, "unknown key")
	_, err = signeddata.Sign(opening(), key, p.DER)
	refused(t, err, fault.CertificateKeyKind, "ed25519")
}

// extended makes a certificate with an extended key usage.
func extended(t *testing.T, usages ...x509.ExtKeyUsage) *certtest.Pair {
	t.Helper()
	key := certtest.ECKey(t, elliptic.P256())
	template := &x509.Certificate{SerialNumber: big.NewInt(5), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: usages}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return &certtest.Pair{Key: key, DER: der}
}

// TestRefusesSigners: a signature that is fine, by somebody else.
func TestRefusesSigners(t *testing.T) {
	p, eve := seal(t, certtest.Options{Curve: elliptic.P256(), Serial: big.NewInt(9)}), seal(t, certtest.Options{Curve: elliptic.P256(), Serial: big.NewInt(9)})
	forged := signed(t, opening(), eve)
	refused(t, verifyPlis(t, forged, p), fault.ListSigner, pin(t, eve)[0])
	for _, pins := range [][]string{nil, {}, {""}, {strings.ToUpper(pin(t, eve)[0])}} {
		_, _, err := signeddata.VerifyOpening(forged, pins, expected())
		refused(t, err, fault.ListSigner, "")
	}
	// The two certificates have the same issuer and serial number.
	both := edit(t, forged, atCerts, with(wrap(0xa0, p.DER, eve.DER)))
	refused(t, verifyPlis(t, both, p), fault.ListForged, "")
	both = edit(t, forged, atCerts, with(wrap(0xa0, eve.DER, p.DER)))
	refused(t, verifyPlis(t, both, p), fault.ListSigner, "")
	refused(t, verifyPlis(t, edit(t, forged, atCerts, with(wrap(0xa0, p.DER))), p), fault.ListForged, "")
}

// TestRefusesOtherPurposes: lists of the right portal, made for something else.
func TestRefusesOtherPurposes(t *testing.T) {
	p := seal(t, certtest.Options{Curve: elliptic.P256()})
	pins, keys, plis := pin(t, p), signed(t, recipients(t), p), signed(t, opening(), p)
	_, _, err := signeddata.VerifyRecipients(plis, pins, expected())
	refused(t, err, fault.ListOther, "type")
	_, _, err = signeddata.VerifyOpening(keys, pins, expected())
	refused(t, err, fault.ListOther, "type")
	for name, c := range map[string]struct {
		change func(*lists.Expected)
		code   fault.Code
		detail string
	}{
		"origin":     {func(e *lists.Expected) { e.Origin = "https://marches.exemple.fr.evil.example" }, fault.ListOther, "origin"},
		"no origin":  {func(e *lists.Expected) { e.Origin = "" }, fault.ListOther, "origin"},
		"tender":     {func(e *lists.Expected) { e.Tender = "2026-043" }, fault.ListOther, "tender"},
		"no tender":  {func(e *lists.Expected) { e.Tender = "" }, fault.ListOther, "tender"},
		"replayed":   {func(e *lists.Expected) { e.Now = e.Now.Add(25 * time.Hour) }, fault.ListExpired, "issued"},
		"slow clock": {func(e *lists.Expected) { e.Now = e.Now.Add(-25 * time.Hour) }, fault.ListExpired, ""},
		"no clock":   {func(e *lists.Expected) { e.Now = time.Time{} }, fault.ListExpired, ""},
	} {
		e := expected()
		c.change(&e)
		_, _, err := signeddata.VerifyRecipients(keys, pins, e)
		refused(t, err, c.code, c.detail)
		_, _, err = signeddata.VerifyOpening(plis, pins, e)
		if refused(t, err, c.code, c.detail); t.Failed() {
			t.Fatal(name)
		}
	}
	e := expected()
	e.Lot = "2"
	_, _, err = signeddata.VerifyRecipients(keys, pins, e)
	refused(t, err, fault.ListOther, "lot")
}

// TestRefusesEarlyOpenings: neither clock may be before the opening.
func TestRefusesEarlyOpenings(t *testing.T) {
	p := seal(t, certtest.Options{Curve: elliptic.P256()})
	early := opening()
	early.NotBefore = time.Now().Add(time.Hour)
	der := signed(t, early, p)
	refused(t, verifyPlis(t, der, p), fault.OpeningEarly, "")
	e := expected()
	e.Now = e.Now.Add(2 * time.Hour) // the agent sets the clock forward
	_, _, err := signeddata.VerifyOpening(der, pin(t, p), e)
	refused(t, err, fault.OpeningEarly, "")
	e.Now = time.Now().Add(-2 * time.Minute) // a clock that is slow waits
	_, _, err = signeddata.VerifyOpening(signed(t, opening(), p), pin(t, p), e)
	refused(t, err, fault.OpeningEarly, "")
}

// TestRefusesJSON: the pinned key signed it, and it is no list.
func TestRefusesJSON(t *testing.T) {
	p := seal(t, certtest.Options{Curve: elliptic.P256()})
	good := string(encoded(t, opening()))
	thousands := strings.TrimSuffix(good, "]}") + strings.Repeat(`,{"id":"x"}`, 5000) + "]}"
	for name, text := range map[string]string{
		"member twice":   strings.Replace(good, `"tender":`, `"tender":"2026-042","tender":`, 1),
		"unknown member": strings.Replace(good, `"tender":`, `"force":true,"tender":`, 1),
		"white space":    good + "\n",
		"5,000 entries":  thousands,
		"not JSON":       good[:len(good)-1],
	} {
		t.Run(name, func(t *testing.T) { refused(t, verifyPlis(t, cmsSign(t, []byte(text), p), p), fault.ListForged, "") })
	}
}

// module hides a key's type, as a security module does.
type module struct{ crypto.Signer }

// TestSignRefuses: a portal learns at once what no extension would take.
func TestSignRefuses(t *testing.T) {
	p, other := seal(t, certtest.Options{}), seal(t, certtest.Options{Curve: elliptic.P256()})
	list := opening()
	_, err := signeddata.Sign(list, other.Key, p.DER)
	refused(t, err, fault.CertificateBad, "another key")
	_, err = signeddata.Sign(list, p.Key, other.DER)
	refused(t, err, fault.CertificateBad, "another key")
	_, err = signeddata.Sign(list, p.Key, p.DER[:40])
	refused(t, err, fault.CertificateBad, "")
	_, err = signeddata.Sign(list, module{p.Key}, p.DER)
	refused(t, err, fault.CertificateKeyKind, "")
	list.Issued = time.Now().Add(-time.Hour)
	_, err = signeddata.Sign(list, p.Key, p.DER)
	refused(t, err, fault.ListForged, "issued")
	list.Plis = nil
	_, err = signeddata.Sign(list, p.Key, p.DER)
	refused(t, err, fault.BadRequest, "plis")
}
