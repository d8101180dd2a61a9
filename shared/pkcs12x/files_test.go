package pkcs12x

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

const fixtures = "../../testdata/p12"

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(fixtures, name+".p12"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// accepted lists the files of testdata/p12 that must be read: their password,
// friendly name, the key's kind and how many further certificates they have.
var accepted = map[string]struct {
	password, name, kind string
	others               int
}{
	"openssl-modern":        {"motdepasse", "Clé d'Élodie", "rsa", 0},
	"openssl-legacy":        {"motdepasse", "Clé d'Élodie", "rsa", 0},
	"openssl-3des":          {"motdepasse", "Clé d'Élodie", "rsa", 0},
	"openssl-2des":          {"motdepasse", "", "rsa", 0},
	"openssl-aes128-sha512": {"motdepasse", "", "rsa", 0},
	"openssl-sha224":        {"motdepasse", "", "P-256", 0},
	"openssl-sha384":        {"motdepasse", "", "P-256", 0},
	"openssl-plain-cert":    {"motdepasse", "", "rsa", 0},
	"openssl-plain-key":     {"motdepasse", "", "rsa", 0},
	"openssl-pbes2-3des":    {"motdepasse", "", "rsa", 0},
	"openssl-accent":        {"pâssé € 😀", "", "rsa", 0},
	"openssl-accent-legacy": {"pâssé € 😀", "", "rsa", 0},
	"openssl-bytes":         {"caf\xc3\xa9\xff", "", "rsa", 0},
	"openssl-latin1":        {"café", "", "rsa", 0},
	"openssl-empty":         {"", "", "rsa", 0},
	"openssl-empty-legacy":  {"", "", "rsa", 0},
	"openssl-chain":         {"motdepasse", "Clé d'Élodie", "rsa", 1},
	"openssl-p256":          {"motdepasse", "", "P-256", 0},
	"openssl-p384":          {"motdepasse", "", "P-384", 0},
	"openssl-p521":          {"motdepasse", "", "P-521", 0},
	"keytool-modern":        {"motdepasse", "clé java", "rsa", 0},
	"keytool-legacy":        {"motdepasse", "clé java", "rsa", 0},
	"nss-modern":            {"motdepasse", "Clé d'Élodie", "rsa", 1},
	"nss-legacy":            {"motdepasse", "Clé d'Élodie", "rsa", 1},
	"nss-accent":            {"pâssé €", "Clé d'Élodie", "rsa", 1},
	"rfc9579-a1":            {"1234", "", "rsa", 0},
	"rfc9579-a2":            {"1234", "", "rsa", 0},
	"rfc9579-a3":            {"1234", "", "rsa", 0},
}

// refused lists those that must not be, with the code each gets.
var refused = map[string]struct {
	password string
	code     fault.Code
}{
	"openssl-nomac":     {"motdepasse", fault.P12NoMAC},
	"openssl-nokey":     {"motdepasse", fault.P12NoKey},
	"openssl-nocert":    {"motdepasse", fault.P12NoCertificate},
	"openssl-rc4":       {"motdepasse", fault.P12Unsupported},
	"openssl-rsa1024":   {"motdepasse", fault.CertificateWeak},
	"openssl-e3":        {"motdepasse", fault.CertificateExponent},
	"openssl-brainpool": {"motdepasse", fault.CertificateKeyKind},
	"openssl-explicit":  {"motdepasse", fault.CertificateKeyKind},
	"openssl-ed25519":   {"motdepasse", fault.CertificateKeyKind},
	"openssl-pss":       {"motdepasse", fault.CertificateKeyKind},
	"keytool-two":       {"motdepasse", fault.P12SeveralKeys},
	"keytool-trust":     {"motdepasse", fault.P12NoKey},
	"rfc9579-a4":        {"1234", fault.P12Damaged}, // iteration count changed
	"rfc9579-a5":        {"1234", fault.P12Damaged}, // salt changed
	"rfc9579-a6":        {"1234", fault.P12Damaged}, // key length missing
}

func TestEveryFixtureIsInATable(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(fixtures, "*.p12"))
	if err != nil || len(found) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, path := range found {
		name := strings.TrimSuffix(filepath.Base(path), ".p12")
		_, in1 := accepted[name]
		_, in2 := refused[name]
		if in1 == in2 {
			t.Errorf("%s is in %v %v of the tables", name, in1, in2)
		}
	}
	if len(found) != len(accepted)+len(refused) {
		t.Errorf("%d files, %d in the tables", len(found), len(accepted)+len(refused))
	}
}

func TestAccepted(t *testing.T) {
	for name, want := range accepted {
		t.Run(name, func(t *testing.T) {
			b, err := Decode(read(t, name), []byte(want.password))
			if err != nil {
				t.Fatal(err)
			}
			kind := "rsa"
			if k, ok := b.Key.(*ecdsa.PrivateKey); ok {
				kind = k.Params().Name
			} else if err := b.Key.(*rsa.PrivateKey).Validate(); err != nil {
				t.Error(err)
			}
			if kind != want.kind || b.FriendlyName != want.name || b.Others != want.others {
				t.Errorf("%s, %q, %d others; want %+v", kind, b.FriendlyName, b.Others, want)
			}
			c, err := keypair.Parse(b.Certificate)
			if err != nil || !c.Matches(b.Key.Public()) {
				t.Errorf("certificate: %v", err)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for name, want := range refused {
		t.Run(name, func(t *testing.T) {
			b, err := Decode(read(t, name), []byte(want.password))
			if b != nil || fault.CodeOf(err) != want.code {
				t.Errorf("%v, want %s", err, want.code)
			}
		})
	}
}

func TestWrongPassword(t *testing.T) {
	for name, want := range accepted {
		// 600,000 iterations for each try of NSS: one file is enough.
		if strings.HasPrefix(name, "nss-") && name != "nss-accent" {
			continue
		}
		if _, err := Decode(read(t, name), []byte(want.password+"x")); fault.CodeOf(err) != fault.P12Password {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, password := range []string{"", "Motdepasse", "motdepasse ", "motdepassé", "\xff"} {
		if _, err := Decode(read(t, "openssl-modern"), []byte(password)); fault.CodeOf(err) != fault.P12Password {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// TestDamage cuts and changes one file at every 37th place: never a pair,
// never "wrong password" where the password still opens a part.
func TestDamage(t *testing.T) {
	for _, name := range []string{"openssl-modern", "openssl-legacy", "keytool-modern"} {
		data := read(t, name)
		wrong := 0
		for at := 0; at < len(data); at += 37 {
			if b, err := Decode(data[:at], []byte("motdepasse")); b != nil || fault.CodeOf(err) != fault.P12Damaged {
				t.Errorf("%s cut at %d: %v", name, at, err)
			}
			changed := bytes.Clone(data)
			changed[at] ^= 0x11
			b, err := Decode(changed, []byte("motdepasse"))
			if b != nil {
				t.Errorf("%s changed at %d was accepted", name, at)
			}
			if fault.CodeOf(err) == fault.P12Password {
				wrong++
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d changes were taken for a wrong password", name, wrong)
		}
	}
}

func TestTrailingBytes(t *testing.T) {
	data := append(read(t, "openssl-modern"), 0)
	if _, err := Decode(data, []byte("motdepasse")); fault.CodeOf(err) != fault.P12Damaged {
		t.Error(err)
	}
}

func TestNotPKCS12(t *testing.T) {
	for name, data := range map[string][]byte{
		"empty": nil, "text": []byte("bonjour"), "sequence": {0x30, 0}, "open": {0x30, 0x80},
		"deep": bytes.Repeat([]byte{0x30, 0x80}, 200_000), "long": {0x30, 0x84, 0xff, 0xff, 0xff, 0xff},
	} {
		if _, err := Decode(data, nil); fault.CodeOf(err) != fault.P12Damaged {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(make([]byte, MaxSize+1), nil); fault.CodeOf(err) != fault.P12TooLarge {
		t.Error(err)
	}
}
