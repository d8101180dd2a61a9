package e2e

import (
	"testing"

	"scelle/scripts/e2e/journey"
)

// TestCancelledOpening: « Annuler » opens nothing, the page hears of it, and
// the same plis can be opened afterwards. So it is when the window is closed.
func TestCancelledOpening(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	file, err := journey.WriteFile(w.World.Home, "offre.txt", []byte("offre"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	a, err := w.StartOpen(false)
	must(t, err)
	must(t, a.Visible("#use-key"))
	must(t, a.CloseBy("#use-key + button"))
	must(t, w.Page.Visible("#open-form button:enabled"))
	a, err = w.StartOpen(false)
	must(t, err)
	must(t, a.Visible("#use-key"))
	must(t, a.Shut())
	must(t, w.Page.Visible("#open-form button:enabled"))
	must(t, w.Page.Gone(`.pli[data-opened="yes"]`))
	must(t, w.OpenPlis(false))
}
