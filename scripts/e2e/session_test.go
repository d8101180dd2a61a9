package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/shared/protocol"
)

// TestOpeningSession: an opening is rehearsed, then the plis go to a new key
// before the deadline, with which they open; candidatures come first; a browser that dies in the
// middle loses nothing that was done; a pause rests between two plis; the
// record is saved, and the portal has it.
func TestOpeningSession(t *testing.T) {
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	must(t, w.Login(journey.Company))
	for _, pli := range []struct{ kind, name string }{{"offre", "offre-a.txt"}, {"candidature", "candidature.txt"}, {"offre", "offre-b.txt"}} {
		file, err := journey.WriteFile(w.World.Home, pli.name, []byte(pli.name))
		must(t, err)
		must(t, w.GoTender())
		must(t, w.Page.Click(`input[name="kind"][value="`+pli.kind+`"]`))
		must(t, w.Page.Upload("#files", file))
		must(t, w.Page.Until(`document.querySelector("#assistant").dataset.state === "online"`))
		must(t, w.Page.Click("#deposit"))
		must(t, w.Page.Visible("#content-sha256"))
	}
	must(t, w.Login(journey.Agent))
	rehearse(t, w)
	transfer(t, w)
	must(t, w.CloseTender())

	// The browser dies when the portal has heard of one pli.
	must(t, w.Page.Eval(`(() => {
		const real = window.fetch;
		let reports = 0;
		window.fetch = async (input, init) => {
			const report = String(input?.url ?? input).endsWith("/opened");
			if (report && ++reports > 1) return new Promise(() => {});
			const answer = await real(input, init);
			if (report) window.reported = true;
			return answer;
		};
	})()`, nil))
	a, err := w.StartOpen(false)
	must(t, err)
	must(t, a.Click("#use-key"))
	must(t, w.Page.Until("window.reported"))
	w.Browser.Close()
	w = browse(t, w.World)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.GoTender())
	onlyOffersAreLeft(t, w)

	// The rest: a pause is asked for while the first of them is on its way.
	holdReport(t, w)
	a, err = w.StartOpen(false)
	must(t, err)
	must(t, a.Says("h1", "2 plis"))
	must(t, a.Click("#use-key"))
	must(t, a.Visible(".results"))
	must(t, w.Page.Eval("window.release()", nil))
	must(t, a.Says("#record", "procès-verbal"))
	must(t, a.Screenshot(filepath.Join(pictures(t), "opening-results.png")))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Visible("#records a"))
	var opened int
	must(t, w.Page.Eval(`document.querySelectorAll('.pli[data-opened="yes"]').length`, &opened))
	if opened != 3 {
		t.Errorf("%d plis are open", opened)
	}
	must(t, w.Page.Screenshot(filepath.Join(pictures(t), "portal-plis.png")))
	recordsAgree(t, w)
}

// rehearse: before the deadline, the keys of the consultation open a test pli
// on this computer; the portal keeps it, the journal calls it a rehearsal, and
// no pli was asked for.
func rehearse(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.GoTender())
	must(t, w.Online())
	must(t, w.Page.Visible(`[data-alert="unrehearsed"]`))
	must(t, w.Page.Eval(`(() => {
		const real = window.fetch;
		window.asked = [];
		window.fetch = (input, init) => { window.asked.push(String(input?.url ?? input)); return real(input, init); };
	})()`, nil))
	must(t, w.Page.Click("#rehearse"))
	a, err := w.Browser.Assistant()
	must(t, err)
	must(t, a.Says("#rehearsal", "répétition"))
	must(t, a.Screenshot(filepath.Join(pictures(t), "rehearsal-consent.png")))
	must(t, a.Click("#use-key"))
	must(t, a.Visible("#rehearsal-keys .badge.good"))
	must(t, a.Says("#rehearsal", "peut ouvrir"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Visible(`[data-rehearsal="opened"]`))
	must(t, w.Page.Gone(`[data-alert="unrehearsed"]`))
	must(t, w.Page.Screenshot(filepath.Join(pictures(t), "portal-rehearsal.png")))
	var asked []string
	must(t, w.Page.Eval("window.asked", &asked))
	for _, address := range asked {
		if strings.Contains(address, "/plis/") {
			t.Errorf("a rehearsal asked for %s", address)
		}
	}
	lines, err := w.World.Run(w.World.Host, "journal", "export", "--json")
	must(t, err)
	if strings.Count(string(lines), `"rehearse"`) != 1 || strings.Contains(string(lines), `"open"`) {
		t.Errorf("the journal: %s", lines)
	}
}

// pictures is where a test leaves screenshots: below $SCELLE_PICTURES, or
// nowhere that stays.
func pictures(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("SCELLE_PICTURES")
	if dir == "" {
		return t.TempDir()
	}
	must(t, os.MkdirAll(dir, 0o755))
	return dir
}

// onlyOffersAreLeft: the candidature came first, and is not asked for again.
func onlyOffersAreLeft(t *testing.T, w *journey.Walk) {
	t.Helper()
	var left struct{ Open, Ticked []string }
	must(t, w.Page.Eval(`(() => {
		const names = (selector) => [...document.querySelectorAll(selector)].map((pli) => pli.querySelector("dd").textContent);
		return { Open: names('.pli[data-opened="yes"]'), Ticked: names(".pli:has(input:checked)") };
	})()`, &left))
	if len(left.Open) != 1 || len(left.Ticked) != 2 {
		t.Fatalf("open %q, ticked %q", left.Open, left.Ticked)
	}
	var kind string
	must(t, w.Page.Eval(`document.querySelector('.pli[data-opened="yes"] small').textContent`, &kind))
	if !strings.Contains(kind, "Candidature") {
		t.Errorf("the first to be opened was %q", kind)
	}
}

// holdReport keeps the portal's answers to reports back until release().
func holdReport(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.Page.Eval(`(() => {
		const real = window.fetch;
		const held = new Promise((resolve) => { window.release = resolve; });
		window.fetch = async (input, init) => {
			const answer = await real(input, init);
			if (String(input?.url ?? input).endsWith("/opened")) await held;
			return answer;
		};
	})()`, nil))
}

// recordsAgree compares the record in the downloads with the portal's, and
// both with the journal.
func recordsAgree(t *testing.T, w *journey.Walk) {
	t.Helper()
	saved, err := filepath.Glob(filepath.Join(w.World.Downloads, "Scellé", "*", "procès-verbal*.json"))
	must(t, err)
	pages, err := filepath.Glob(filepath.Join(w.World.Downloads, "Scellé", "*", "procès-verbal*.html"))
	must(t, err)
	if len(saved) != 1 || len(pages) != 1 {
		t.Fatalf("saved %q and %q", saved, pages)
	}
	body, err := os.ReadFile(saved[0])
	must(t, err)
	var mine, theirs protocol.OpeningRecord
	must(t, json.Unmarshal(body, &mine))
	var text string
	must(t, w.Page.Eval(`fetch(document.querySelector("#records a").href.replace("/proces-verbaux/", "/api/records/")).then((r) => r.text())`, &text))
	must(t, json.Unmarshal([]byte(text), &theirs))
	if len(mine.Plis) != 2 || len(mine.Keys) != 1 || mine.Plis[0].SHA256 == "" || mine.Plis[0].SHA256 != theirs.Plis[0].SHA256 || *mine.JournalAfter != *theirs.JournalAfter {
		t.Errorf("saved %+v\nat the portal %+v", mine, theirs)
	}
	if used := mine.JournalAfter.Lines - mine.JournalBefore.Lines; used != 2 {
		t.Errorf("the journal grew by %d lines", used)
	}
	verified, err := w.World.Run(w.World.Host, "journal", "verify")
	must(t, err)
	t.Logf("%s", verified)
	must(t, w.Page.Click("#records a"))
	must(t, w.Page.Says(".record", mine.Plis[1].SHA256))
	must(t, w.Page.Screenshot(filepath.Join(pictures(t), "portal-record.png")))
	showRecord(t, w, pages[0])
}

// showRecord opens the saved page as a person would.
func showRecord(t *testing.T, w *journey.Walk, path string) {
	t.Helper()
	var p browser.Page
	p, err := w.Browser.Open("file://" + path)
	must(t, err)
	must(t, p.Says("h1", "Procès-verbal"))
	must(t, p.Screenshot(filepath.Join(pictures(t), "record.png")))
}
