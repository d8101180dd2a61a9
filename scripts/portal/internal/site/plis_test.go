package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

const (
	bridge = "pont-2027" // has lots 1 and 2
	salt   = "sel-2027"  // has none
)

// sealing is a portal whose roads department has a personal and a recovery key.
type sealing struct {
	*portal
	agent              assistant
	company            *client
	personal, recovery *certtest.Pair
	personalID, backup string
}

func newSealing(t *testing.T) sealing {
	p := newPortal(t)
	s := sealing{
		portal:   p,
		agent:    p.login(t, "agent").assistant(),
		company:  p.login(t, "entreprise"),
		personal: certtest.SelfSigned(t, certtest.Options{CommonName: "Camille"}),
		recovery: certtest.SelfSigned(t, certtest.Options{CommonName: "Coffre", Key: 1}),
	}
	s.personalID = s.agent.activate("Camille", false, s.personal)
	s.backup = s.agent.activate("Coffre", true, s.recovery)
	return s
}

// closeTender ends a consultation as the demonstration's buyer does.
func (s sealing) closeTender(t *testing.T, tender string) {
	t.Helper()
	if status, body := s.agent.form("/consultations/"+tender+"/cloture", url.Values{}); status != http.StatusSeeOther {
		t.Fatalf("close: %d %s", status, body)
	}
}

// files counts what lies in the data directory.
func (s sealing) files(t *testing.T) (kept, incoming int) {
	t.Helper()
	for folder, n := range map[string]*int{"plis": &kept, "incoming": &incoming} {
		entries, err := os.ReadDir(filepath.Join(s.config.Dir, folder))
		if err != nil {
			t.Fatal(err)
		}
		*n = len(entries)
	}
	return kept, incoming
}

func TestDepositAndOpening(t *testing.T) {
	s := newSealing(t)
	content := strings.Repeat("offre de prix\n", 100_000)
	sealed := s.company.seal(bridge, "2", content)
	receipt := s.company.deposit(bridge, sealed)
	if receipt.Tender != "2027-VOI-014" || receipt.Lot != "2" || receipt.Size != int64(len(sealed.bytes)) || receipt.SHA256 != sealed.query.Get("sha256") {
		t.Errorf("receipt %+v", receipt)
	}
	content1 := "/api/plis/" + receipt.ID + "/content"
	if f := s.agent.refusal(403, fault.PortalRefused, http.MethodGet, content1, nil); f.Detail != "deadline" {
		t.Errorf("refused for %s", f.Detail)
	}
	s.closeTender(t, bridge)
	response, body := s.agent.send(http.MethodGet, content1, nil, http.Header{})
	if !bytes.Equal(body, sealed.bytes) || response.Header.Get("Content-Type") != "application/pkcs7-mime" {
		t.Fatalf("%d, %d bytes came back of %d", response.StatusCode, len(body), len(sealed.bytes))
	}
	for _, pair := range []*certtest.Pair{s.personal, s.recovery} {
		if plain, report := open(t, body, pair); string(plain) != content || hex.EncodeToString(report.ContentSHA256[:]) != receipt.ContentSHA256 {
			t.Error("the pli does not open to what was sealed")
		}
	}
}

// TestSealedBy: the receipt of a pli that the page sealed says so, and that it
// is weaker, as JSON and on the pages of company and buyer; the others say
// that the extension sealed it, or, from an older page, nothing.
func TestSealedBy(t *testing.T) {
	s := newSealing(t)
	for by, want := range map[string]string{"page": "La page de la salle des marchés", "extension": "L’extension Scellé", "": ""} {
		sealed := s.company.seal(salt, "", "offre "+by)
		if by != "" {
			sealed.query.Set("sealedBy", by)
		}
		receipt := s.company.deposit(salt, sealed)
		_, page := s.company.page(receipt.Receipt)
		if receipt.SealedBy != by || !strings.Contains(page, want) || strings.Contains(page, "sealed-by") != (by != "") {
			t.Errorf("sealed by %q: %q, %s", by, receipt.SealedBy, page)
		}
		if weaker := strings.Contains(page, "protection moindre"); weaker != (by == "page") {
			t.Errorf("sealed by %q: the receipt warns: %v", by, weaker)
		}
	}
	for _, who := range []*client{s.company, s.agent.client} {
		if _, page := who.page("/consultations/" + salt); strings.Count(page, "scellé par la page") != 1 {
			t.Error("the list of plis does not tell the one that the page sealed")
		}
	}
	wrong := s.company.seal(salt, "", "offre")
	wrong.query.Set("sealedBy", "somebody")
	if f := s.company.refusal(400, fault.BadRequest, http.MethodPost, wrong.path(salt), wrong.bytes); f.Detail != "sealedBy" {
		t.Errorf("refused for %s", f.Detail)
	}
}

func TestRecipients(t *testing.T) {
	s := newSealing(t)
	second := s.agent.activate("Second", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Second", Key: 2}))
	s.agent.submit("En attente", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Attente", Key: 3}))
	labels := func() []string {
		var r recipientsJSON
		s.company.must(http.MethodGet, "/api/tenders/"+salt+"/recipients?kind=candidature", nil, &r)
		if r.Tender != "2027-VOI-021" || r.Kind != "candidature" || !r.Deadline.After(s.clock.Now()) {
			t.Errorf("recipients %+v", r)
		}
		var all []string
		for _, one := range r.Recipients {
			all = append(all, one.Label)
			if (one.Label == "Coffre") != one.Recovery {
				t.Errorf("%s: recovery is %v", one.Label, one.Recovery)
			}
		}
		slices.Sort(all)
		return all
	}
	want := func(names ...string) {
		t.Helper()
		if got := labels(); !slices.Equal(got, names) {
			t.Errorf("recipients %v, want %v", got, names)
		}
	}
	want("Camille", "Coffre", "Second")
	choose := func(ids ...string) {
		t.Helper()
		if status, body := s.agent.form("/consultations/"+salt+"/cles", url.Values{"all": {"no"}, "key": ids}); status != http.StatusSeeOther {
			t.Fatalf("choose: %d %s", status, body)
		}
	}
	choose(second, "not-a-key", s.backup)
	want("Coffre", "Second")
	choose()
	want("Coffre")
	s.agent.must(http.MethodDelete, "/api/keys/"+s.backup, nil, nil)
	s.company.refusal(409, fault.NoRecipient, http.MethodGet, "/api/tenders/"+salt+"/recipients?kind=offre", nil)
	choose(second)
	want("Second")
}

// TestExpiredKeys lets keys expire: they receive no longer, the buyer is told
// before and after, and only without any is sealing refused.
func TestExpiredKeys(t *testing.T) {
	s := newSealing(t)
	soon := certtest.SelfSigned(t, certtest.Options{CommonName: "Bientôt", NotAfter: time.Now().Add(72 * time.Hour)})
	s.agent.activate("Expire tôt", false, soon)
	_, page := s.agent.page("/consultations/" + bridge)
	if !strings.Contains(page, "1 clé expire avant la date limite") || !strings.Contains(page, "expire avant la date limite") {
		t.Error("the buyer is not told of a key that expires before the deadline")
	}
	s.clock.advance(96 * time.Hour)
	s.agent.enter("agent")
	s.company.enter("entreprise")
	var r recipientsJSON
	s.company.must(http.MethodGet, "/api/tenders/"+bridge+"/recipients?kind=offre&lot=1", nil, &r)
	if len(r.Recipients) != 2 {
		t.Errorf("%d recipients after one of three expired", len(r.Recipients))
	}
	if _, page = s.agent.page("/consultations/" + bridge); !strings.Contains(page, "n’est plus destinataire") {
		t.Error("the buyer is not told of an expired key")
	}
	_, page = s.agent.page("/administration/service/cles?echeance=passee")
	if !strings.Contains(page, "Expire tôt") || strings.Contains(page, `data-name="Camille"`) {
		t.Error("expired keys cannot be listed apart")
	}
	id := slices.IndexFunc(s.agent.keys(), func(k keyJSON) bool { return k.Expired })
	s.agent.must(http.MethodDelete, "/api/keys/"+s.agent.keys()[id].ID, nil, nil)
}

func TestRefusedDeposits(t *testing.T) {
	s := newSealing(t)
	good := s.company.seal(salt, "", "contenu")
	stranger := certtest.SelfSigned(t, certtest.Options{CommonName: "Étranger", Key: 4})
	with := func(name, value string) sealedFile {
		q, err := url.ParseQuery(good.query.Encode())
		if err != nil {
			t.Fatal(err)
		}
		q.Set(name, value)
		return sealedFile{good.bytes, q}
	}
	announce := func(b []byte, contentSHA string) sealedFile {
		f := with("sha256", sha256Hex(b))
		f.bytes = b
		if contentSHA != "" {
			f.query.Set("contentSha256", contentSHA)
		}
		return f
	}
	tests := []struct {
		name   string
		status int
		code   fault.Code
		tender string
		file   sealedFile
	}{
		{"fingerprint", 422, fault.PortalRefused, salt, with("sha256", strings.Repeat("0", 64))},
		{"no fingerprint", 422, fault.PortalRefused, salt, with("sha256", "")},
		{"content fingerprint", 422, fault.PortalRefused, salt, with("contentSha256", strings.Repeat("0", 64))},
		{"changed content", 422, fault.PortalRefused, salt, announce(flip(good.bytes, len(good.bytes)-20), "")},
		{"not an envelope", 422, fault.EnvelopeMalformed, salt, announce([]byte("%PDF-1.7 an offer in clear text"), "")},
		{"cut short", 422, fault.EnvelopeMalformed, salt, announce(good.bytes[:len(good.bytes)-5], "")},
		{"something behind", 422, fault.EnvelopeMalformed, salt, announce(append(slices.Clone(good.bytes), 0), "")},
		{"CBC", 422, fault.EnvelopeUnsupported, salt, s.sealTo(t, s.personal, envelope.ProfileCBC)},
		{"nobody here", 409, fault.NoRecipient, salt, s.sealTo(t, stranger, envelope.ProfileDefault)},
		{"no such lot", 400, fault.BadRequest, salt, with("lot", "9")},
		{"lot missing", 400, fault.BadRequest, bridge, good},
		{"kind", 400, fault.BadRequest, salt, with("kind", "autre")},
		{"name", 422, fault.NameBad, salt, with("name", "")},
		{"no such tender", 404, fault.PortalRefused, "nowhere", good},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, f := s.company.raw(http.MethodPost, test.file.path(test.tender), bytes.NewReader(test.file.bytes), nil)
			if f == nil || status != test.status || f.Code != test.code {
				t.Errorf("%d %v, want %d %s", status, f, test.status, test.code)
			}
			if kept, incoming := s.files(t); kept+incoming != 0 {
				t.Errorf("%d and %d files stayed", kept, incoming)
			}
		})
	}
	s.company.deposit(salt, good)
	if kept, incoming := s.files(t); kept != 1 || incoming != 0 {
		t.Errorf("%d and %d files after a good deposit", kept, incoming)
	}
}

func sha256Hex(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func flip(b []byte, at int) []byte {
	b = slices.Clone(b)
	b[at] ^= 1
	return b
}

// sealTo seals to one certificate, whatever the portal says.
func (s sealing) sealTo(t *testing.T, pair *certtest.Pair, profile envelope.Profile) sealedFile {
	t.Helper()
	var out bytes.Buffer
	receipt, err := envelope.Seal(t.Context(), &out, strings.NewReader("contenu"), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: pair.DER}}, Length: 7, Profile: profile})
	if err != nil {
		t.Fatal(err)
	}
	return sealedFile{out.Bytes(), url.Values{"kind": {"offre"}, "name": {"x.p7m"}, "sha256": {hex.EncodeToString(receipt.SHA256[:])}, "contentSha256": {hex.EncodeToString(receipt.ContentSHA256[:])}}}
}

// TestTruncatedUpload breaks the connection in the middle of a deposit.
func TestTruncatedUpload(t *testing.T) {
	s := newSealing(t)
	sealed := s.company.seal(salt, "", strings.Repeat("x", 1<<20))
	address, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.Dial("tcp", address.Host)
	if err != nil {
		t.Fatal(err)
	}
	cookie := s.company.jar.Cookies(address)[0]
	fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nX-CSRF-Token: %s\r\nContent-Length: %d\r\n\r\n",
		sealed.path(salt), address.Host, cookie.Name, cookie.Value, s.company.csrf, len(sealed.bytes))
	if _, err := connection.Write(sealed.bytes[:len(sealed.bytes)/2]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the upload to begin", func() bool { _, incoming := s.files(t); return incoming == 1 })
	connection.Close()
	waitFor(t, "the file to go", func() bool { _, incoming := s.files(t); return incoming == 0 })
	if kept, _ := s.files(t); kept != 0 {
		t.Errorf("%d files were kept", kept)
	}
}

// TestKilledUpload leaves what a portal that was killed leaves: a file that
// was arriving, and one that was kept but not noted.
func TestKilledUpload(t *testing.T) {
	s := newSealing(t)
	s.company.deposit(salt, s.company.seal(salt, "", "bon"))
	for _, name := range []string{"incoming/file-1", "plis/neverwritten"} {
		if err := os.WriteFile(filepath.Join(s.config.Dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.restart(t)
	if kept, incoming := s.files(t); kept != 1 || incoming != 0 {
		t.Errorf("%d and %d files after a restart", kept, incoming)
	}
}

// waitFor waits for something that another goroutine brings about.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("waited in vain for %s", what)
}

func TestTooLarge(t *testing.T) {
	s := newSealing(t)
	s.Server.MaxPli = 1000
	sealed := s.company.seal(salt, "", strings.Repeat("x", 2000))
	for name, body := range map[string]io.Reader{"announced": bytes.NewReader(sealed.bytes), "chunked": struct{ io.Reader }{bytes.NewReader(sealed.bytes)}} {
		if status, f := s.company.raw(http.MethodPost, sealed.path(salt), body, nil); f == nil || status != 413 || f.Code != fault.EnvelopeTooLarge {
			t.Errorf("%s: %d %v", name, status, f)
		}
	}
	if kept, incoming := s.files(t); kept+incoming != 0 {
		t.Errorf("%d and %d files stayed", kept, incoming)
	}
}

func TestDepositIsIdempotent(t *testing.T) {
	s := newSealing(t)
	sealed := s.company.seal(salt, "", "contenu")
	first, again := s.company.deposit(salt, sealed), s.company.deposit(salt, sealed)
	if kept, _ := s.files(t); first != again || kept != 1 {
		t.Errorf("%+v, then %+v; %d files", first, again, kept)
	}
}

// TestDeadline is a deposit that begins in time and ends late, and one that
// begins late.
func TestDeadline(t *testing.T) {
	s := newSealing(t)
	sealed := s.company.seal(salt, "", "contenu")
	if err := s.store.SetDeadline(t.Context(), salt, s.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	late := &hookReader{Reader: bytes.NewReader(sealed.bytes), then: func() { s.clock.advance(2 * time.Hour) }}
	status, f := s.company.raw(http.MethodPost, sealed.path(salt), late, nil)
	if f == nil || status != 409 || f.Detail != "deadline" {
		t.Errorf("ended late: %d %v", status, f)
	}
	if _, f = s.company.raw(http.MethodPost, sealed.path(salt), bytes.NewReader(sealed.bytes), nil); f == nil || f.Detail != "deadline" {
		t.Errorf("began late: %v", f)
	}
	if kept, incoming := s.files(t); kept+incoming != 0 {
		t.Errorf("%d and %d files stayed", kept, incoming)
	}
	if status, _ := s.agent.form("/consultations/"+salt+"/cles", url.Values{}); status != http.StatusConflict {
		t.Errorf("keys chosen after the deadline: %d", status)
	}
}

// hookReader does something at its end.
type hookReader struct {
	io.Reader
	then func()
}

func (h *hookReader) Read(b []byte) (int, error) {
	n, err := h.Reader.Read(b)
	if errors.Is(err, io.EOF) && h.then != nil {
		h.then()
		h.then = nil
	}
	return n, err
}
