//go:build linux && cgo

package nss

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
)

// kinds are the keys that both sides are tried with.
func kinds() map[string]certtest.Options {
	return map[string]certtest.Options{
		"RSA 2048": {}, "RSA 3072": {Bits: 3072}, "EC 256": {Curve: elliptic.P256()},
		"EC 384": {Curve: elliptic.P384()}, "EC 521": {Curve: elliptic.P521()},
	}
}

// TestOursThere: NSS's own tools see what we import, key and certificate
// belonging together, and can take both out again unchanged.
func TestOursThere(t *testing.T) {
	for kind, options := range kinds() {
		t.Run(kind, func(t *testing.T) {
			p := newPlace(t)
			s := open(t, p.dir)
			pair, _ := issue(t, "Clé d'été", options)
			add(t, s, pair)
			keys := tool(t, nil, "certutil", "-K", "-d", "sql:"+p.dir)
			if !regexp.MustCompile(`(?m)^<.*(rsa|ec) .*Clé d'été$`).MatchString(keys) {
				t.Errorf("certutil -K:\n%s", keys)
			}
			certs := tool(t, nil, "certutil", "-L", "-d", "sql:"+p.dir)
			if !regexp.MustCompile(`(?m)^Clé d'été +u,u,u`).MatchString(certs) {
				t.Errorf("certutil -L, where u says that the key is there:\n%s", certs)
			}
			out := filepath.Join(t.TempDir(), "out.p12")
			tool(t, nil, "pk12util", "-o", out, "-n", "Clé d'été", "-d", "sql:"+p.dir, "-W", "p12")
			sameAsP12(t, pair, out)
		})
	}
}

// sameAsP12 compares a pair with what another program wrote of it. pk12util
// writes BER, which openssl reads.
func sameAsP12(t *testing.T, pair keystore.Pair, path string) {
	t.Helper()
	plain := path + ".pem"
	tool(t, nil, "openssl", "pkcs12", "-in", path, "-passin", "pass:p12", "-nodes", "-out", plain)
	file, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parsePair(file)
	if err != nil {
		t.Fatal(err)
	}
	same, ok := pair.Key.(interface{ Equal(crypto.PrivateKey) bool })
	if !ok || !same.Equal(got.Key) || !bytes.Equal(got.Certificate, pair.Certificate) {
		t.Error("key or certificate changed on the way")
	}
}

// TestTheirsHere: what pk12util imports is listed and usable, beside the CA
// certificate that came with it.
func TestTheirsHere(t *testing.T) {
	for kind, options := range kinds() {
		t.Run(kind, func(t *testing.T) {
			p := newPlace(t)
			p.create(t)
			options.CommonName = "Anne Léger"
			ca := certtest.NewCA(t, "AC d'essai")
			pair := ca.Issue(t, options)
			file := filepath.Join(t.TempDir(), "anne.p12")
			if err := os.WriteFile(file, pair.P12(t, "p12", certtest.Modern, &ca.Pair), 0o600); err != nil {
				t.Fatal(err)
			}
			tool(t, nil, "pk12util", "-i", file, "-d", "sql:"+p.dir, "-W", "p12")
			s := open(t, p.dir)
			list, err := s.List(t.Context())
			if err != nil || len(list) != 2 {
				t.Fatalf("%d entries: %v", len(list), err)
			}
			i := slices.IndexFunc(list, func(e keystore.Entry) bool { return e.HasKey })
			if i < 0 || !bytes.Equal(list[i].Certificate, pair.DER) || list[1-i].HasKey {
				t.Fatalf("listed %+v", list)
			}
			if err := selfsign.SelfTest(t.Context(), s, list[i]); err != nil {
				t.Error(err)
			}
			same := add(t, s, keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "autre nom"})
			if same.URI != list[i].URI {
				t.Errorf("imported beside: %s, was %s", same.URI, list[i].URI)
			}
			if err := s.Delete(t.Context(), same.URI); err != nil {
				t.Error(err)
			}
			if keys, _ := exec.Command("certutil", "-K", "-d", "sql:"+p.dir).CombinedOutput(); !strings.Contains(string(keys), "no keys found") {
				t.Errorf("certutil -K after Delete:\n%s", keys)
			}
		})
	}
}

// TestTheirsMergesWithOurs: pk12util on a key that we imported finds it, and
// does not make a second one.
func TestTheirsMergesWithOurs(t *testing.T) {
	p := newPlace(t)
	s := open(t, p.dir)
	pair, made := issue(t, "Anne", certtest.Options{})
	e := add(t, s, pair)
	file := filepath.Join(t.TempDir(), "anne.p12")
	if err := os.WriteFile(file, made.P12(t, "p12", certtest.Modern), 0o600); err != nil {
		t.Fatal(err)
	}
	// pk12util 3.87 reports an import that is there as an error; what it
	// leaves behind is what counts.
	out, _ := exec.Command("pk12util", "-i", file, "-d", "sql:"+p.dir, "-W", "p12").CombinedOutput()
	keys := tool(t, nil, "certutil", "-K", "-d", "sql:"+p.dir)
	if strings.Count(keys, "rsa ") != 1 {
		t.Errorf("pk12util said %s; keys:\n%s", out, keys)
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 || list[0].URI != e.URI || !list[0].HasKey {
		t.Errorf("had %+v, now %+v, %v", e, list, err)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

// TestMadeThere: a key that certutil makes in the database is usable.
func TestMadeThere(t *testing.T) {
	p := newPlace(t)
	p.create(t)
	noise := filepath.Join(t.TempDir(), "noise")
	if err := os.WriteFile(noise, bytes.Repeat([]byte("noise"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	tool(t, nil, "certutil", "-S", "-d", "sql:"+p.dir, "-n", "Faite", "-s", "CN=Faite", "-x", "-t", ",,",
		"-z", noise, "-k", "rsa", "-g", "2048", "-v", "36", "--keyUsage", "keyEncipherment,critical")
	s := open(t, p.dir)
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 || !list[0].HasKey || list[0].Name != "Faite" {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := selfsign.SelfTest(t.Context(), s, list[0]); err != nil {
		t.Error(err)
	}
}

// TestOpenSSLEnvelope: an envelope that openssl writes is opened by a key of
// the database, in all that the tool can write.
func TestOpenSSLEnvelope(t *testing.T) {
	s := open(t, newPlace(t).dir)
	pair, made := issue(t, "Anne", certtest.Options{})
	e := add(t, s, pair)
	dir := t.TempDir()
	cert := filepath.Join(dir, "cert.pem")
	if err := os.WriteFile(cert, made.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	u, err := s.Unwrapper(t.Context(), e.URI)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	identity, err := envelope.NewIdentity(u, e.Certificate, bytes.Repeat([]byte{7}, 32))
	if err != nil {
		t.Fatal(err)
	}
	const text = "Offre de l'entreprise\n"
	for _, args := range []string{
		"-aes-256-cbc", "-aes-256-gcm", "-aes-256-cbc -keyopt rsa_padding_mode:oaep",
		"-aes-256-gcm -keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha256",
		"-aes-128-cbc -keyid",
	} {
		cmd := []string{"cms", "-encrypt", "-binary", "-outform", "DER", "-recip", cert}
		sealed := tool(t, []byte(text), "openssl", append(cmd, strings.Fields(args)...)...)
		var out bytes.Buffer
		_, err := envelope.Open(t.Context(), &out, strings.NewReader(sealed), envelope.OpenOptions{Unwrapper: identity})
		if err != nil || out.String() != text {
			t.Errorf("openssl cms -encrypt %s: %q, %v", args, out.String(), err)
		}
	}
}
