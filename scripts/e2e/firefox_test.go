package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/firefox"
	"scelle/scripts/e2e/journey"
)

// TestFirefox walks the journeys of Chromium's tests in Firefox: newWorld
// knows by the test's name which browser it is to be.
func TestFirefox(t *testing.T) {
	for name, test := range map[string]func(*testing.T){
		"the whole journey": TestTheWholeJourney,
	} {
		t.Run(name, test)
	}
}

// TestFirefoxMore walks the others.
func TestFirefoxMore(t *testing.T) {
	lengthy(t)
	for name, test := range map[string]func(*testing.T){
		"to the downloads":         TestOpenToDownloads,
		"cancelled deposit":        TestCancelledDeposit,
		"the host dies":            TestHostDiesDuringOpening,
		"cancelled opening":        TestCancelledOpening,
		"interrupted opening":      TestInterruptedOpening,
		"reload while registering": TestReloadDuringRegistration,
		"the host comes and goes":  TestHostComesAndGoes,
		"without the extension":    func(t *testing.T) { sealsHere(t, 256<<20, 900) },
	} {
		t.Run(name, test)
	}
}

// TestFirefoxHostile answers the browser's real prompt with no and with yes; the
// popup stays below it. Then the world meets every attack of TestHostile.
func TestFirefoxHostile(t *testing.T) {
	attacked(t, func(w *journey.Walk) error {
		askFirefox(t, w, false, "#allow:not(:disabled)")
		must(t, w.GoKeys())
		must(t, w.Page.Until(`document.querySelector("#assistant").dataset.fault === "extension-missing"`))
		askFirefox(t, w, true, "#forget")
		return nil
	})
}

// askFirefox clicks « Autoriser » in the popup, answers the prompt and closes
// the popup when it shows what it should after that.
func askFirefox(t *testing.T, w *journey.Walk, yes bool, after string) {
	t.Helper()
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Click("#allow"))
	words, err := w.Browser.(*firefox.Firefox).AnswerPrompt(yes)
	must(t, err)
	if !strings.Contains(words, "127.0.0.1") {
		t.Errorf("the prompt says %q", words)
	}
	must(t, popup.Visible(after))
	must(t, popup.Shut())
}

// TestFirefoxOffline opens a pli without its portal.
func TestFirefoxOffline(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	file, err := journey.WriteFile(w.World.Home, "offre.txt", []byte("12 345,67 €\n"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	pli := depositedPli(t, w)
	must(t, w.World.StopPortal())
	must(t, w.Browser.(*firefox.Firefox).ChooseFiles(pli))
	p, err := w.Browser.Open(w.Browser.ExtensionURL("app/offline.html"))
	must(t, err)
	must(t, p.Click("#app button"))
	must(t, p.Click("#use-key"))
	must(t, p.Visible(".results"))
	must(t, p.Says(".result", "offre.txt"))
	opened, err := filepath.Glob(filepath.Join(w.World.Downloads, "Scellé", "*", "offre.txt"))
	must(t, err)
	if len(opened) != 1 {
		t.Fatalf("the downloads hold %q", opened)
	}
	content, err := os.ReadFile(opened[0])
	must(t, err)
	if string(content) != "12 345,67 €\n" {
		t.Errorf("the file holds %q", content)
	}
}

// TestFirefoxLarge seals and opens 256 MiB.
func TestFirefoxLarge(t *testing.T) {
	lengthy(t)
	sealAndOpen(t, 256<<20, 600)
}

// TestFirefoxBackgroundEnds: the background script ends while an assistant is
// open and after that, and nothing is lost.
func TestFirefoxBackgroundEnds(t *testing.T) {
	lengthy(t)
	w := ready(t)
	f := w.Browser.(*firefox.Firefox)
	a, err := w.StartAdd("Clé de Camille Lefort", false)
	must(t, err)
	must(t, a.Fill("#common-name", "Clé de Camille Lefort"))
	must(t, f.EndBackground())
	must(t, w.Finish(a, "Clé de Camille Lefort"))
	must(t, f.EndBackground())
	must(t, w.AddLocal("Une autre", false))
	a, err = w.StartAdd("Abandonnée", false)
	must(t, err)
	must(t, f.EndBackground())
	must(t, a.Shut())
	must(t, w.Page.Visible("#add-key:enabled"))
}
