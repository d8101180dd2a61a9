package site

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/scripts/portal/internal/authority"
	"scelle/scripts/portal/internal/listkey"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

// signer is what the portal publishes.
func (c *client) signer() signerJSON {
	c.t.Helper()
	var v signerJSON
	c.must(http.MethodGet, "/api/list-signer", nil, &v)
	return v
}

func (s sealing) recipientList(t *testing.T, tender string) *lists.Recipients {
	t.Helper()
	var v recipientsJSON
	s.company.must(http.MethodGet, "/api/tenders/"+tender+"/recipients?kind=offre", nil, &v)
	e := lists.Expected{Origin: s.url, Tender: v.Tender, Now: time.Now()}
	list, _, err := signeddata.VerifyRecipients(v.List, []string{s.company.signer().Pin}, e)
	if err != nil {
		t.Fatal(err)
	}
	usable := list.Usable(time.Now())
	if len(usable) != len(v.Recipients) {
		t.Errorf("%d usable keys in the list, %d recipients", len(usable), len(v.Recipients))
	}
	for _, r := range v.Recipients {
		found := false
		for _, u := range usable {
			found = found || string(u.Certificate) == string(r.Certificate) && u.Mechanism == r.Mechanism && u.Label == r.Label && (u.Kind == lists.Recovery) == r.Recovery
		}
		if !found {
			t.Errorf("%s is not in the list as it is", r.Label)
		}
	}
	return list
}

// TestRecipientListIsSigned: the list says what the unsigned recipients say,
// and what became of the others.
func TestRecipientListIsSigned(t *testing.T) {
	s := newSealing(t)
	second := s.agent.activate("Second", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Second", Key: 2}))
	s.agent.submit("En attente", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Attente", Key: 3}))
	if list := s.recipientList(t, salt); len(list.Entries) != 3 || !list.Deadline.After(time.Now()) || list.Tender != "2027-VOI-021" {
		t.Errorf("list %+v", list)
	}
	s.agent.must(http.MethodDelete, "/api/keys/"+second, nil, nil)
	list := s.recipientList(t, salt)
	var revoked []string
	for _, e := range list.Entries {
		if e.Revoked {
			revoked = append(revoked, e.Label)
		}
	}
	if len(list.Entries) != 3 || len(revoked) != 1 || revoked[0] != "Second" {
		t.Errorf("%d entries, withdrawn %v", len(list.Entries), revoked)
	}
	if status, body := s.agent.form("/consultations/"+salt+"/cles", url.Values{"all": {"no"}}); status != http.StatusSeeOther {
		t.Fatalf("choose: %d %s", status, body)
	}
	if list := s.recipientList(t, salt); len(list.Usable(time.Now())) != 1 || list.Usable(time.Now())[0].Kind != lists.Recovery {
		t.Errorf("without personal keys: %+v", list.Entries)
	}
}

// TestWithdrawnKeyComesBack: a certificate is in the list once.
func TestWithdrawnKeyComesBack(t *testing.T) {
	s := newSealing(t)
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Second", Key: 2})
	for range 2 {
		s.agent.must(http.MethodDelete, "/api/keys/"+s.agent.activate("Second", false, pair), nil, nil)
	}
	if list := s.recipientList(t, salt); len(list.Entries) != 3 {
		t.Errorf("withdrawn twice: %d entries", len(list.Entries))
	}
	s.agent.activate("Second", false, pair)
	if list := s.recipientList(t, salt); len(list.Entries) != 3 || len(list.Usable(time.Now())) != 3 {
		t.Errorf("active again: %+v", list.Entries)
	}
}

// TestOpeningListIsSigned: never before the deadline, and then with what is
// needed to know each pli before and after its opening.
func TestOpeningListIsSigned(t *testing.T) {
	s := newSealing(t)
	first := s.company.deposit(bridge, s.company.seal(bridge, "2", "contenu"))
	path := "/api/tenders/" + bridge + "/opening"
	if f := s.agent.refusal(403, fault.PortalRefused, http.MethodGet, path, nil); f.Detail != "deadline" {
		t.Errorf("refused for %s", f.Detail)
	}
	s.closeTender(t, bridge)
	var v openingJSON
	s.agent.must(http.MethodGet, path, nil, &v)
	e := lists.Expected{Origin: s.url, Tender: "2027-VOI-014", Now: time.Now()}
	list, _, err := signeddata.VerifyOpening(v.List, []string{s.company.signer().Pin}, e)
	if err != nil {
		t.Fatal(err)
	}
	p, ok := list.Find(first.ID)
	if !ok || len(list.Plis) != 1 || p.SHA256 != first.SHA256 || p.ContentSHA256 != first.ContentSHA256 || len(p.HeaderSHA256) != 64 ||
		p.Lot != "2" || p.Kind != "offre" || p.Label != demoCompanyName {
		t.Errorf("list %+v", list)
	}
	if list.NotBefore.After(list.Issued) {
		t.Errorf("not before %v, issued %v", list.NotBefore, list.Issued)
	}
	s.agent.must(http.MethodGet, path+"?pli="+first.ID, nil, &v)
	if list, _, err := signeddata.VerifyOpening(v.List, []string{s.company.signer().Pin}, e); err != nil || len(list.Plis) != 1 {
		t.Errorf("the one that was chosen: %+v, %v", list, err)
	}
	s.agent.refusal(400, fault.BadRequest, http.MethodGet, path+"?pli=another", nil)
	if status, f := s.company.api(http.MethodGet, path, nil, nil); status != 403 || f == nil {
		t.Errorf("a company gets the list: %d %v", status, f)
	}
}

// TestListKeyIsKept: a key of its own, the same after a restart, published on
// the page where people look for it.
func TestListKeyIsKept(t *testing.T) {
	p := newPortal(t)
	c := newClient(t, p.url)
	before := c.signer()
	if pin, err := signeddata.Pin(before.Certificate); err != nil || pin != before.Pin {
		t.Errorf("pin %s of the certificate, %s published, %v", pin, before.Pin, err)
	}
	if _, page := c.page("/telechargements"); !strings.Contains(page, before.Pin) {
		t.Error("the page does not show the pin")
	}
	p.restart(t, c)
	if after := c.signer(); after.Pin != before.Pin {
		t.Error("another key after a restart")
	}
	ours, err := os.ReadFile(filepath.Join(p.config.Dir, listkey.File))
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(filepath.Join(p.config.Dir, authority.File))
	if err != nil || string(ours) == string(theirs) {
		t.Errorf("the lists are signed by the authority's key: %v", err)
	}
}
