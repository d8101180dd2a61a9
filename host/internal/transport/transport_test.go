package transport_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"scelle/host/internal/transport"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// clock is a time that tests move.
type clock struct{ now time.Time }

func newKeys(t *testing.T) (*transport.Keys, *clock) {
	t.Helper()
	c := &clock{now: time.Now()}
	k := transport.New(func() time.Time { return c.now })
	t.Cleanup(k.Close)
	return k, c
}

func begin(t *testing.T, k *transport.Keys) transport.Ticket {
	t.Helper()
	ticket, err := k.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return ticket
}

func seal(t *testing.T, certificate, content []byte, profile envelope.Profile) []byte {
	t.Helper()
	var out bytes.Buffer
	_, err := envelope.Seal(t.Context(), &out, bytes.NewReader(content), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: certificate}},
		Profile:    profile, Length: int64(len(content)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}

func TestCertificate(t *testing.T) {
	keys, clock := newKeys(t)
	ticket := begin(t, keys)
	cert, err := x509.ParseCertificate(ticket.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := keypair.Parse(ticket.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if parsed.Bits != 3072 || cert.KeyUsage != x509.KeyUsageKeyEncipherment || len(ticket.ID) != 32 {
		t.Errorf("%d bits, usage %b, id %q", parsed.Bits, cert.KeyUsage, ticket.ID)
	}
	if !ticket.Expires.Equal(clock.now.Add(10*time.Minute)) || cert.NotAfter.After(ticket.Expires) {
		t.Errorf("expires %s, certificate %s", ticket.Expires, cert.NotAfter)
	}
	if again := begin(t, keys); bytes.Equal(again.Certificate, ticket.Certificate) || again.ID == ticket.ID {
		t.Error("two tickets are one")
	}
}

// TestOpen carries a PKCS#12 in both profiles, and in what PHP's
// openssl_cms_encrypt writes.
func TestOpen(t *testing.T) {
	keys, _ := newKeys(t)
	made := certtest.NewCA(t, "AC du portail").Issue(t, certtest.Options{CommonName: "Service achats"})
	for name, write := range map[string]func([]byte, []byte) []byte{
		"default": func(cert, p12 []byte) []byte { return seal(t, cert, p12, envelope.ProfileDefault) },
		"cbc":     func(cert, p12 []byte) []byte { return seal(t, cert, p12, envelope.ProfileCBC) },
		"openssl": func(cert, p12 []byte) []byte { return sealByOpenSSL(t, cert, p12) },
	} {
		t.Run(name, func(t *testing.T) {
			ticket := begin(t, keys)
			password := keypair.Thumbprint(ticket.Certificate)
			want := made.P12(t, password, certtest.Modern)
			sealed := write(ticket.Certificate, want)
			got, gotPassword, err := keys.Open(t.Context(), ticket.ID, sealed)
			if err != nil || !bytes.Equal(got, want) || string(gotPassword) != password {
				t.Fatalf("%d bytes, %v", len(got), err)
			}
			if _, cert, _, err := pkcs12.DecodeChain(got, string(gotPassword)); err != nil || !bytes.Equal(cert.Raw, made.DER) {
				t.Errorf("the PKCS#12: %v", err)
			}
			_, _, err = keys.Open(t.Context(), ticket.ID, sealed)
			wantFault(t, "second use", err, fault.TransportExpired)
		})
	}
}

func sealByOpenSSL(t *testing.T, certificate, content []byte) []byte {
	t.Helper()
	cert := filepath.Join(t.TempDir(), "cert.der")
	if err := os.WriteFile(cert, certificate, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "cms", "-encrypt", "-binary", "-aes-256-cbc", "-outform", "DER", "-recip", cert)
	cmd.Stdin = bytes.NewReader(content)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("openssl cms: %v", err)
	}
	return out
}

// TestFailed: what cannot be opened uses the key up, and says one thing.
func TestFailed(t *testing.T) {
	keys, _ := newKeys(t)
	for name, spoil := range map[string]func(sealed []byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"no CMS":    func([]byte) []byte { return []byte("PKCS#12") },
		"last byte": func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
		"cut":       func(b []byte) []byte { return b[:len(b)-30] },
		"too large": func(b []byte) []byte { return append(b, make([]byte, protocol.MaxSealedKey)...) },
		"for another": func([]byte) []byte {
			return seal(t, certtest.NewCA(t, "AC").Issue(t, certtest.Options{}).DER, []byte("x"), envelope.ProfileDefault)
		},
	} {
		ticket := begin(t, keys)
		p12, password, err := keys.Open(t.Context(), ticket.ID, spoil(seal(t, ticket.Certificate, []byte("secret"), envelope.ProfileDefault)))
		wantFault(t, name, err, fault.TransportFailed)
		if p12 != nil || password != nil {
			t.Errorf("%s: bytes with an error", name)
		}
		_, _, err = keys.Open(t.Context(), ticket.ID, seal(t, ticket.Certificate, []byte("secret"), envelope.ProfileDefault))
		wantFault(t, name+", then a good one", err, fault.TransportExpired)
	}
}

func TestExpires(t *testing.T) {
	keys, clock := newKeys(t)
	ticket := begin(t, keys)
	sealed := seal(t, ticket.Certificate, []byte("secret"), envelope.ProfileDefault)
	clock.now = clock.now.Add(10 * time.Minute)
	_, _, err := keys.Open(t.Context(), ticket.ID, sealed)
	wantFault(t, "after ten minutes", err, fault.TransportExpired)

	ticket = begin(t, keys)
	sealed = seal(t, ticket.Certificate, []byte("secret"), envelope.ProfileDefault)
	clock.now = clock.now.Add(10*time.Minute - time.Nanosecond)
	if _, _, err := keys.Open(t.Context(), ticket.ID, sealed); err != nil {
		t.Errorf("in its last moment: %v", err)
	}
	for _, id := range []string{"", "x", strings.Repeat("0", 32)} {
		_, _, err := keys.Open(t.Context(), id, sealed)
		wantFault(t, id, err, fault.TransportExpired)
	}
}

func TestForgetAndClose(t *testing.T) {
	keys, _ := newKeys(t)
	first, second := begin(t, keys), begin(t, keys)
	keys.Forget(first.ID)
	keys.Forget(first.ID)
	_, _, err := keys.Open(t.Context(), first.ID, nil)
	wantFault(t, "forgotten", err, fault.TransportExpired)
	keys.Close()
	_, _, err = keys.Open(t.Context(), second.ID, nil)
	wantFault(t, "closed", err, fault.TransportExpired)
	_, err = keys.Begin(t.Context())
	wantFault(t, "Begin after Close", err, fault.TransportFailed)
}

// TestFew: keys that nobody uses do not pile up, and a cancelled one leaves
// its place.
func TestFew(t *testing.T) {
	keys, clock := newKeys(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 {
		_, err := keys.Begin(ended)
		wantFault(t, "cancelled", err, fault.Cancelled)
	}
	made := 0
	for {
		_, err := keys.Begin(t.Context())
		if err != nil {
			wantFault(t, "too many", err, fault.Busy)
			break
		}
		if made++; made > 10 {
			t.Fatal("keys without end")
		}
	}
	clock.now = clock.now.Add(10 * time.Minute)
	begin(t, keys)
}
