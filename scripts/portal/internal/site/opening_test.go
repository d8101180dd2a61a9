package site

import (
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

func TestDeleteIsRefusedWhilePlisDepend(t *testing.T) {
	s := newSealing(t)
	receipt := s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	if k := s.agent.key(s.personalID); k.Plis != 1 {
		t.Errorf("%d plis depend on the key", k.Plis)
	}
	f := s.agent.refusal(409, fault.PortalRefused, http.MethodDelete, "/api/keys/"+s.personalID, nil)
	if f.Detail != "plis: 1: 2027-VOI-021 (1)" {
		t.Errorf("refused for %q", f.Detail)
	}
	s.closeTender(t, salt)
	s.agent.refusal(409, fault.PortalRefused, http.MethodDelete, "/api/keys/"+s.personalID, nil)
	s.agent.must(http.MethodPost, "/api/plis/"+receipt.ID+"/opened", map[string]any{"authenticated": true, "sha256": receipt.SHA256, "files": []protocol.PliFile{}}, nil)
	s.agent.must(http.MethodDelete, "/api/keys/"+s.personalID, nil, nil)
}

func TestOpeningIsNoted(t *testing.T) {
	s := newSealing(t)
	receipt := s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	s.closeTender(t, salt)
	path := "/api/plis/" + receipt.ID
	file := protocol.PliFile{Name: "prix.pdf", Size: 3, SHA256: sha256Hex([]byte("abc"))}
	report := map[string]any{"authenticated": true, "sha256": receipt.SHA256, "contentSha256": receipt.ContentSHA256, "files": []protocol.PliFile{file}}
	s.agent.must(http.MethodPost, path+"/opened", report, nil)
	_, page := s.agent.page("/consultations/" + salt)
	if !strings.Contains(page, file.SHA256) || !strings.Contains(page, "Ouvert par Camille Lefort") || strings.Contains(page, "fichiers différents") {
		t.Error("the opening is not shown")
	}
	report["files"] = []protocol.PliFile{{Name: "prix.pdf", Size: 3, SHA256: sha256Hex([]byte("abd"))}}
	s.agent.must(http.MethodPost, path+"/opened", report, nil)
	if _, page = s.agent.page("/consultations/" + salt); !strings.Contains(page, "fichiers différents") {
		t.Error("two openings with different files are not flagged")
	}
	report["sha256"] = strings.Repeat("0", 64)
	s.agent.refusal(422, fault.PortalRefused, http.MethodPost, path+"/opened", report)
}

func TestHandOver(t *testing.T) {
	s := newSealing(t)
	receipt := s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	path := "/api/plis/" + receipt.ID + "/files?"
	query := url.Values{"name": {"<b>prix</b>.html"}, "sha256": {sha256Hex([]byte("<script>"))}}
	if status, f := s.agent.raw(http.MethodPost, path+query.Encode(), strings.NewReader("<script>"), nil); f == nil || status != 403 || f.Detail != "deadline" {
		t.Errorf("handed over before the deadline: %d %v", status, f)
	}
	s.closeTender(t, salt)
	var h handedJSON
	for range 2 {
		if _, f := s.agent.raw(http.MethodPost, path+query.Encode(), strings.NewReader("<script>"), &h); f != nil {
			t.Fatal(*f)
		}
	}
	if status, f := s.agent.raw(http.MethodPost, path+query.Encode(), strings.NewReader("other"), nil); f == nil || status != 422 {
		t.Errorf("another file than announced: %d %v", status, f)
	}
	entries, err := os.ReadDir(filepath.Join(s.config.Dir, "opened"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	response, body := s.agent.send(http.MethodGet, "/api/files/"+entries[0].Name(), nil, http.Header{})
	if string(body) != "<script>" || !strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment") || response.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("came back as %v: %q", response.Header, body)
	}
	if _, page := s.agent.page("/consultations/" + salt); !strings.Contains(page, "&lt;b&gt;prix&lt;/b&gt;.html") {
		t.Error("the file is not listed, or not escaped")
	}
}

// TestCopiedPli deposits one company's pli again for another consultation and
// as another company: the same encrypted content is flagged on both sides.
func TestCopiedPli(t *testing.T) {
	s := newSealing(t)
	ctx := t.Context()
	if err := s.store.AddCompany(ctx, "copieur", "Copie et Cie"); err != nil {
		t.Fatal(err)
	}
	if err := s.store.AddUser(ctx, store.User{ID: "copieur", Login: "copie@demo", Name: "Alix Double", Company: "copieur"}, "copie", 1000); err != nil {
		t.Fatal(err)
	}
	copier := newClient(t, s.url)
	copier.form("/connexion", url.Values{"login": {"copie@demo"}, "password": {"copie"}})
	_, page := copier.page("/consultations")
	copier.csrf = csrfMeta.FindStringSubmatch(page)[1]

	sealed := s.company.seal(salt, "", "contenu")
	original, copied := s.company.deposit(salt, sealed), copier.deposit(salt, sealed)
	if original.ID == copied.ID {
		t.Fatal("two companies share a deposit")
	}
	var list struct{ Plis []pliJSON }
	s.agent.must(http.MethodGet, "/api/tenders/"+salt+"/plis", nil, &list)
	if len(list.Plis) != 2 || list.Plis[0].Copies != 1 || list.Plis[1].Copies != 1 {
		t.Errorf("%+v", list.Plis)
	}
	if _, page := s.agent.page("/consultations/" + salt); strings.Count(page, "Même contenu chiffré") != 2 {
		t.Error("copies are not flagged on the page")
	}
	if status, _ := copier.page("/depots/" + original.ID); status != http.StatusForbidden {
		t.Errorf("another company's receipt: %d", status)
	}
	if _, page := s.company.page("/depots/" + original.ID); !strings.Contains(page, original.SHA256) || !strings.Contains(page, original.ContentSHA256) {
		t.Error("the receipt lacks a fingerprint")
	}
	if keypair.Thumbprint(sealed.bytes) != original.SHA256 {
		t.Error("the receipt's fingerprint is not the file's")
	}
}

func TestRecordIsKept(t *testing.T) {
	s := newSealing(t)
	receipt := s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	path := "/api/tenders/" + salt + "/records"
	at := s.config.Now().UTC().Truncate(time.Second)
	record := protocol.OpeningRecord{
		Format: protocol.RecordFormat, Origin: "https://portail.example", Tender: receipt.Tender, Started: at, Finished: at, Extension: "0.1.0", Host: "0.1.0",
		Keys:          []protocol.RecordKey{{Thumbprint: strings.Repeat("a", 64), NotAfter: at}},
		JournalBefore: &protocol.JournalMark{Lines: 3, Chain: strings.Repeat("b", 64)},
		Plis: []protocol.RecordPli{
			{ID: receipt.ID, Label: "<b>Bâti-Loire</b>", Kind: "offre", Size: 12, SHA256: receipt.SHA256, Opened: true, Authenticated: true, OpenedAt: &at,
				Key: strings.Repeat("a", 64), Remarks: []protocol.Remark{protocol.RemarkTwin}, Files: []protocol.PliFile{{Name: "prix\u202efdp.exe", Size: 3}}},
			{Label: "Autre", Fault: &protocol.Fault{Code: fault.EnvelopeUnreadable}},
		},
	}
	if f := s.agent.refusal(403, fault.PortalRefused, http.MethodPost, path, record); f.Detail != "deadline" {
		t.Errorf("before the deadline: %+v", f)
	}
	s.closeTender(t, salt)
	other := record
	other.Tender = "another"
	s.agent.refusal(400, fault.BadRequest, http.MethodPost, path, other)
	var kept struct{ ID, Page string }
	s.agent.must(http.MethodPost, path, record, &kept)
	status, page := s.agent.page(kept.Page)
	for _, want := range []string{"1 sur 2", "&lt;b&gt;Bâti-Loire", receipt.SHA256, "Même contenu chiffré", "envelope-unreadable", "ligne 3", "prixfdp.exe"} {
		if status != http.StatusOK || !strings.Contains(page, want) {
			t.Errorf("%d: the record's page lacks %q", status, want)
		}
	}
	if _, page := s.agent.page("/consultations/" + salt); !strings.Contains(page, kept.Page) {
		t.Error("the consultation does not lead to the record")
	}
	for lang, name := range map[string]string{"fr": "proces-verbal-", "en": "opening-record-"} {
		response, body := s.agent.send(http.MethodGet, "/api/records/"+kept.ID, nil, http.Header{"Accept-Language": {lang}})
		if !strings.HasPrefix(response.Header.Get("Content-Disposition"), "attachment; filename="+name+kept.ID+".json") || !strings.Contains(string(body), protocol.RecordFormat) {
			t.Errorf("the file is %v: %.100s", response.Header, body)
		}
	}
	files := slices.Repeat([]protocol.PliFile{{Name: "bordereau-des-prix.pdf", Size: 3, SHA256: strings.Repeat("c", 64)}}, 20)
	record.Plis = slices.Repeat([]protocol.RecordPli{{ID: receipt.ID, Kind: "offre", Opened: true, OpenedAt: &at, Key: strings.Repeat("a", 64), Files: files}}, 500)
	s.agent.must(http.MethodPost, path, record, &kept) // a large session: more than 1 MiB
}

// TestCoverage: who can open each pli, and a warning while one key alone can.
func TestCoverage(t *testing.T) {
	s := newSealing(t)
	_, page := s.agent.page("/consultations/" + salt)
	if strings.Contains(page, `data-alert="one-key"`) || strings.Contains(page, `data-alert="single"`) {
		t.Error("a warning although there is a recovery key")
	}
	s.company.deposit(salt, s.company.seal(salt, "", "contenu"))
	_, page = s.agent.page("/consultations/" + salt)
	for _, want := range []string{"2 clés peuvent l’ouvrir", "enregistrée par Camille Lefort", `>secours<`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	s.agent.must(http.MethodPatch, "/api/keys/"+s.backup, map[string]any{"recovery": false}, nil)
	if status, body := s.agent.form("/consultations/"+salt+"/cles", url.Values{"all": {"no"}, "key": {s.personalID}}); status != http.StatusSeeOther {
		t.Fatalf("%d: %s", status, body)
	}
	s.company.deposit(salt, s.company.seal(salt, "", "autre contenu"))
	_, page = s.agent.page("/consultations/" + salt)
	if !strings.Contains(page, `data-alert="one-key"`) || !strings.Contains(page, "1 pli non ouvert ne peut être ouvert que par une seule clé") {
		t.Error("no warning about the one key that is left")
	}
}
