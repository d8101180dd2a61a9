package envelope_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// random returns n bytes that are the same in every run.
func random(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8), byte(n >> 16)})
	r.Read(b)
	return b
}

// rsaPair and ecPair are recipients of one test.
func rsaPair(t testing.TB, number int) *certtest.Pair {
	t.Helper()
	return certtest.NewCA(t, "AC").Issue(t, certtest.Options{Key: number})
}

func ecPair(t testing.TB, curve elliptic.Curve) *certtest.Pair {
	t.Helper()
	return certtest.NewCA(t, "AC").Issue(t, certtest.Options{Curve: curve})
}

func unwrapper(t testing.TB, p *certtest.Pair) *envelope.Identity {
	t.Helper()
	u, err := envelope.NewPrivateKeyUnwrapper(p.Key, p.DER)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func to(pairs ...*certtest.Pair) []envelope.Recipient {
	var all []envelope.Recipient
	for _, p := range pairs {
		all = append(all, envelope.Recipient{Certificate: p.DER})
	}
	return all
}

// seal returns an envelope of content.
func seal(t testing.TB, content []byte, o envelope.SealOptions) []byte {
	t.Helper()
	var out bytes.Buffer
	receipt, err := envelope.Seal(context.Background(), &out, bytes.NewReader(content), o)
	if err != nil {
		t.Fatalf("seal: %v", err)
	}
	if receipt.Size != int64(out.Len()) {
		t.Fatalf("receipt says %d bytes, %d were written", receipt.Size, out.Len())
	}
	return out.Bytes()
}

// open returns what Open let through, also after an error.
func open(sealed []byte, u envelope.KeyUnwrapper) ([]byte, *envelope.Report, error) {
	var out bytes.Buffer
	report, err := envelope.Open(context.Background(), &out, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: u})
	return out.Bytes(), report, err
}

// mustOpen checks that sealed holds content.
func mustOpen(t testing.TB, sealed, content []byte, u envelope.KeyUnwrapper) *envelope.Report {
	t.Helper()
	got, report, err := open(sealed, u)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	if !bytes.Equal(got, content) || report.Size != int64(len(content)) {
		t.Fatalf("open: %d bytes that are not the %d sealed", len(got), len(content))
	}
	return report
}

// wantCode checks the code of a refusal, and that it is a *fault.Fault.
func wantCode(t testing.TB, err error, code fault.Code) {
	t.Helper()
	var f *fault.Fault
	if !errors.As(err, &f) || f.Code != code {
		t.Fatalf("got %v, want %s", err, code)
	}
}

// openssl runs the peer. It is part of the tests, so its absence is a failure.
func openssl(t testing.TB, args ...string) []byte {
	t.Helper()
	out, err := tryOpenSSL(t, args...)
	if err != nil {
		t.Fatalf("openssl %q: %v", args, err)
	}
	return out
}

func tryOpenSSL(t testing.TB, args ...string) ([]byte, error) {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("openssl is not installed: apt-get install openssl")
	}
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), "OPENSSL_CONF=/dev/null")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(err.Error() + ": " + stderr.String())
	}
	return out, err
}

// files writes a pair for openssl and returns the paths of certificate and key.
func files(t testing.TB, p *certtest.Pair) (certificate, key string) {
	t.Helper()
	pkcs8, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.DER}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return certificate, key
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// base64Lines is b in base64, 64 characters a line.
func base64Lines(b []byte) string {
	var out strings.Builder
	for text := base64.StdEncoding.EncodeToString(b); text != ""; {
		n := min(64, len(text))
		out.WriteString(text[:n] + "\n")
		text = text[n:]
	}
	return out.String()
}
