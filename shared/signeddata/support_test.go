package signeddata_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

const (
	origin = "https://marches.exemple.fr"
	tender = "2026-042"
)

// expected is what every list of these tests is made for.
func expected() lists.Expected {
	return lists.Expected{Origin: origin, Tender: tender, Lot: "1", Now: time.Now()}
}

// seal is a portal's signing certificate.
func seal(t testing.TB, o certtest.Options) *certtest.Pair {
	t.Helper()
	if o.KeyUsage == 0 && !o.NoKeyUsage {
		o.KeyUsage = x509.KeyUsageDigitalSignature
	}
	o.CommonName = "Salle des marchés"
	return certtest.SelfSigned(t, o)
}

func pin(t testing.TB, p *certtest.Pair) []string {
	t.Helper()
	pin, err := signeddata.Pin(p.DER)
	if err != nil {
		t.Fatal(err)
	}
	return []string{pin}
}

// recipient is an entry for a new certificate.
func recipient(t testing.TB, o certtest.Options) lists.Recipient {
	t.Helper()
	p := certtest.SelfSigned(t, o)
	m := envelope.RSAOAEPSHA256
	if o.Curve != nil {
		m = envelope.ECDH
	}
	return lists.Recipient{Thumbprint: keypair.Thumbprint(p.DER), Certificate: p.DER, Mechanism: m,
		Kind: lists.Personal, NotAfter: p.X509.NotAfter, Label: "Clé d’Élise <marchés> & \"cie\" \\ 1"}
}

func recipients(t testing.TB) *lists.Recipients {
	t.Helper()
	now := time.Now()
	withdrawn := recipient(t, certtest.Options{Curve: elliptic.P256()})
	withdrawn.Revoked = true
	rescue := recipient(t, certtest.Options{Curve: elliptic.P384()})
	rescue.Kind = lists.Recovery
	return &lists.Recipients{Origin: origin, Tender: tender, Lot: "1", Deadline: now.Add(time.Hour), Issued: now,
		Entries: []lists.Recipient{recipient(t, certtest.Options{}), withdrawn, rescue}}
}

func opening() *lists.Opening {
	now := time.Now()
	return &lists.Opening{Origin: origin, Tender: tender, NotBefore: now.Add(-time.Minute), Issued: now, Plis: []lists.Pli{
		{ID: "pli-1", HeaderSHA256: strings.Repeat("a1", 32), ContentSHA256: strings.Repeat("c3", 32), Label: "Entreprise Léa", Kind: pli.Offre, Lot: "1"},
		{ID: "pli-2", SHA256: strings.Repeat("b2", 32), Kind: pli.Candidature},
	}}
}

func encoded(t testing.TB, l lists.List) []byte {
	t.Helper()
	data, err := l.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func signed(t testing.TB, l lists.List, p *certtest.Pair) []byte {
	t.Helper()
	der, err := signeddata.Sign(l, p.Key, p.DER)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// file writes a file of the test's and returns its name.
func file(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// openssl runs the program with what it reads and returns what it writes.
func openssl(t testing.TB, in []byte, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("openssl", args...)
	var out, log bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, log.String())
	}
	return out.Bytes()
}

// cmsSign signs bytes with `openssl cms -sign -binary -nodetach -outform DER`
// and further options; p signs with -signer and -inkey.
func cmsSign(t testing.TB, content []byte, p *certtest.Pair, options ...string) []byte {
	t.Helper()
	args := []string{"cms", "-sign", "-binary", "-nodetach", "-outform", "DER"}
	if !strings.Contains(strings.Join(options, " "), "-md ") {
		args = append(args, "-md", "sha256")
	}
	args = append(args, "-signer", file(t, "cert.pem", p.PEM()), "-inkey", file(t, "key.pem", p.KeyPEM(t)))
	return openssl(t, content, append(args, options...)...)
}

// refused wants a code, and a detail that contains some words.
func refused(t testing.TB, err error, code fault.Code, detail string) {
	t.Helper()
	if f := fault.Of(err); f == nil || f.Code != code || !strings.Contains(fmt.Sprint(f), detail) {
		t.Errorf("got %v, want %s (%s)", err, code, detail)
	}
}
