package site

import (
	"crypto/x509"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

var codes = regexp.MustCompile(`data-code="([a-z0-9-]+)"`)

// shown are the codes in the row below a key's.
func shown(t *testing.T, page, id string) []string {
	t.Helper()
	_, rest, found := strings.Cut(page, `data-health-of="`+id+`"`)
	if !found {
		t.Fatalf("no row for %s", id)
	}
	row, _, _ := strings.Cut(rest, "</tr>")
	all := []string{}
	for _, m := range codes.FindAllStringSubmatch(row, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestKeyHealthOnThePage walks a key down the ladder, on the page and in what
// the page gives to scelle.health().
func TestKeyHealthOnThePage(t *testing.T) {
	p := newPortal(t)
	agent := p.login(t, "agent").assistant()
	ends := p.clock.Now().Add(20 * 24 * time.Hour)
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Ladder", NotAfter: ends, KeyUsage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDigitalSignature})
	id := agent.activate("Ladder", false, pair)
	good := agent.activate("Bonne", true, certtest.SelfSigned(t, certtest.Options{CommonName: "Bonne", Key: 1}))
	want := func(id string, codes ...string) {
		t.Helper()
		agent.enter("agent")
		if got := shown(t, second(agent.page("/administration/service/cles")), id); !slices.Equal(got, codes) {
			t.Errorf("%v, want %v", got, codes)
		}
	}
	// sel-2027 is opened in 32 days, pont-2027 in 15.
	want(id, "key-expires-in-30", "key-expires-early", "key-also-signs")
	want(good)
	k := agent.key(id)
	if len(k.Openings) != 2 || k.Openings[0].Tender != "2027-VOI-014" || k.Proven == nil || len(k.Certificate) == 0 {
		t.Errorf("listed as %+v", k)
	}
	p.clock.advance(14 * 24 * time.Hour)
	want(id, "key-expires-in-7", "key-expires-early", "key-also-signs")
	p.clock.advance(7 * 24 * time.Hour)
	want(id, "key-expired", "key-also-signs")
	page := second(agent.page("/administration/service/cles"))
	if !strings.Contains(page, `href="/aide/help-fr.html#key-expired"`) || !strings.Contains(page, "Elle ouvre toujours les plis déjà reçus") {
		t.Error("the finding has no way to the guide, or no remedy")
	}
}

// TestExpiredKeyStaysForItsPlis: it receives nothing new, opens what it
// received, can be verified, and cannot be deleted before.
func TestExpiredKeyStaysForItsPlis(t *testing.T) {
	s := newSealing(t)
	soon := certtest.SelfSigned(t, certtest.Options{CommonName: "Bientôt", NotAfter: s.clock.Now().Add(72 * time.Hour)})
	id := s.agent.activate("Bientôt", false, soon)
	receipt := s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	s.clock.advance(96 * time.Hour)
	s.agent.enter("agent")
	s.company.enter("entreprise")

	var r recipientsJSON
	s.company.must(http.MethodGet, "/api/tenders/"+salt+"/recipients?kind=offre", nil, &r)
	for _, to := range r.Recipients {
		if slices.Equal(to.Certificate, soon.DER) {
			t.Error("an expired key is still a recipient")
		}
	}
	if _, f := s.agent.api(http.MethodDelete, "/api/keys/"+id, nil, nil); f == nil || f.Code != fault.PortalRefused || f.Detail != "plis: 1: 2027-VOI-021 (1)" {
		t.Errorf("deleted, or refused for %+v", f)
	}
	if page := second(s.agent.page("/administration/service/cles?echeance=passee")); !strings.Contains(page, `data-tenders="2027-VOI-021 (1)"`) {
		t.Error("the page does not know on which consultations the key still serves")
	}
	if state := s.agent.prove(id, soon).State; state != protocol.Active {
		t.Errorf("an expired key verifies as %s", state)
	}
	s.closeTender(t, salt)
	_, sealed := s.agent.send(http.MethodGet, "/api/plis/"+receipt.ID+"/content", nil, http.Header{})
	if plain, _ := open(t, sealed, soon); string(plain) != "contenu" {
		t.Errorf("opened %q", plain)
	}
	s.agent.must(http.MethodPost, "/api/plis/"+receipt.ID+"/opened", map[string]any{"authenticated": true, "sha256": receipt.SHA256, "files": []protocol.PliFile{}}, nil)
	s.agent.must(http.MethodDelete, "/api/keys/"+id, nil, nil)
}
