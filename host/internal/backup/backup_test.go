package backup

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/pkcs12x"
)

func pairOf(t *testing.T, o certtest.Options) keystore.Pair {
	t.Helper()
	p := certtest.SelfSigned(t, o)
	return keystore.Pair{Key: p.Key, Certificate: p.DER, Name: "Clé du service"}
}

var made *Copy

// one is a copy of a pair, made once: that takes a second.
func one(t *testing.T) (*Copy, keystore.Pair) {
	t.Helper()
	pair := pairOf(t, certtest.Options{CommonName: "Service"})
	if made == nil {
		var err error
		if made, err = Make(pair); err != nil {
			t.Fatal(err)
		}
	}
	return made, pair
}

func TestCopyOpensAndProves(t *testing.T) {
	c, pair := one(t)
	typed := bytes.ToUpper(bytes.ReplaceAll(c.Passphrase, []byte("-"), []byte(" ")))
	b, err := Open(c.File, typed)
	if err != nil || !b.Key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(pair.Key.Public()) || b.FriendlyName != pair.Name || b.Others != 0 {
		t.Fatal(err)
	}
	if err := Prove(t.Context(), b); err != nil {
		t.Error(err)
	}
	if _, err := Open(c.File, []byte("abeille")); fault.CodeOf(err) != fault.P12Password {
		t.Errorf("another word: %v", err)
	}
	curve := pairOf(t, certtest.Options{CommonName: "Service", Curve: elliptic.P256()})
	if err := Prove(t.Context(), &pkcs12x.Bundle{Key: curve.Key, Certificate: curve.Certificate}); err != nil {
		t.Errorf("a curve's key: %v", err)
	}
	other := pairOf(t, certtest.Options{CommonName: "Service", Key: 1})
	if err := Prove(t.Context(), &pkcs12x.Bundle{Key: other.Key, Certificate: b.Certificate}); fault.CodeOf(err) != fault.StoreSelfTest {
		t.Errorf("a key that is not the certificate's: %v", err)
	}
	wiped := &Copy{Passphrase: bytes.Clone(c.Passphrase)}
	if wiped.Clear(); !bytes.Equal(wiped.Passphrase, make([]byte, len(c.Passphrase))) {
		t.Error("the words were not wiped")
	}
}

func TestMakeRefusesWhatDoesNotBelongTogether(t *testing.T) {
	pair := pairOf(t, certtest.Options{CommonName: "Service"})
	pair.Key = pairOf(t, certtest.Options{CommonName: "Service", Key: 1}).Key
	if _, err := Make(pair); fault.CodeOf(err) != fault.P12Mismatch {
		t.Errorf("%v", err)
	}
}

// TestOthersReadACopy has OpenSSL and NSS open a copy with its words, and looks
// at what it is protected by.
func TestOthersReadACopy(t *testing.T) {
	dir := t.TempDir()
	c, _ := one(t)
	for name, data := range map[string][]byte{"copy.p12": c.File, "words": c.Passphrase, "wrong": append([]byte("x-"), c.Passphrase...)} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(name string, args ...string) (string, error) {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("no %s", name)
		}
		cmd := exec.Command(path, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+dir)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("openssl", "pkcs12", "-in", "copy.p12", "-passin", "file:words", "-nodes", "-info")
	for _, want := range []string{"BEGIN PRIVATE KEY", "BEGIN CERTIFICATE", "PBES2, PBKDF2, AES-256-CBC, Iteration 600000, PRF hmacWithSHA256", "MAC: sha256, Iteration 600000"} {
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("openssl: %v, no %q in\n%s", err, want, out)
		}
	}
	if out, err := run("openssl", "pkcs12", "-in", "copy.p12", "-passin", "file:wrong", "-nodes"); err == nil {
		t.Errorf("openssl opens it with other words:\n%s", out)
	}
	out, err = run("certutil", "-N", "-d", "sql:.", "--empty-password")
	if err != nil {
		t.Fatalf("certutil: %v\n%s", err, out)
	}
	if out, err = run("pk12util", "-i", "copy.p12", "-d", "sql:.", "-w", "words"); err != nil {
		t.Errorf("pk12util: %v\n%s", err, out)
	}
	if out, err = run("certutil", "-K", "-d", "sql:."); err != nil || !strings.Contains(out, "Clé du service") {
		t.Errorf("NSS has %s, %v", out, err)
	}
}
