package e2e

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/phpportal"
)

// TestPHPPortal walks both cases, a deposit and its opening on the portal that
// the guide « Intégrer Scellé » builds, in PHP.
func TestPHPPortal(t *testing.T) {
	world := newWorld(t)
	s, err := phpportal.Start(t.TempDir(), os.DirFS(world.Page), logWriter{t})
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	world.Origin = s.Origin
	c, err := world.Browse(context.WithoutCancel(t.Context()), false)
	must(t, err)
	t.Cleanup(c.Close)
	w := journey.New(world, c, nil)
	w.Page, err = c.Open(s.Origin + "/keys.html")
	must(t, err)
	must(t, w.Allow())

	must(t, w.MakeCertificate("Certificat de Camille Lefort"))
	addToPHP(t, w, "Clé de Camille Lefort", false, func(a browser.Page) error { return w.Choose(a, "Certificat de Camille Lefort") })
	addToPHP(t, w, "Clé de secours", true, func(a browser.Page) error {
		must(t, a.Click("#mode-server"))
		return a.Fill("#common-name", "Clé de secours - PHP")
	})

	file, err := journey.WriteFile(world.Home, "prix.txt", []byte("12 345,67 €\n"))
	must(t, err)
	must(t, w.Page.Goto(s.Origin+"/deposit.html"))
	must(t, w.Page.Upload("#files", file))
	must(t, w.Page.Click("#deposit"))
	must(t, w.Page.Says("output", "Pli déposé"))
	must(t, w.Page.Screenshot(filepath.Join(pictures(t), "php-deposit.png")))

	must(t, s.SetDeadline(time.Now().Add(-time.Minute)))
	must(t, w.Page.Goto(s.Origin+"/keys.html"))
	must(t, w.Page.Click("#open"))
	a, err := c.Assistant()
	must(t, err)
	must(t, a.Visible("#list-signed"))
	must(t, a.Click("#use-key"))
	must(t, a.Visible(".result.good"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Says("output", "Plis ouverts : 1"))
	if content, err := os.ReadFile(saved(t, w, "prix.txt")); err != nil || string(content) != "12 345,67 €\n" {
		t.Errorf("%q was opened: %v", content, err)
	}
}

// addToPHP registers a key from the page of the PHP portal; choose says where
// it comes from.
func addToPHP(t *testing.T, w *journey.Walk, name string, recovery bool, choose func(assistant browser.Page) error) {
	t.Helper()
	a, err := w.StartAdd(name, recovery)
	must(t, err)
	must(t, choose(a))
	must(t, a.Click("#use-key"))
	must(t, a.Visible(".success"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Says("output", "Le bi-clé est actif."))
	must(t, w.Page.Screenshot(filepath.Join(pictures(t), "php-keys.png")))
	must(t, w.Page.Eval(`document.querySelector("output").textContent = ""`, nil))
}
