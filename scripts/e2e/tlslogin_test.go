package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/shared/certtest"
)

// TestLoginWithImportedKey: a signing certificate that the host imports while
// Chromium runs is what Chromium logs in with at a site that asks for one: key
// and certificate are, to the browser, as if it had imported them itself.
func TestLoginWithImportedKey(t *testing.T) {
	t.Parallel()
	home, profile := t.TempDir(), t.TempDir()
	ca := certtest.NewCA(t, "AC des agents")
	agent := ca.Issue(t, certtest.Options{CommonName: "Camille Lefort", KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment})
	site, other := loginSite(t, ca), loginSite(t, ca)
	trust(t, home, ca)
	selectAlone(t, profile, site, other)

	env := []string{"HOME=" + home, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_STATE_HOME=", "XDG_CACHE_HOME="}
	c, err := browser.Start(context.WithoutCancel(t.Context()), browser.Options{UserDataDir: profile, Env: env})
	must(t, err)
	defer c.Close()
	page, err := c.Open(site)
	must(t, err)
	must(t, page.Says("body", "sans certificat"))

	host, err := filepath.Abs("../../build/scelle")
	must(t, err)
	dir := t.TempDir()
	p12, password := filepath.Join(dir, "agent.p12"), filepath.Join(dir, "password")
	must(t, os.WriteFile(p12, agent.P12(t, "p12", certtest.Modern), 0o600))
	must(t, os.WriteFile(password, []byte("p12\n"), 0o600))
	importing := exec.Command(host, "import", "--password-file", password, "--name", "Camille", p12)
	importing.Env = append(os.Environ(), env...)
	out, err := importing.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// The browser remembers for which site it had no certificate.
	page, err = c.Open(other)
	must(t, err)
	must(t, page.Says("body", "Camille Lefort"))
}

// loginSite is a site that takes a certificate of the authority, or none, and
// says which. It keeps no connection, so that the next request asks again.
func loginSite(t *testing.T, ca *certtest.CA) string {
	t.Helper()
	agents := x509.NewCertPool()
	agents.AddCert(ca.X509)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := "sans certificat"
		if len(r.TLS.PeerCertificates) > 0 {
			name = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<body>%s</body>", name)
	}))
	s.TLS = &tls.Config{
		Certificates: []tls.Certificate{serverCertificate(t, ca)},
		ClientCAs:    agents, ClientAuth: tls.VerifyClientCertIfGiven, SessionTicketsDisabled: true,
	}
	s.Config.SetKeepAlivesEnabled(false)
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}

func serverCertificate(t *testing.T, ca *certtest.CA) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca.X509, &key.PublicKey, ca.Key)
	must(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// trust makes the authority one for servers, in the user's shared database.
func trust(t *testing.T, home string, ca *certtest.CA) {
	t.Helper()
	trustIn(t, filepath.Join(home, ".local", "share", "pki", "nssdb"), ca)
}

// trustIn does so in a new database, such as a Firefox profile's.
func trustIn(t *testing.T, store string, ca *certtest.CA) {
	t.Helper()
	must(t, os.MkdirAll(store, 0o700))
	file := filepath.Join(t.TempDir(), "ca.der")
	must(t, os.WriteFile(file, ca.DER, 0o600))
	for _, args := range [][]string{
		{"-N", "-d", "sql:" + store, "--empty-password"},
		{"-A", "-d", "sql:" + store, "-n", "AC", "-t", "C,,", "-i", file},
	} {
		if out, err := exec.Command("certutil", args...).CombinedOutput(); err != nil {
			t.Fatalf("certutil: %v\n%s", err, out)
		}
	}
}

// selectAlone has the browser choose the certificate for sites without its
// window, which nobody can click in a headless browser. It is what the policy
// AutoSelectCertificateForUrls becomes in a profile.
func selectAlone(t *testing.T, profile string, sites ...string) {
	t.Helper()
	exceptions := make(map[string]any)
	for _, site := range sites {
		exceptions[site+",*"] = map[string]any{"setting": map[string]any{"filters": []any{map[string]any{}}}}
	}
	prefs, err := json.Marshal(map[string]any{"profile": map[string]any{"content_settings": map[string]any{"exceptions": map[string]any{
		"auto_select_certificate": exceptions,
	}}}})
	must(t, err)
	must(t, os.MkdirAll(filepath.Join(profile, "Default"), 0o700))
	must(t, os.WriteFile(filepath.Join(profile, "Default", "Preferences"), prefs, 0o600))
}
