package site

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// rehearsalOf is what an assistant tells about one key.
func rehearsalOf(tender, thumbprint string, state protocol.Rehearsed) protocol.RehearseResult {
	at := time.Now().UTC().Truncate(time.Second)
	k := protocol.RehearsedKey{Thumbprint: thumbprint, Label: "what the page says", State: state}
	if state == protocol.RehearsedFailed {
		k.Fault = &protocol.Fault{Code: fault.TokenRemoved}
	}
	return protocol.RehearseResult{Tender: tender, Started: at, Finished: at, Extension: "0.1.0", Host: "0.1.9", Keys: []protocol.RehearsedKey{k}}
}

// TestRehearsalsAreShown: before the deadline, with the newest try of each key,
// the names of the portal, and all three versions.
func TestRehearsalsAreShown(t *testing.T) {
	s := newSealing(t)
	path := "/api/tenders/" + salt + "/rehearsals"
	tender, err := s.store.Tender(t.Context(), salt)
	if err != nil {
		t.Fatal(err)
	}
	personal := s.agent.key(s.personalID).Thumbprint
	if _, page := s.agent.page("/consultations/" + salt); !strings.Contains(page, `data-alert="unrehearsed"`) || strings.Count(page, `data-rehearsal=""`) != 2 {
		t.Error("a consultation that nobody rehearsed does not say so")
	}
	s.agent.must(http.MethodPost, path, rehearsalOf(tender.Reference, personal, protocol.RehearsedFailed), nil)
	if _, page := s.agent.page("/consultations/" + salt); !strings.Contains(page, `data-alert="unrehearsed"`) || !strings.Contains(page, "("+string(fault.TokenRemoved)+")") {
		t.Error("a failed rehearsal is not shown, or passes for a good one")
	}
	s.clock.advance(time.Minute)
	s.agent.must(http.MethodPost, path, rehearsalOf(tender.Reference, personal, protocol.RehearsedOpened), nil)
	s.clock.advance(time.Minute)
	stopped := rehearsalOf(tender.Reference, personal, protocol.RehearsedFailed)
	stopped.Keys[0].Fault.Code = fault.Cancelled // before its turn: shows nothing of the key
	s.agent.must(http.MethodPost, path, stopped, nil)
	_, page := s.agent.page("/consultations/" + salt)
	for _, want := range []string{`data-rehearsal="opened"`, `data-rehearsal=""`, "extension 0.1.0, programme 0.1.9, portail " + version.Version, "Camille Lefort"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(page, "data-alert=\"unrehearsed\"") || strings.Contains(page, "what the page says") || strings.Contains(page, "("+string(fault.TokenRemoved)+")") {
		t.Error("an older try, or the page's own name, is shown")
	}
}

// TestRehearsalsAreChecked: only of this consultation, with keys of its
// service, one of which was tried.
func TestRehearsalsAreChecked(t *testing.T) {
	s := newSealing(t)
	path := "/api/tenders/" + salt + "/rehearsals"
	tender, err := s.store.Tender(t.Context(), salt)
	if err != nil {
		t.Fatal(err)
	}
	personal := s.agent.key(s.personalID).Thumbprint
	for name, change := range map[string]func(*protocol.RehearseResult){
		"another tender": func(r *protocol.RehearseResult) { r.Tender = "X" },
		"unknown key":    func(r *protocol.RehearseResult) { r.Keys[0].Thumbprint = strings.Repeat("0", 64) },
		"a key twice":    func(r *protocol.RehearseResult) { r.Keys = append(r.Keys, r.Keys[0]) },
		"nothing tried":  func(r *protocol.RehearseResult) { r.Keys[0].State = protocol.RehearsedElsewhere },
		"another state":  func(r *protocol.RehearseResult) { r.Keys[0].State = "perhaps" },
		"no reason":      func(r *protocol.RehearseResult) { r.Keys[0].State = protocol.RehearsedFailed },
		"no version":     func(r *protocol.RehearseResult) { r.Host = "" },
		"backwards":      func(r *protocol.RehearseResult) { r.Finished = r.Started.Add(-time.Second) },
	} {
		r := rehearsalOf(tender.Reference, personal, protocol.RehearsedOpened)
		change(&r)
		if status, f := s.agent.api(http.MethodPost, path, r, nil); f == nil || status != http.StatusBadRequest {
			t.Errorf("%s: %d %v", name, status, f)
		}
	}
	if status, f := s.company.api(http.MethodPost, path, rehearsalOf(tender.Reference, personal, protocol.RehearsedOpened), nil); f == nil || status != http.StatusForbidden {
		t.Errorf("a company: %d %v", status, f)
	}
}
