// Package e2e drives the product as people do: a real Chromium with the real
// extension, the real host, a real NSS database and the real portal, in a
// world below the test's own temporary folder.
package e2e

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
)

// TestTheWholeJourney is the demo with what can be seen from outside.
func TestTheWholeJourney(t *testing.T) {
	before := homeListing(t)
	w := begin(t)
	w.Camera = &journey.Camera{Dir: t.TempDir(), Check: styled}
	if w.World.Engine == stack.Chromium { // what axe-core sees is the same in Firefox
		check := accessible(t)
		w.Camera.Check = func(p browser.Page, caption string) error { return errors.Join(styled(p, caption), check(p, caption)) }
	}
	must(t, journey.All(w))
	if w.Camera.Count() < 15 {
		t.Errorf("only %d pictures", w.Camera.Count())
	}
	if _, err := w.Camera.Index(); err != nil {
		t.Error(err)
	}
	nothingListens(t, w)
	certificatesSeenByCertutil(t, w)
	handedOver(t, w)
	looksAround(t, w)
	if w.World.Engine == stack.Chromium {
		keysPicture(t, w)
	}
	w.Browser.Close()
	must(t, w.World.WaitHosts(0))
	if after := homeListing(t); after != before {
		t.Errorf("the real home changed:\n%s\nwas:\n%s", after, before)
	}
}

// looksAround visits what the journey has no picture of: in the portal, and a
// page that is not there.
func looksAround(t *testing.T, w *journey.Walk) {
	t.Helper()
	for _, path := range []string{"/consultations", "/inexistant", "/connexion?next=/telechargements"} {
		must(t, w.Page.Goto(w.World.Origin+path))
		must(t, w.Camera.Check(w.Page, path))
	}
}

// nothingListens looks while an assistant window talks to the host.
func nothingListens(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.GoKeys())
	a, err := w.StartAdd("Pendant que tout tourne", false)
	must(t, err)
	must(t, w.World.WaitHosts(1))
	open, err := w.World.Sockets()
	must(t, err)
	if len(open) > 0 {
		t.Errorf("the host or the browser listens: %v", open)
	}
	must(t, a.Shut())
	must(t, w.GoTender())
}

func certificatesSeenByCertutil(t *testing.T, w *journey.Walk) {
	t.Helper()
	db := "sql:" + w.World.StoreDir()
	certs, err := w.World.Run("certutil", "-L", "-d", db)
	must(t, err)
	keys, err := w.World.Run("certutil", "-K", "-d", db)
	must(t, err)
	for _, name := range []string{"Clé de Camille Lefort", "Clé de secours - voirie", "Certificat de Camille Lefort"} {
		if !strings.Contains(certs, name) {
			t.Errorf("certutil -L does not show %q: %s", name, certs)
		}
	}
	if n := strings.Count(keys, "< "); n != 3 {
		t.Errorf("certutil -K shows %d keys, want 3: %s", n, keys)
	}
}

func handedOver(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.Page.Says(".handed", "offre technique.txt"))
	var content string
	must(t, w.Page.Eval(`fetch(document.querySelector(".handed a").href).then(r => r.text())`, &content))
	if content != "Offre technique de Bâti-Loire SARL.\n" {
		t.Errorf("the portal got %q", content)
	}
}

// withoutMouse is ready for a person who has none: both cases are walked by
// keyboard alone, in Chromium.
func withoutMouse(t *testing.T) *journey.Walk {
	t.Helper()
	w := ready(t)
	c, ok := w.Browser.(*browser.Chromium)
	if !ok {
		return w
	}
	k := browser.Keyboard{Chromium: c}
	w.Page.Close()
	w = journey.New(w.World, k, nil)
	must(t, w.Login(journey.Agent))
	must(t, w.GoKeys())
	must(t, w.Online())
	return w
}

// TestCasesTakeSixClicks counts what the first case asks of a person who has
// only a keyboard, and hears what a screen reader would.
func TestCasesTakeSixClicks(t *testing.T) {
	w := withoutMouse(t)
	must(t, w.MakeCertificate("Certificat de Camille Lefort"))
	// Between the screens' own announcements a screen reader hears each step.
	a, err := w.StartAdd("Annoncée", false)
	must(t, err)
	heard, err := browser.Said(a)
	must(t, err)
	if !slices.Contains(heard, "Étape 2 sur 2") {
		t.Errorf("a screen reader heard %q", heard)
	}
	must(t, a.Shut())
	must(t, w.GoKeys())
	must(t, w.Online())
	for name, do := range map[string]func() error{
		"existing certificate": func() error { return w.AddExisting("Existant", "Certificat de Camille Lefort") },
		"server certificate":   func() error { return w.AddServer("Serveur", "Clé du serveur", false) },
		"made here":            func() error { return w.AddLocal("Locale", false) },
	} {
		before, start := w.Browser.Clicks(), time.Now()
		must(t, do())
		if n := w.Browser.Clicks() - before; n > 6 {
			t.Errorf("%s: %d clicks, want at most 6", name, n)
		}
		// What a person may wait for, not how fast we are: the machine's own
		// share of a minute.
		if d := time.Since(start); d > time.Minute {
			t.Errorf("%s took %v, want at most a minute", name, d)
		}
	}
	keepsABackup(t, w)
}

// TestOpenToDownloads saves the opened files under their names, all by
// keyboard.
func TestOpenToDownloads(t *testing.T) {
	w := withoutMouse(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	one, err := journey.WriteFile(w.World.Home, "acte d'engagement.pdf", []byte("%PDF-1.4 acte"))
	must(t, err)
	two, err := journey.WriteFile(w.World.Home, "bordereau.csv", []byte("poste;prix\n"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(one, two))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	must(t, w.OpenPlis(false))
	found, records := map[string]string{}, 0
	must(t, filepath.WalkDir(w.World.Downloads, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if strings.HasPrefix(d.Name(), "procès-verbal") {
				records++
				return nil
			}
			b, readErr := os.ReadFile(p)
			found[filepath.Base(p)] = string(b)
			return readErr
		}
		return err
	}))
	if records != 2 || len(found) != 2 || found["acte d'engagement.pdf"] != "%PDF-1.4 acte" || found["bordereau.csv"] != "poste;prix\n" {
		t.Errorf("the downloads hold %q and %d records", found, records)
	}
	if quarantine := leftovers(t, w); quarantine != 0 {
		t.Errorf("%d files are left in quarantine", quarantine)
	}
	testsComputer(t, w)
}

// testsComputer walks through « Tester la configuration de mon poste » with the
// real host: everything is answered, nothing is wrong, nobody is named, and
// what is told has its entry in the guide.
func testsComputer(t *testing.T, w *journey.Walk) {
	t.Helper()
	p, err := w.Browser.Open(w.Browser.ExtensionURL("app/check.html"))
	must(t, err)
	defer p.Close()
	must(t, p.Visible(".actions .button.primary"))
	var seen struct {
		Text  string
		Bad   []string
		Codes int
		Dead  []string
	}
	must(t, p.Eval(`(async () => {
		const dead = [];
		for (const a of document.querySelectorAll("a.learn")) {
			const page = new DOMParser().parseFromString(await (await fetch(a.href)).text(), "text/html");
			if (!page.getElementById(a.hash.slice(1))) dead.push(a.href);
		}
		for (const d of document.querySelectorAll("details")) d.open = true;
		return {
			Text: document.body.innerText, Dead: dead,
			Bad: [...document.querySelectorAll(".result.bad")].map((e) => e.innerText),
			Codes: document.querySelectorAll(".result, details li").length,
		};
	})()`, &seen))
	if len(seen.Bad) > 0 || len(seen.Dead) > 0 || seen.Codes < 40 {
		t.Errorf("%d checks, bad %q, dead links %q", seen.Codes, seen.Bad, seen.Dead)
	}
	for _, canary := range []string{"Lefort", w.World.Home} {
		if strings.Contains(seen.Text, canary) {
			t.Errorf("the page holds %q: %s", canary, seen.Text)
		}
	}
}
