//go:build linux

package pkcs12x

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// writers is a folder with one pair and its authority, for the programs that
// people get their files from.
type writers struct {
	dir      string
	pair     *certtest.Pair
	password string
}

const writtenName = "Clé d'Élodie"

func newWriters(t *testing.T, password string, o certtest.Options) *writers {
	t.Helper()
	ca := certtest.NewCA(t, "Autorité")
	w := &writers{dir: t.TempDir(), pair: ca.Issue(t, o), password: password}
	key, err := x509.MarshalPKCS8PrivateKey(w.pair.Key)
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"key.der": key, "key.pem": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
		"cert.der": w.pair.DER, "cert.pem": w.pair.PEM(), "ca.der": ca.DER, "ca.pem": ca.PEM(),
	} {
		if err := os.WriteFile(filepath.Join(w.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// run runs a program of the tests' packages in the folder.
func (w *writers) run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "HOME="+w.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
}

// reads checks that a file has the pair, under its name, and so many others.
func (w *writers) reads(t *testing.T, file, name string, others int) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(w.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Decode(data, []byte(w.password))
	if err != nil {
		t.Errorf("%s: %v", file, err)
		return
	}
	if !equalKeys(b.Key, w.pair.Key) || !bytes.Equal(b.Certificate, w.pair.DER) || b.FriendlyName != name || b.Others != others {
		t.Errorf("%s: name %q, %d others, key %v", file, b.FriendlyName, b.Others, equalKeys(b.Key, w.pair.Key))
	}
}

// TestWriters reads what today's programs write: RSA with an accented password
// and EC, with the authority beside; an empty password where one can be.
// Windows' files are read by the Windows tests; older programs' are among the
// fixtures. GnuTLS and NSS ask for 600,000 iterations each time, hence few.
func TestWriters(t *testing.T) {
	accents := newWriters(t, "pâssé €", certtest.Options{CommonName: "a"})
	ec := newWriters(t, "motdepasse", certtest.Options{CommonName: "a", Curve: elliptic.P384()})
	empty := newWriters(t, "", certtest.Options{CommonName: "a"})
	t.Run("OpenSSL", func(t *testing.T) {
		writeOpenSSL(t, accents)
		writeOpenSSL(t, empty)
	})
	t.Run("GnuTLS", func(t *testing.T) {
		writeGnuTLS(t, accents)
		writeGnuTLS(t, empty)
	})
	t.Run("NSS", func(t *testing.T) { writeNSS(t, accents) })
	t.Run("BouncyCastle", func(t *testing.T) { writeBouncyCastle(t, accents) })
	t.Run("PBMAC1", func(t *testing.T) {
		for _, w := range []*writers{accents, empty, ec} {
			writePBMAC1(t, w)
		}
	})
	t.Run("keytool", func(t *testing.T) { writeKeytool(t, ec) }) // which takes ASCII passwords only
}

func writeOpenSSL(t *testing.T, w *writers) {
	for file, more := range map[string][]string{
		"new.p12": nil, "old.p12": {"-legacy"}, "3des.p12": {"-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"},
		"aes128.p12": {"-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-macalg", "sha512"},
	} {
		w.run(t, "openssl", append([]string{
			"pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-certfile", "ca.pem",
			"-name", writtenName, "-passout", "pass:" + w.password, "-out", file,
		}, more...)...)
		w.reads(t, file, writtenName, 1)
	}
}

// writePBMAC1 has the MAC of RFC 9579 written by go-pkcs12 and, from its 3.4 on,
// by OpenSSL. Bouncy Castle writes it from 1.79 on, Debian 12 has 1.72.
func writePBMAC1(t *testing.T, w *writers) {
	file := w.pair.P12(t, w.password, certtest.PBMAC1)
	if err := os.WriteFile(filepath.Join(w.dir, "pbmac1.p12"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	w.reads(t, "pbmac1.p12", "", 0)
	if _, err := Decode(file, []byte("another")); fault.CodeOf(err) != fault.P12Password {
		t.Errorf("wrong password: %v", err)
	}
	file[len(file)-40] ^= 1
	if _, err := Decode(file, []byte(w.password)); err == nil {
		t.Error("read although it was changed")
	}
	if help, _ := exec.Command("openssl", "pkcs12", "-help").CombinedOutput(); !bytes.Contains(help, []byte("-pbmac1_pbkdf2")) {
		t.Log("this OpenSSL does not write PBMAC1")
		return
	}
	w.run(t, "openssl", "pkcs12", "-export", "-pbmac1_pbkdf2", "-inkey", "key.pem", "-in", "cert.pem", "-certfile", "ca.pem",
		"-name", writtenName, "-passout", "pass:"+w.password, "-out", "openssl-pbmac1.p12")
	w.reads(t, "openssl-pbmac1.p12", writtenName, 1)
}

func writeGnuTLS(t *testing.T, w *writers) {
	write := func(file, cipher string, password ...string) {
		w.run(t, "certtool", append([]string{
			"--to-p12", "--load-privkey", "key.pem", "--load-certificate", "cert.pem", "--load-ca-certificate", "ca.pem",
			"--p12-name", writtenName, "--pkcs-cipher", cipher, "--outder", "--outfile", file,
		}, password...)...)
	}
	if w.password == "" {
		write("gnutls-empty.p12", "aes-256", "--empty-password")
		w.reads(t, "gnutls-empty.p12", writtenName, 1)
		return
	}
	for _, cipher := range []string{"aes-256", "rc2-40"} {
		write("gnutls-"+cipher+".p12", cipher, "--password", w.password)
		w.reads(t, "gnutls-"+cipher+".p12", writtenName, 1)
	}
	write("gnutls-arcfour.p12", "arcfour", "--password", w.password)
	data, err := os.ReadFile(filepath.Join(w.dir, "gnutls-arcfour.p12"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(data, []byte(w.password)); fault.CodeOf(err) != fault.P12Unsupported {
		t.Errorf("arcfour: %v", err)
	}
}

func writeBouncyCastle(t *testing.T, w *writers) {
	jars := "/usr/share/java/bcprov.jar"
	source, err := filepath.Abs("testdata/Writer.java")
	if err != nil {
		t.Fatal(err)
	}
	algorithm := "RSA"
	if _, ec := w.pair.Key.(*ecdsa.PrivateKey); ec {
		algorithm = "EC"
	}
	types := []string{"PKCS12", "PKCS12-3DES-3DES"}
	w.run(t, "java", append([]string{"-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-Dsun.jnu.encoding=UTF-8", "-cp", jars, source, w.dir, algorithm, w.password, writtenName}, types...)...)
	for _, kind := range types {
		w.reads(t, "bc-"+kind+".p12", writtenName, 1)
	}
}

// handOver writes the pair with OpenSSL, for programs that make no pair of
// their own from our files.
func handOver(t *testing.T, w *writers) {
	w.run(t, "openssl", "pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-certfile", "ca.pem",
		"-name", writtenName, "-passout", "pass:"+w.password, "-out", "given.p12")
}

func writeNSS(t *testing.T, w *writers) {
	handOver(t, w)
	w.run(t, "certutil", "-N", "-d", "sql:"+w.dir, "--empty-password")
	w.run(t, "pk12util", "-i", "given.p12", "-W", w.password, "-K", "", "-d", "sql:"+w.dir)
	for file, more := range map[string][]string{
		"nss.p12":     nil,
		"nss-old.p12": {"-c", "PKCS #12 V2 PBE With SHA-1 And 3KEY Triple DES-CBC", "-C", "PKCS #12 V2 PBE With SHA-1 And 40 Bit RC2 CBC", "-M", "SHA-1"},
	} {
		w.run(t, "pk12util", append([]string{"-o", file, "-n", writtenName, "-W", w.password, "-K", "", "-d", "sql:" + w.dir}, more...)...)
		w.reads(t, file, writtenName, 1)
	}
}

func writeKeytool(t *testing.T, w *writers) {
	handOver(t, w)
	for file, more := range map[string][]string{"keytool.p12": nil, "keytool-old.p12": {"-J-Dkeystore.pkcs12.legacy"}} {
		w.run(t, "keytool", append([]string{
			"-importkeystore", "-noprompt", "-srckeystore", "given.p12", "-srcstoretype", "PKCS12", "-srcstorepass", w.password,
			"-destkeystore", file, "-deststoretype", "PKCS12", "-deststorepass", w.password, "-J-XX:TieredStopAtLevel=1", "-J-XX:+UseSerialGC", "-J-Dfile.encoding=UTF-8", "-J-Dsun.jnu.encoding=UTF-8",
		}, more...)...)
		w.reads(t, file, strings.ToLower(writtenName), 1)
	}
}
