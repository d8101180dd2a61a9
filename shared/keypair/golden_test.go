package keypair

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

const fixtures = "../../testdata/certs"

// now is a time at which the fixtures without special dates are valid.
var now = time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)

func load(t testing.TB, name string) *Certificate {
	t.Helper()
	file, err := os.ReadFile(filepath.Join(fixtures, name+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Read(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return c
}

// golden is what each file of testdata/certs must be read as: names, key,
// serial number ("" not compared), usage, verdict and warnings.
var golden = map[string]struct {
	cn, subject, key, serial, usage, signature string
	reasons, warnings                          string
}{
	"ca":                  {"AC de test", "AC de test", "rsa 2048 65537", "", "absent", "SHA-256", "", "self-signed"},
	"rsa-encipherment":    {"Élodie Martin", "Élodie Martin", "rsa 2048 65537", "1234", "4", "SHA-256", "", ""},
	"rsa-no-usage":        {"Sans usage", "Sans usage", "rsa 2048 65537", "", "absent", "SHA-256", "", ""},
	"rsa-signature-only":  {"Signature", "Signature", "rsa 2048 65537", "", "3", "SHA-256", "certificate-usage", "also-signs"},
	"rsa-signs-too":       {"Double usage", "Double usage", "rsa 2048 65537", "", "5", "SHA-256", "", "also-signs"},
	"rsa-sha1":            {"SHA-1", "SHA-1", "rsa 2048 65537", "", "4", "SHA-1", "", "sha1-signature"},
	"rsa-pss-signed":      {"Signé PSS", "Signé PSS", "rsa 2048 65537", "", "4", "SHA-384", "", ""},
	"rsa-negative-serial": {"Série négative", "Série négative", "rsa 2048 65537", "fe1dc0", "4", "SHA-256", "", ""},
	"rsa-long-serial":     {"Série longue", "Série longue", "rsa 2048 65537", "00f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff000102030405060708090a0b", "4", "SHA-256", "", ""},
	"rsa-no-cn":           {"", "Organisation seule", "rsa 2048 65537", "", "4", "SHA-256", "", ""},
	"rsa-only-ou":         {"", "C=FR, OU=0002 12345678900011, SERIALNUMBER=42", "rsa 2048 65537", "", "4", "SHA-256", "", ""},
	"rsa-two-cn":          {"Second", "Second", "rsa 2048 65537", "", "4", "SHA-256", "", ""},
	"rsa-bidi":            {"facturefdp.exe", "facturefdp.exe", "rsa 2048 65537", "", "4", "SHA-256", "", ""},
	"rsa-1024":            {"RSA 1024", "RSA 1024", "rsa 1024 65537", "", "4", "SHA-256", "certificate-weak", ""},
	"rsa-e3":              {"Exposant 3", "Exposant 3", "rsa 2048 3", "", "4", "SHA-256", "certificate-exponent", ""},
	"rsa-3072":            {"RSA 3072", "RSA 3072", "rsa 3072 65537", "", "4", "SHA-256", "", ""},
	"rsa-pss-key":         {"Clé PSS", "Clé PSS", "other", "", "1", "SHA-256", "certificate-key-kind certificate-usage", "also-signs"},
	"ec-agreement":        {"Courbe P-256", "Courbe P-256", "ec P-256 256", "", "10", "SHA-256", "", ""},
	"ec-encipherment":     {"Courbe, mauvais usage", "Courbe, mauvais usage", "ec P-256 256", "", "4", "SHA-256", "certificate-usage", ""},
	"ec-p384":             {"P-384", "P-384", "ec P-384 384", "", "10", "SHA-256", "", ""},
	"ec-p521":             {"P-521", "P-521", "ec P-521 521", "", "10", "SHA-256", "", ""},
	"ec-compressed":       {"Compressé", "Compressé", "ec P-256 256", "", "10", "SHA-256", "", ""},
	"ec-brainpool":        {"Brainpool", "Brainpool", "ec 1.3.36.3.3.2.8.1.1.7 0", "", "10", "SHA-256", "certificate-key-kind", ""},
	"ec-explicit":         {"Explicite", "Explicite", "ec explicit 0", "", "10", "SHA-256", "certificate-key-kind", ""},
	"ed25519":             {"Ed25519", "Ed25519", "other", "", "1", "SHA-256", "certificate-key-kind certificate-usage", "also-signs"},
	"name-bmp":            {"Gérard Noël", "Gérard Noël", "rsa 2048 65537", "", "absent", "SHA-256", "", "self-signed"},
	"name-t61":            {"Gérard Noël", "Gérard Noël", "rsa 2048 65537", "", "absent", "SHA-256", "", "self-signed"},
	"name-utf8only":       {"Gérard Noël", "Gérard Noël", "rsa 2048 65537", "", "absent", "SHA-256", "", "self-signed"},
	"v1":                  {"Version 1", "Version 1", "rsa 2048 65537", "", "absent", "SHA-256", "", ""},
	"expired":             {"expired", "expired", "rsa 2048 65537", "", "4", "SHA-256", "certificate-expired", ""},
	"future":              {"future", "future", "rsa 2048 65537", "", "4", "SHA-256", "certificate-not-yet-valid", ""},
	"generalized":         {"generalized", "generalized", "rsa 2048 65537", "", "4", "SHA-256", "", ""},
}

func describeKey(c *Certificate) string {
	switch c.Kind {
	case RSA:
		return fmt.Sprintf("rsa %d %d", c.Bits, c.Exponent)
	case EC:
		return fmt.Sprintf("ec %s %d", c.Curve, c.Bits)
	}
	return string(c.Kind)
}

func join[S ~string](list []S) string {
	var out []string
	for _, s := range list {
		out = append(out, string(s))
	}
	return strings.Join(out, " ")
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtures, "*.pem"))
	if err != nil || len(files) != len(golden) {
		t.Fatalf("%d files, %d in the table: %v", len(files), len(golden), err)
	}
	for name, want := range golden {
		c := load(t, name)
		usage := "absent"
		if c.HasKeyUsage {
			usage = fmt.Sprintf("%x", uint16(c.KeyUsage))
		}
		if c.CommonName != want.cn || c.Subject != want.subject || describeKey(c) != want.key || usage != want.usage || c.Signature != want.signature || c.Odd {
			t.Errorf("%s: CN %q, subject %q, key %q, usage %s, signature %s, odd %v", name, c.CommonName, c.Subject, describeKey(c), usage, c.Signature, c.Odd)
		}
		if want.serial != "" && hex.EncodeToString(c.SerialRaw) != want.serial {
			t.Errorf("%s: serial %x, want %s", name, c.SerialRaw, want.serial)
		}
		v := Check(c, now)
		if join(v.Reasons) != want.reasons || join(v.Warnings) != want.warnings || v.OK() != (want.reasons == "") || (v.Err() == nil) != v.OK() {
			t.Errorf("%s: reasons %v, warnings %v", name, v.Reasons, v.Warnings)
		}
		if c.Issuer != "AC de test" && !c.SelfIssued {
			t.Errorf("%s: issuer %q", name, c.Issuer)
		}
	}
}

func TestGeneralizedTime(t *testing.T) {
	c := load(t, "generalized")
	if !c.NotBefore.Equal(time.Date(2020, 1, 1, 12, 0, 0, 0, time.UTC)) || !c.NotAfter.Equal(time.Date(2055, 12, 31, 23, 59, 59, 0, time.UTC)) {
		t.Errorf("%v to %v", c.NotBefore, c.NotAfter)
	}
}

func TestThumbprints(t *testing.T) {
	c := load(t, "ec-agreement")
	// openssl dgst -sha256 of nothing
	if Thumbprint(nil) != "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" {
		t.Error(Thumbprint(nil))
	}
	if c.Thumbprint() != Thumbprint(c.Raw) || c.SPKIThumbprint() != Thumbprint(c.SPKI) || c.Thumbprint() == c.SPKIThumbprint() {
		t.Error("thumbprints are mixed up")
	}
	if load(t, "rsa-sha1").SPKIThumbprint() != load(t, "rsa-two-cn").SPKIThumbprint() {
		t.Error("two certificates for one key have different key thumbprints")
	}
}

// TestEdgesOfValidity holds Check to both ends, which belong to the validity
// (RFC 5280 4.1.2.5), and to the ladder of warnings.
func TestEdgesOfValidity(t *testing.T) {
	c := load(t, "expired")
	for _, e := range []struct {
		at       time.Time
		reason   string
		warnings string
		days     int
	}{
		{c.NotBefore.Add(-time.Second), "certificate-not-yet-valid", "", 1096},
		{c.NotBefore, "", "", 1096},
		{c.NotAfter.Add(-91 * day), "", "", 91},
		{c.NotAfter.Add(-90 * day), "", "expires-in-90", 90},
		{c.NotAfter.Add(-31 * day), "", "expires-in-90", 31},
		{c.NotAfter.Add(-30 * day), "", "expires-in-30", 30},
		{c.NotAfter.Add(-8 * day), "", "expires-in-30", 8},
		{c.NotAfter.Add(-7 * day), "", "expires-in-7", 7},
		{c.NotAfter.Add(-time.Hour), "", "expires-in-7", 0},
		{c.NotAfter, "", "expires-in-7", 0},
		{c.NotAfter.Add(time.Second), "certificate-expired", "", -1},
		{c.NotAfter.Add(day + time.Second), "certificate-expired", "", -2},
	} {
		v := Check(c, e.at)
		if join(v.Reasons) != e.reason || join(v.Warnings) != e.warnings || v.DaysLeft != e.days {
			t.Errorf("%v: %v, %v, %d days", e.at, v.Reasons, v.Warnings, v.DaysLeft)
		}
	}
}

func TestRead(t *testing.T) {
	file, _ := os.ReadFile(filepath.Join(fixtures, "ca.pem"))
	c, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	other := []byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n")
	for what, data := range map[string][]byte{"DER": c.Raw, "after another block": append(other, file...), "with text": append([]byte("subject=CN = x\n"), file...)} {
		if got, err := Read(data); err != nil || got.Thumbprint() != c.Thumbprint() {
			t.Errorf("%s: %v", what, err)
		}
	}
	for what, data := range map[string][]byte{
		"nothing": nil, "text": []byte("bonjour"), "no certificate": other, "trailing": append(slices.Clone(c.Raw), 0),
		"cut": c.Raw[:len(c.Raw)-1], "large": make([]byte, MaxSize+1),
	} {
		if got, err := Read(data); got != nil || fault.CodeOf(err) != fault.CertificateBad {
			t.Errorf("%s: %v", what, err)
		}
	}
}
