package phpportal

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"scelle/extension"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
	"scelle/shared/protocol"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

const tender = "2027-PHP-001"

// page plays a page of the portal, with extension and host behind it.
type page struct {
	*testing.T
	*Server
}

func start(t *testing.T) page {
	t.Helper()
	kit, err := fs.Sub(extension.Files(), "page")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Start(t.TempDir(), kit, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return page{t, s}
}

// send makes a request of the page's and decodes the answer; a fault is
// returned as its code and detail.
func (p page) send(method, path string, body []byte, out any) string {
	p.Helper()
	request, err := http.NewRequestWithContext(p.Context(), method, p.Origin+path, bytes.NewReader(body))
	if err != nil {
		p.Fatal(err)
	}
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		p.Fatal(err)
	}
	if raw, ok := out.(*[]byte); ok && response.StatusCode == http.StatusOK {
		*raw = text
		return strings.TrimPrefix(response.Header.Get("Content-Type"), "application/pkcs7-mime") // and nothing that a browser runs
	}
	var refused struct{ Fault *protocol.Fault }
	if err := json.Unmarshal(text, &refused); err != nil {
		p.Fatalf("%s %s: %v: %.300s", method, path, err, text)
	}
	if refused.Fault != nil {
		return strings.TrimSuffix(string(refused.Fault.Code)+" "+refused.Fault.Detail, " ")
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			p.Fatalf("%s %s: %v: %.300s", method, path, err, text)
		}
	}
	return ""
}

func (p page) post(path string, args, out any) string {
	p.Helper()
	body, err := json.Marshal(args)
	if err != nil {
		p.Fatal(err)
	}
	return p.send(http.MethodPost, path, body, out)
}

// wants fails when a request was refused otherwise than it should be.
func (p page) wants(what, got, want string) {
	p.Helper()
	if got != want {
		p.Errorf("%s: %q, want %q", what, got, want)
	}
}

func (p page) submit(pair *certtest.Pair) (r protocol.Registration, refused string) {
	p.Helper()
	sum := sha256.Sum256(pair.DER)
	refused = p.post("/keys", protocol.SubmitCertificateArgs{Name: "Clé de Camille", Mode: protocol.ModeExisting, Certificate: pair.DER, Thumbprint: hex.EncodeToString(sum[:])}, &r)
	return r, refused
}

// prove opens a challenge, whose words must be the protocol's.
func (p page) prove(r protocol.Registration, pair *certtest.Pair) string {
	p.Helper()
	var c protocol.Challenge
	p.wants("challenge", p.post("/challenge", protocol.RequestChallengeArgs{ID: r.ID, Refused: []envelope.Mechanism{}}, &c), "")
	text := p.open(c.Envelope, pair)
	want := regexp.MustCompile(`\A` + regexp.QuoteMeta(protocol.ProofPrefix+"\n"+p.Origin+"\n"+keypair.Thumbprint(pair.DER)+"\n") + `[0-9a-f]{64}\n\z`)
	if !want.Match(text) {
		p.Errorf("the challenge says %q", text)
	}
	return keypair.Thumbprint(text) // SHA-256 in hex
}

func (p page) open(sealed []byte, pair *certtest.Pair) []byte {
	p.Helper()
	unwrapper, err := envelope.NewPrivateKeyUnwrapper(pair.Key, pair.DER)
	if err != nil {
		p.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := envelope.Open(context.Background(), &plain, bytes.NewReader(sealed), envelope.OpenOptions{Unwrapper: unwrapper}); err != nil {
		p.Fatal(err)
	}
	return plain.Bytes()
}

// TestRegister is case 1: idempotent, active only after the proof, which
// serves once and for its own challenge.
func TestRegister(t *testing.T) {
	t.Parallel()
	p := start(t)
	for name, pair := range map[string]*certtest.Pair{
		"RSA": certtest.SelfSigned(t, certtest.Options{CommonName: "Camille"}), "EC": certtest.SelfSigned(t, certtest.Options{CommonName: "Camille", Curve: elliptic.P256()}),
	} {
		r, refused := p.submit(pair)
		p.wants(name, refused+string(r.State), string(protocol.AwaitingProof))
		if again, _ := p.submit(pair); again != r {
			t.Errorf("%s: %+v again, first %+v", name, again, r)
		}
		proof := p.prove(r, pair)
		p.wants("another proof", p.post("/proof", protocol.SubmitProofArgs{ID: r.ID, Proof: strings.Repeat("0", 64)}, nil), "proof-failed")
		p.wants("a second try", p.post("/proof", protocol.SubmitProofArgs{ID: r.ID, Proof: proof}, nil), "proof-failed")
		p.wants("no proof", p.post("/proof", protocol.SubmitProofArgs{ID: r.ID}, nil), "proof-failed")
		p.wants("the proof", p.post("/proof", protocol.SubmitProofArgs{ID: r.ID, Proof: p.prove(r, pair)}, &r), "")
		p.wants(name, string(r.State), string(protocol.Active))
	}
	weak := certtest.SelfSigned(t, certtest.Options{CommonName: "Faible", Bits: 1024})
	_, refused := p.submit(weak)
	p.wants("a weak key", refused, "certificate-weak")
	_, refused = p.submit(&certtest.Pair{DER: []byte("not a certificate")})
	p.wants("no certificate", refused, "certificate-bad")
	response, err := http.Post(p.Origin+"/keys", "text/plain", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("another site may post: %d", response.StatusCode)
	}
}

// TestServerKey is case 2: the pair comes sealed to the one-time certificate,
// as a PKCS#12 that the host can read.
func TestServerKey(t *testing.T) {
	t.Parallel()
	p := start(t)
	oneTime := certtest.SelfSigned(t, certtest.Options{CommonName: "une fois"})
	var k protocol.ServerKey
	args := protocol.RequestServerKeyArgs{Name: "Clé de secours", Recovery: true, CommonName: "Clé du serveur", OneTimeCertificate: oneTime.DER}
	p.wants("the pair", p.post("/server-key", args, &k), "")
	p.wants("its state", string(k.Registration.State), string(protocol.AwaitingImport))
	bundle, err := pkcs12x.Decode(p.open(k.Envelope, oneTime), []byte(keypair.Thumbprint(oneTime.DER)))
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := keypair.Parse(bundle.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := keypair.Check(certificate, time.Now()).Err(); err != nil || certificate.CommonName != "Clé du serveur" || certificate.Thumbprint() != k.Registration.Thumbprint {
		t.Errorf("%q, %s, want %s: %v", certificate.CommonName, certificate.Thumbprint(), k.Registration.Thumbprint, err)
	}
	r := k.Registration
	proof := p.prove(r, &certtest.Pair{Key: bundle.Key, DER: bundle.Certificate})
	p.wants("the proof", p.post("/proof", protocol.SubmitProofArgs{ID: r.ID, Proof: proof}, &r), "")
	p.wants("its state", string(r.State), string(protocol.Active))
}

// TestDepositAndOpening: the signed lists are what the extension reads, a pli
// arrives whole or not at all, and leaves only after the deadline.
func TestDepositAndOpening(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.wants("recipients without a key", p.send(http.MethodGet, "/recipients", nil, nil), "no-recipient")
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Camille"})
	r, _ := p.submit(pair)
	p.wants("the proof", p.post("/proof", protocol.SubmitProofArgs{ID: r.ID, Proof: p.prove(r, pair)}, nil), "")
	var to struct {
		Tender string
		List   []byte `json:"recipientList"`
	}
	p.wants("recipients", p.send(http.MethodGet, "/recipients", nil, &to), "")
	now := time.Now()
	signature, err := signeddata.Verify(to.List, now)
	if err != nil {
		t.Fatal(err)
	}
	expected := lists.Expected{Origin: p.Origin, Tender: tender, Now: now}
	list, _, err := signeddata.VerifyRecipients(to.List, []string{signature.Pin}, expected)
	if err != nil || len(list.Entries) != 1 || list.Entries[0].Thumbprint != r.Thumbprint {
		t.Fatalf("the list: %+v, %v", list, err)
	}
	query, sealed := p.sealed(list.Entries[0])
	p.wants("before the deadline", p.send(http.MethodGet, "/opening", nil, nil), "portal-refused deadline")
	p.wants("damaged", p.send(http.MethodPut, "/plis?"+query, sealed[1:], nil), "portal-refused sha256")
	p.wants("the pli", p.send(http.MethodPut, "/plis?"+query, sealed, nil), "")
	p.opening(signature.Pin, expected, sealed, query)
}

// TestDepositEndsLate: a pli that begins to arrive before the deadline and ends
// after it is refused, and nothing of it stays. The clock of the server's own
// code moves between the two looks at it.
func TestDepositEndsLate(t *testing.T) {
	t.Parallel()
	p := start(t)
	path := filepath.Join(filepath.Dir(p.Data), "server.php")
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const head = "declare(strict_types=1);"
	clock := head + ` namespace late; use PDO; function time(): int { static $looks = 0; return $GLOBALS['deadline'] - 1 + (int) ($looks++ > 0); }`
	if err := os.WriteFile(path, bytes.Replace(source, []byte(head), []byte(clock), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Camille"})
	query, sealed := p.sealed(lists.Recipient{Certificate: pair.DER, Mechanism: envelope.RSAPKCS1})
	p.wants("a pli that ends late", p.send(http.MethodPut, "/plis?"+query, sealed, nil), "portal-refused deadline")
	if files, err := os.ReadDir(filepath.Join(p.Data, "plis")); err != nil || len(files) != 0 {
		t.Errorf("%d files stay, %v", len(files), err)
	}
}

// sealed is a pli to one key of a list, and what the page says of it.
func (p page) sealed(to lists.Recipient) (query string, pli []byte) {
	p.Helper()
	var out bytes.Buffer
	receipt, err := envelope.Seal(context.Background(), &out, strings.NewReader("prix"), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: to.Certificate, Mechanism: to.Mechanism}}, Length: 4,
	})
	if err != nil {
		p.Fatal(err)
	}
	values := url.Values{"name": {"offre.p7m"}, "kind": {"offre"}, "sha256": {hex.EncodeToString(receipt.SHA256[:])}, "contentSha256": {hex.EncodeToString(receipt.ContentSHA256[:])}}
	return values.Encode(), out.Bytes()
}

func (p page) opening(pin string, e lists.Expected, sealed []byte, query string) {
	p.Helper()
	if err := p.SetDeadline(time.Now().Add(-time.Minute)); err != nil {
		p.Fatal(err)
	}
	p.wants("a late pli", p.send(http.MethodPut, "/plis?"+query, sealed, nil), "portal-refused deadline")
	var o struct {
		Plis []protocol.OpenPli
		List []byte `json:"openingList"`
	}
	p.wants("the opening", p.send(http.MethodGet, "/opening", nil, &o), "")
	list, _, err := signeddata.VerifyOpening(o.List, []string{pin}, e)
	if err != nil || len(list.Plis) != 1 || len(o.Plis) != 1 || list.Plis[0].ID != o.Plis[0].ID {
		p.Fatalf("the list of the opening: %+v, %+v, %v", list, o.Plis, err)
	}
	var content []byte
	p.wants("the content", p.send(http.MethodGet, "/content?id="+o.Plis[0].ID, nil, &content), "")
	if !bytes.Equal(content, sealed) {
		p.Errorf("%d bytes come back of %d", len(content), len(sealed))
	}
	p.wants("another pli", p.send(http.MethodGet, "/content?id=../portal.db", nil, nil), "portal-refused deadline")
}

// code is a line that is neither empty nor a comment.
var code = regexp.MustCompile(`(?m)^\s*[^\s/].*$`)

// TestItIsSmall holds what the guide promises: 150 lines of server and ten of
// each page, none of them longer than 160 characters.
func TestItIsSmall(t *testing.T) {
	for name, most := range map[string]int{"server.php": 150, "public/keys.js": 10, "public/deposit.js": 10} {
		text, err := fs.ReadFile(Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		lines := code.FindAllString(string(text), -1)
		if len(lines) > most || len(lines) < 5 {
			t.Errorf("%s has %d lines of code, at most %d", name, len(lines), most)
		}
		for _, line := range lines {
			if len(line) > 160 {
				t.Errorf("%s: %d characters: %s", name, len(line), line)
			}
		}
	}
}
