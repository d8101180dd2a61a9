package authority

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
)

// The test program plays the process that makes a pair, well or badly.
const (
	asChild  = "make-key"
	asCrash  = "crash"
	asSilent = "silent"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 {
		switch os.Args[1] {
		case asChild:
			if err := Child(os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			return
		case asCrash:
			fmt.Fprintln(os.Stderr, "out of entropy")
			os.Exit(3)
		case asSilent:
			return
		}
	}
	os.Exit(m.Run())
}

func maker(t *testing.T, as string) KeyMaker {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return KeyMaker{Command: []string{self, as}}
}

func TestLoadKeepsTheAuthority(t *testing.T) {
	dir := t.TempDir()
	first, err := Load(dir, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Load(dir, time.Now())
	if err != nil || !first.pair.Certificate.Equal(again.pair.Certificate) {
		t.Fatalf("another authority after a restart: %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, File))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("%d files, %v", len(entries), err)
	}
}

func TestLoadRefusesDamage(t *testing.T) {
	for _, text := range []string{"", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, File), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(dir, time.Now()); err == nil {
			t.Errorf("%q was taken for an authority", text)
		}
	}
}

func TestMake(t *testing.T) {
	authority, err := Load(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	oneTime := certtest.SelfSigned(t, certtest.Options{CommonName: "one time"})
	now := time.Now()
	certificate, sealed, err := maker(t, asChild).Make(t.Context(), "Nom convivial", oneTime.DER, func(spki []byte) ([]byte, error) {
		return authority.Issue(spki, "Élodie Gâtinel", now)
	})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := parsed.CheckSignatureFrom(authority.pair.Certificate); err != nil {
		t.Error(err)
	}
	if !parsed.NotAfter.Equal(now.AddDate(3, 0, 0).UTC().Truncate(time.Second)) {
		t.Errorf("valid until %s", parsed.NotAfter)
	}
	if c, err := keypair.Parse(certificate); err != nil || !keypair.Check(c, now).OK() || c.CommonName != "Élodie Gâtinel" {
		t.Errorf("%v, %v", c, err)
	}
	bundle, err := pkcs12x.Decode(openWith(t, sealed, oneTime), []byte(keypair.Thumbprint(oneTime.DER)))
	if err != nil || !bytes.Equal(bundle.Certificate, certificate) || bundle.FriendlyName != "Nom convivial" {
		t.Errorf("%+v, %v", bundle, err)
	}
}

func openWith(t *testing.T, sealed []byte, pair *certtest.Pair) []byte {
	t.Helper()
	unwrapper, err := envelope.NewPrivateKeyUnwrapper(pair.Key, pair.DER)
	if err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := envelope.Open(context.Background(), &plain, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper}); err != nil {
		t.Fatal(err)
	}
	return plain.Bytes()
}

func TestMakeFails(t *testing.T) {
	oneTime := certtest.SelfSigned(t, certtest.Options{})
	refuse := func([]byte) ([]byte, error) { return nil, fmt.Errorf("the authority sleeps") }
	for as, want := range map[string]string{asCrash: "out of entropy", asSilent: "EOF", asChild: "the authority sleeps"} {
		if _, _, err := maker(t, as).Make(t.Context(), "N", oneTime.DER, refuse); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", as, err)
		}
	}
	if _, _, err := (KeyMaker{Command: []string{filepath.Join(t.TempDir(), "missing")}}).Make(t.Context(), "N", oneTime.DER, refuse); err == nil {
		t.Error("a missing program made a key")
	}
	accept := func([]byte) ([]byte, error) { return oneTime.DER, nil } // of another key
	if _, _, err := maker(t, asChild).Make(t.Context(), "N", oneTime.DER, accept); err == nil {
		t.Error("a certificate of another key was sealed with the pair")
	}
}
