package pkcs12x

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
	"software.sslmate.com/src/go-pkcs12"

	"scelle/shared/certtest"
	"scelle/shared/fault"
)

var password = []byte("mot de passe")

// member is one bag of a crafted file.
type member struct {
	key         *certtest.Pair // its private key
	certificate *certtest.Pair // or its certificate
	nested      []byte         // or a SafeContents inside
	id          string         // localKeyId
	name        string
}

func (m member) contents(t testing.TB, w *writer) []byte {
	t.Helper()
	switch {
	case m.nested != nil:
		return w.safeContents(oidSafeContents, m.name, []byte(m.id), func(b *cryptobyte.Builder) { b.AddBytes(m.nested) })
	case m.certificate != nil:
		return w.safeContents(oidCertBag, m.name, []byte(m.id), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addOID(b, oidX509Certificate)
				addExplicit(b, func(b *cryptobyte.Builder) { b.AddASN1OctetString(m.certificate.DER) })
			})
		})
	}
	plain, err := x509.MarshalPKCS8PrivateKey(m.key.Key)
	if err != nil {
		t.Fatal(err)
	}
	return w.safeContents(oidShroudedKey, m.name, []byte(m.id), func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			algorithm, sealed := w.seal(plain)
			b.AddBytes(algorithm)
			b.AddASN1OctetString(sealed)
		})
	})
}

// craft writes a file with one content for each member; all of them are
// encrypted when hide is set, so that only the password shows what they are.
func craft(t testing.TB, hide bool, members ...member) []byte {
	t.Helper()
	w := &writer{iterations: 10, passwords: newPasswords(password)}
	var safe cryptobyte.Builder
	safe.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, m := range members {
			content := m.contents(t, w)
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				if hide || m.certificate != nil {
					w.addEncryptedData(b, content)
				} else {
					addData(b, content)
				}
			})
		}
	})
	return authenticate(t, w, w.bytes(&safe))
}

// authenticate puts a PFX with a MAC around an AuthenticatedSafe.
func authenticate(t testing.TB, w *writer, safe []byte) []byte {
	t.Helper()
	var pfx cryptobyte.Builder
	pfx.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addData(b, safe) })
		w.addMAC(b, safe)
	})
	out := w.bytes(&pfx)
	if w.err != nil {
		t.Fatal(w.err)
	}
	return out
}

func wantCode(t *testing.T, what string, data []byte, code fault.Code) {
	t.Helper()
	if b, err := Decode(data, password); b != nil || fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestCraftedFiles(t *testing.T) {
	a := certtest.SelfSigned(t, certtest.Options{CommonName: "a"})
	other := certtest.SelfSigned(t, certtest.Options{CommonName: "b", Key: 1})
	ec := certtest.SelfSigned(t, certtest.Options{CommonName: "c", Curve: elliptic.P256()})
	small := certtest.SelfSigned(t, certtest.Options{Exponent: 3})
	for _, hide := range []bool{false, true} {
		wantCode(t, "two keys", craft(t, hide, member{key: a}, member{key: other}, member{certificate: a}), fault.P12SeveralKeys)
		wantCode(t, "twice the same key", craft(t, hide, member{key: a}, member{key: a}, member{certificate: a}), fault.P12SeveralKeys)
		wantCode(t, "no key", craft(t, hide, member{certificate: a}), fault.P12NoKey)
		wantCode(t, "no certificate", craft(t, hide, member{key: a}), fault.P12NoCertificate)
		wantCode(t, "certificate of another key", craft(t, hide, member{key: a}, member{certificate: other}), fault.P12Mismatch)
		wantCode(t, "certificate of another kind", craft(t, hide, member{key: a}, member{certificate: ec}), fault.P12Mismatch)
		wantCode(t, "exponent 3", craft(t, hide, member{key: small}, member{certificate: small}), fault.CertificateExponent)
		wantCode(t, "empty", craft(t, hide), fault.P12NoKey)
	}
}

// TestPlantedCertificates has ours among others, in any place, one content each
// as GnuTLS writes them.
func TestPlantedCertificates(t *testing.T) {
	ca := certtest.NewCA(t, "Racine plantée")
	a := ca.Issue(t, certtest.Options{CommonName: "a"})
	b := ca.Issue(t, certtest.Options{CommonName: "b", Key: 1})
	for _, order := range [][]member{
		{{key: a}, {certificate: a}, {certificate: &ca.Pair}, {certificate: b}},
		{{certificate: &ca.Pair}, {certificate: b}, {certificate: a}, {key: a}},
		{{certificate: b}, {key: a}, {certificate: &ca.Pair}, {certificate: a}},
	} {
		bundle, err := Decode(craft(t, false, order...), password)
		if err != nil || !bytes.Equal(bundle.Certificate, a.DER) || bundle.Others != 2 {
			t.Fatalf("%+v, %v", bundle, err)
		}
		again, err := Remake(bundle, password, Modern)
		if err != nil {
			t.Fatal(err)
		}
		if f, _ := scan(again); bytes.Contains(again, ca.DER) || len(f.sealed) != 1 || len(f.keys) != 1 {
			t.Error("the re-made file holds more than the pair")
		}
		if bundle, err = Decode(again, password); err != nil || bundle.Others != 0 {
			t.Errorf("%+v, %v", bundle, err)
		}
	}
}

// TestRenewedCertificate has two certificates for one key.
func TestRenewedCertificate(t *testing.T) {
	old := certtest.SelfSigned(t, certtest.Options{NotAfter: time.Now().AddDate(0, 1, 0)})
	fresh := certtest.SelfSigned(t, certtest.Options{NotAfter: time.Now().AddDate(3, 0, 0)})
	for what, c := range map[string]struct {
		members []member
		want    *certtest.Pair
	}{
		"the file joins": {[]member{{key: old, id: "1"}, {certificate: fresh, id: "2"}, {certificate: old, id: "1"}}, old},
		"nothing joins":  {[]member{{key: old}, {certificate: old}, {certificate: fresh}}, fresh},
		"other order":    {[]member{{key: old}, {certificate: fresh}, {certificate: old}}, fresh},
	} {
		b, err := Decode(craft(t, false, c.members...), password)
		if err != nil || !bytes.Equal(b.Certificate, c.want.DER) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestNestedSafeContents(t *testing.T) {
	a := certtest.SelfSigned(t, certtest.Options{})
	w := &writer{iterations: 10, passwords: newPasswords(password)}
	inner := member{key: a}.contents(t, w)
	for depth := 1; depth < 8; depth++ {
		data := craft(t, false, member{nested: inner}, member{certificate: a})
		_, err := Decode(data, password)
		if depth < maxBagDepth && err != nil || depth >= maxBagDepth && fault.CodeOf(err) != fault.P12Damaged {
			t.Errorf("depth %d: %v", depth, err)
		}
		inner = member{nested: inner}.contents(t, w)
	}
}

func TestManyBags(t *testing.T) {
	a := certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256()})
	w := &writer{iterations: 1, passwords: newPasswords(password)}
	one := member{certificate: a}.contents(t, w)
	input := cryptobyte.String(one)
	var bag cryptobyte.String
	input.ReadASN1(&bag, asn1.SEQUENCE)
	var all cryptobyte.Builder
	all.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(bytes.Repeat(bag, maxBags+1)) })
	var safe cryptobyte.Builder
	safe.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { addData(b, w.bytes(&all)) })
	})
	wantCode(t, "many bags", authenticate(t, w, w.bytes(&safe)), fault.P12TooLarge)
}

// TestTwoPasswords has its MAC under one password and its key under another.
func TestTwoPasswords(t *testing.T) {
	a := certtest.SelfSigned(t, certtest.Options{})
	w := &writer{iterations: 10, passwords: newPasswords([]byte("autre"))}
	key := member{key: a}.contents(t, w)
	certificate := member{certificate: a}.contents(t, w)
	w.passwords = newPasswords(password)
	data, err := w.pfx(key, certificate)
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, "two passwords", data, fault.P12Unsupported)
}

// rewrite changes the DER tree in place: f sees each primitive element and may
// return other content. OCTET STRINGs that hold a SEQUENCE are entered. It
// recurses, on our own files.
func rewrite(der []byte, f func(tag byte, content []byte) []byte) []byte {
	var out []byte
	for len(der) > 0 {
		tag, length, header, ok := readHeader(der)
		if !ok || header+length > len(der) {
			return append(out, der...)
		}
		content := der[header : header+length]
		der = der[header+length:]
		switch {
		case tag&constructed != 0, tag == tagOctets && isSequence(content):
			content = rewrite(content, f)
		default:
			content = f(tag, content)
		}
		out = append(appendLength(append(out, tag), len(content)), content...)
	}
	return out
}

// TestIterationBombs announces counts without the work having been done, at
// each of the places of each file. All are refused before any derivation: with
// one, this test would take hours.
func TestIterationBombs(t *testing.T) {
	for _, name := range []string{"openssl-modern", "openssl-legacy", "keytool-modern", "rfc9579-a1", "openssl-plain-cert"} {
		data := read(t, name)
		for what, count := range map[string][]byte{
			"0": {0}, "negative": {0xff}, "cap plus one": big.NewInt(MaxIterations + 1).Bytes(),
			"2^31-1": big.NewInt(1<<31 - 1).Bytes(), "huge": append([]byte{0x7f}, make([]byte, 40)...),
		} {
			place := 0
			for ; ; place++ {
				bomb, places := replaceCount(data, place, count)
				if place == places {
					break
				}
				if _, err := Decode(bomb, []byte("motdepasse")); fault.CodeOf(err) != fault.P12Iterations {
					t.Errorf("%s, %s at place %d: %v", name, what, place, err)
				}
			}
			if place < 2 {
				t.Errorf("%s: %d iteration counts were found", name, place)
			}
		}
	}
}

// replaceCount changes the iteration count at one place, or all for place -1,
// and says how many there are.
func replaceCount(data []byte, place int, count []byte) (changed []byte, places int) {
	changed = rewrite(data, func(tag byte, content []byte) []byte {
		n := new(big.Int).SetBytes(content).Int64()
		if tag != 0x02 || (n != 2048 && n != 10000) { // what the fixtures have
			return content
		}
		if places++; places-1 == place || place < 0 {
			return count
		}
		return content
	})
	return changed, places
}

// TestIterationsAddUp has counts that are each within the limit.
func TestIterationsAddUp(t *testing.T) {
	a := certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256()})
	w := &writer{iterations: 2048, passwords: newPasswords(password)}
	content := member{certificate: a}.contents(t, w)
	var safe cryptobyte.Builder
	safe.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for range 3 {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) { w.addEncryptedData(b, content) })
		}
	})
	bomb, places := replaceCount(authenticate(t, w, w.bytes(&safe)), -1, big.NewInt(MaxIterations).Bytes())
	if places != 4 {
		t.Fatalf("%d places", places)
	}
	wantCode(t, "sum", bomb, fault.P12Iterations)
}

func TestEncode(t *testing.T) {
	ca := certtest.NewCA(t, "AC")
	for _, o := range []certtest.Options{{CommonName: "a"}, {Bits: 3072}, {Curve: elliptic.P256()}, {Curve: elliptic.P384()}, {Curve: elliptic.P521()}} {
		p := ca.Issue(t, o)
		for _, pass := range []string{"", "motdepasse", "pâssé € 😀"} {
			for _, f := range []Format{Modern, TripleDES} {
				data, err := encode(p.Key, p.DER, "Clé d'Élodie", []byte(pass), f, storeIterations)
				if err != nil {
					t.Fatal(err)
				}
				b, err := Decode(data, []byte(pass))
				if err != nil || !bytes.Equal(b.Certificate, p.DER) || b.FriendlyName != "Clé d'Élodie" || b.Others != 0 || !equalKeys(b.Key, p.Key) {
					t.Errorf("%+v with %q: %+v, %v", o, pass, b, err)
				}
				if strings.Contains(pass, "😀") {
					continue // go-pkcs12 knows no characters beyond the BMP
				}
				key, certificate, err := pkcs12.Decode(data, pass)
				if err != nil || !bytes.Equal(certificate.Raw, p.DER) || !equalKeys(key, p.Key) {
					t.Errorf("go-pkcs12: %v", err)
				}
			}
		}
	}
}

func equalKeys(a, b any) bool {
	switch a := a.(type) {
	case *rsa.PrivateKey:
		return a.Equal(b)
	case *ecdsa.PrivateKey:
		return a.Equal(b)
	}
	return false
}

func TestEncodeRefuses(t *testing.T) {
	a, b := certtest.SelfSigned(t, certtest.Options{}), certtest.SelfSigned(t, certtest.Options{Key: 1})
	for what, c := range map[string]struct {
		key         *certtest.Pair
		certificate []byte
		name        string
		code        fault.Code
	}{
		"mismatch": {a, b.DER, "", fault.P12Mismatch},
		"garbage":  {a, []byte{1, 2, 3}, "", fault.CertificateBad},
		"name":     {a, a.DER, strings.Repeat("x", 2000), fault.NameBad},
	} {
		if _, err := Encode(c.key.Key, c.certificate, c.name, password); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestOthersReadOurs gives our files to the tools that people have. Java takes
// no accents: its PBEKey accepts ASCII only.
func TestOthersReadOurs(t *testing.T) {
	p := certtest.SelfSigned(t, certtest.Options{CommonName: "Pour les autres"})
	dir := t.TempDir()
	t.Setenv("HOME", dir)
	for name, pass := range map[string]string{"ascii": "motdepasse", "accents": "pâssé"} {
		modern, err := Encode(p.Key, p.DER, "Clé d'Élodie", []byte(pass))
		if err != nil {
			t.Fatal(err)
		}
		old, err := Remake(&Bundle{Key: p.Key, Certificate: p.DER, FriendlyName: "Clé d'Élodie"}, []byte(pass), TripleDES)
		if err != nil {
			t.Fatal(err)
		}
		for format, data := range map[string][]byte{"modern": modern, "old": old} {
			path := filepath.Join(dir, name+format+".p12")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			db := filepath.Join(dir, name+format)
			if err := os.Mkdir(db, 0o700); err != nil {
				t.Fatal(err)
			}
			commands := [][]string{
				{"openssl", "pkcs12", "-in", path, "-passin", "pass:" + pass, "-nodes"},
				{"pk12util", "-i", path, "-d", "sql:" + db, "-W", pass, "-K", ""},
			}
			if name == "ascii" {
				commands = append(commands, []string{"keytool", "-list", "-rfc", "-storetype", "PKCS12", "-keystore", path, "-storepass", pass})
			}
			for _, command := range commands {
				t.Run(name+"/"+format+"/"+command[0], func(t *testing.T) { run(t, p, db, command) })
			}
		}
	}
}

func run(t *testing.T, p *certtest.Pair, db string, command []string) {
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skip(err)
	}
	if command[0] == "pk12util" {
		if out, err := exec.Command("certutil", "-N", "-d", "sql:"+db, "--empty-password").CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v\n%s", err, out)
		}
	}
	c := exec.Command(command[0], command[1:]...)
	c.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if command[0] == "pk12util" {
		if out, err = exec.Command("certutil", "-L", "-d", "sql:"+db, "-n", "Clé d'Élodie", "-a").CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v\n%s", err, out)
		}
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if !strings.Contains(squeeze(string(out)), squeeze(string(p.PEM()))) {
		t.Errorf("the certificate is not in\n%s", out)
	}
}
