package e2e

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/signeddata"
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

// TestFirefoxSettledSaving: in one world, every other setting. The shared
// database is forbidden and cards come by the module that is named, so that
// everything is done with the key of a card; opened plis can only be handed over;
// unsigned lists, and lists by another key than the settled one, will not do from
// the first on; a newer host is looked for, over https, where the administrator
// says and not where the build does; the screens are in the settled language.
func TestFirefoxSettledSaving(t *testing.T) {
	world := newWorld(t)
	p, elsewhere := newSecurePublisher(t, world.UserDataDir), newPublisher(t)
	p.offer(t, []byte("a newer host"))
	elsewhere.extendIn(t, world)
	pin, err := signeddata.Pin(listKey(t, world).certificate)
	must(t, err)
	settle(t, world, map[string]any{"saveOpenedPlis": false, "allowedPortals": []string{world.Origin}, "language": "en", "unsignedLists": "refuse",
		"listKeys": []string{world.Origin + " " + pin}, "updateAddress": p.URL + "/"})
	desk := settleCards(t, world)
	w := browseIn(t, world, false)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())
	must(t, w.Page.Says("[data-status-remedy]", "9.1.0"))
	if elsewhere.requests(update.FileName) > 0 || p.requests(update.FileName) == 0 {
		t.Error("the newer host was looked for elsewhere")
	}
	onlyTheCard(t, w)
	must(t, w.AddExisting("Carte", cardName))
	file, err := journey.WriteFile(world.Home, "offre.txt", []byte("12 345,67 €\n"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.GoTender())
	must(t, w.Online())
	settledLists(t, w)
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
	desk.forgotten(t, w)
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

// The certificates of the world in which the administrator settles the stores:
// one on a card, one in the database that is forbidden.
const (
	cardName  = "Carte de Camille Lefort"
	storeName = "Certificat du magasin interdit"
)

// desk is a computer with a card in its reader, whose PIN is typed when it is asked for.
type desk struct {
	pin string
	log *syncBuffer
}

// settleCards forbids the shared database, in which there is a key, and names
// the module of a card with another.
func settleCards(t *testing.T, w *stack.World) desk {
	t.Helper()
	_, err := w.Run(w.Host, "generate", "--cn", storeName)
	must(t, err)
	d, tokens := desk{word("pin"), &syncBuffer{}}, filepath.Join(w.Dir, "tokens")
	w.BrowserLog = d.log
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: cardName})
	key, err := x509.MarshalPKCS8PrivateKey(pair.Key)
	must(t, err)
	must(t, stack.Token(tokens, "Carte", d.pin, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}), pair.DER))
	settings := fmt.Sprintf(`{"forbiddenStores":["nss"],"pkcs11Modules":[%q]}`, stack.SoftHSM)
	err = w.Furnish(stack.Office{Settings: settings, Tokens: tokens, Secret: d.pin})
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	must(t, err)
	return d
}

// onlyTheCard: the popup lists the card's certificate and not the other one,
// and says why.
func onlyTheCard(t *testing.T, w *journey.Walk) {
	t.Helper()
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Says("ul.keys", cardName))
	must(t, popup.Eval(`for (const d of document.querySelectorAll("details")) d.open = true`, nil))
	must(t, popup.Says("ul.stores", fault.StoreForbidden.Text("en")))
	text, err := popup.Text("#app")
	must(t, err)
	if strings.Contains(text, storeName) {
		t.Errorf("a certificate of a forbidden store is shown: %s", text)
	}
	must(t, popup.Shut())
}

// forgotten looks for the PIN, which was asked for in the site's name: in the
// host that has just used it, in every process's environment and command line,
// in the page's memory, in what was said, and wherever something was written,
// the journal among it.
func (d desk) forgotten(t *testing.T, w *journey.Walk) {
	t.Helper()
	said, err := w.World.Asked()
	must(t, err)
	if !strings.Contains(said, strings.TrimPrefix(w.World.Origin, "http://")) {
		t.Errorf("the windows for the PIN said %q", said)
	}
	secrets := []stack.Secret{stack.NewSecret("PIN", []byte(d.pin))}
	hostsForget(t, w.World, secrets, cardName)
	control := word("control")
	pagesForget(t, w.Browser.(browser.Watched), w.Page, control, secrets)
	logForgets(t, d.log, w.Page, control, secrets)
	for _, dir := range []string{filepath.Join(w.World.Home, ".local"), filepath.Join(w.World.Dir, "portal")} {
		if seen, err := stack.SeenInFiles(dir, secrets); err != nil || seen["PIN"] {
			t.Errorf("the PIN is in a file below %s: %v", dir, err)
		}
	}
	if seen, err := stack.SeenInFiles(filepath.Join(w.World.Dir, "office", "secret"), secrets); err != nil || !seen["PIN"] {
		t.Errorf("the search does not find the PIN where it is: %v", err)
	}
}

// settledLists: the portal's own list is known from the first on.
func settledLists(t *testing.T, w *journey.Walk) {
	t.Helper()
	good := fromPortal(t, w)
	unsigned, theirs := good, good
	unsigned.RecipientList = nil
	wantSealed(t, "unsigned", sealInPage(t, w, unsigned), fault.ListUnsigned)
	foreign := certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory", Curve: elliptic.P256(), KeyUsage: x509.KeyUsageDigitalSignature})
	theirs.RecipientList = listSigner{foreign.Key, foreign.DER}.again(t, good.RecipientList, nil)
	wantSealed(t, "the first list, by another key", sealInPage(t, w, theirs), fault.ListSigner)
	got := sealInPage(t, w, good)
	if wantSealed(t, "the portal's list", got, ""); !got.List.Signed || got.List.First || !got.List.Managed {
		t.Errorf("the portal's list: %+v", got.List)
	}
}
