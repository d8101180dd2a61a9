package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/protocol"
	"scelle/shared/update"
)

// settle gives Firefox what an administrator settled for the extension: there
// storage.managed comes from a manifest of the user's, so that a test needs no
// system-wide file. https://developer.mozilla.org/docs/Mozilla/Add-ons/WebExtensions/Native_manifests
func settle(t *testing.T, w *stack.World, values map[string]any) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"name": protocol.FirefoxID, "description": "Scellé", "type": "storage", "data": values})
	must(t, err)
	dir := filepath.Join(w.Home, ".mozilla", "managed-storage")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, protocol.FirefoxID+".json"), body, 0o600))
}

// TestFirefoxSettledPortals: a site that the administrator does not name is
// not served and cannot be allowed; one that is named works as ever. Nor is
// anything asked of the publisher when the administrator wants no updates.
func TestFirefoxSettledPortals(t *testing.T) {
	p := newPublisher(t)
	world := newWorld(t)
	p.offer(t, []byte("a newer host"))
	p.extendIn(t, world)
	settle(t, world, map[string]any{"allowedPortals": []string{"https://marches.example.fr"}, "updateAddress": "none"})
	w := browseIn(t, world, false)
	must(t, w.GoKeys())
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Says(".site", "allowedPortals"))
	if none, err := absent(popup, "#allow"); err != nil || !none {
		t.Errorf("the popup offers to allow the site: %v", err)
	}
	var answer string
	must(t, popup.Eval(`chrome.runtime.sendMessage({to: "worker", method: "update.check", params: {}}).then(JSON.stringify)`, &answer))
	if answer != `{"ok":true,"result":{}}` || p.requests(update.FileName) > 0 {
		t.Errorf("asked for updates all the same: %s, %d requests", answer, p.requests(update.FileName))
	}
	must(t, popup.Shut())
	must(t, w.Page.Until(`document.querySelector("#assistant").dataset.fault === "extension-missing"`))
}

// TestFirefoxSettledSaving: opened plis can only be handed over. A newer host
// is announced without a setting for it.
func TestFirefoxSettledSaving(t *testing.T) {
	p := newPublisher(t)
	world := newWorld(t)
	p.offer(t, []byte("a newer host"))
	p.extendIn(t, world)
	settle(t, world, map[string]any{"saveOpenedPlis": false, "allowedPortals": []string{world.Origin}, "language": "en"})
	w := browseIn(t, world, false)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())
	must(t, w.Page.Says("[data-status-remedy]", "9.1.0"))
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	file, err := journey.WriteFile(world.Home, "offre.txt", []byte("12 345,67 €\n"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	a, err := w.StartOpen(false)
	must(t, err)
	must(t, a.Says("#fault", "saving-forbidden"))
	must(t, a.Says("#fault", "Your organisation")) // the language that was settled, in a French browser
	must(t, a.Shut())
	must(t, w.GoTender())
	a, err = w.StartOpen(true)
	must(t, err)
	must(t, a.Visible("#use-key"))
	if none, err := absent(a, "#deliver-downloads"); err != nil || !none {
		t.Errorf("the assistant offers to save: %v", err)
	}
	must(t, a.Click("#use-key"))
	must(t, a.Visible(".results"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Visible(`.pli[data-opened="yes"]`))
	must(t, w.Page.Says(".handed", "offre.txt"))
	saved, err := filepath.Glob(filepath.Join(world.Downloads, "*"))
	must(t, err)
	if len(saved) > 0 {
		t.Errorf("saved all the same: %q", saved)
	}
}

func absent(p browser.Page, selector string) (bool, error) {
	var found bool
	err := p.Eval(`document.querySelector("`+selector+`") !== null`, &found)
	return !found, err
}
