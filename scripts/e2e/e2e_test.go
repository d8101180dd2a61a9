// Package e2e drives the product as people do: a real Chromium with the real
// extension, the real host, a real NSS database and the real portal, in a
// world below the test's own temporary folder.
package e2e

import (
	"context"
	"encoding/json"
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

// begin makes a world, starts its browser and logs the agent in.
func begin(t *testing.T) *journey.Walk {
	t.Helper()
	w := newWorld(t)
	return browse(t, w)
}

func browse(t *testing.T, w *stack.World) *journey.Walk {
	t.Helper()
	return browseIn(t, w, false)
}

// newWorld makes a world of its own for a test, which may then run beside
// another: most of its time is waiting.
func newWorld(t *testing.T) *stack.World {
	t.Helper()
	t.Parallel()
	engine := stack.Chromium
	if strings.HasPrefix(t.Name(), "TestFirefox") {
		engine = stack.Firefox
	}
	build, err := filepath.Abs("../../build")
	must(t, err)
	a, err := stack.BuiltFor(engine, build)
	must(t, err)
	w, err := stack.New(context.WithoutCancel(t.Context()), a, t.TempDir(), logWriter{t})
	must(t, err)
	t.Cleanup(func() { must(t, w.Close()) })
	return w
}

// lengthy leaves a test to make test-all: what it holds is held by a shorter one
// too, by the other browser's or by one moment out of several.
func lengthy(t *testing.T) {
	t.Helper()
	if !everything {
		t.Skip("in make test-all")
	}
}

// browseIn starts the browser, with windows when visible.
func browseIn(t *testing.T, w *stack.World, visible bool) *journey.Walk {
	t.Helper()
	c, err := w.Browse(context.WithoutCancel(t.Context()), visible)
	must(t, err)
	t.Cleanup(c.Close)
	walk := journey.New(w, c, nil)
	must(t, walk.Login(journey.Agent))
	return walk
}

// ready is begin with the site allowed and the keys' page open and online.
func ready(t *testing.T) *journey.Walk {
	t.Helper()
	w := begin(t)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// logWriter puts the programs' words into the test's log.
type logWriter struct{ t *testing.T }

func (l logWriter) Write(b []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Logf("%s", strings.TrimSpace(string(b)))
	}
	return len(b), nil
}

// TestTheWholeJourney is the demo with what can be seen from outside.
func TestTheWholeJourney(t *testing.T) {
	before := homeListing(t)
	w := begin(t)
	w.Camera = &journey.Camera{Dir: t.TempDir()}
	if w.World.Engine == stack.Chromium { // what axe-core sees is the same in Firefox
		w.Camera.Check = accessible(t)
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
	if w.Camera.Check == nil {
		return
	}
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

// TestDepositedPliOpensWithOpenSSL opens a deposited pli without Scellé: with
// OpenSSL and unzip; then one that the page sealed without the extension, and
// that one also with the extension and without the portal, dropped on the
// offline page.
func TestDepositedPliOpensWithOpenSSL(t *testing.T) {
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	file, err := journey.WriteFile(w.World.Home, "prix.txt", []byte("12 345,67 €\n"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Page.Visible("#sealed-by[data-by=extension]"))
	pli := depositedPli(t, w)
	pliOpensWithOpenSSL(t, w, pli)
	must(t, os.Remove(pli)) // the next one is sealed by the page
	must(t, w.Forget())
	sealedHere(t, w, file)
	pli = depositedPli(t, w)
	pliOpensWithOpenSSL(t, w, pli)
	dropped(t, w, pli)
}

// sealedHere deposits as a company whose browser has no extension that serves
// this site: the portal says that this is weaker, and the page seals, under a
// policy that does not let the page itself run WebAssembly.
func sealedHere(t *testing.T, w *journey.Walk, file string) {
	t.Helper()
	p := w.Page
	must(t, w.GoTender())
	must(t, p.Visible("#here"))
	must(t, p.Says("#here", "vous faites alors confiance à la salle des marchés"))
	must(t, p.Upload("#files", file))
	must(t, p.Click("#seal-here"))
	must(t, p.Click("#to summary"))
	must(t, p.Visible("#to-list [data-recipient=receives]"))
	must(t, p.Says("#to-list", "sans l’extension"))
	if p.Eval(`new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])) && true`, nil) == nil {
		t.Error("the page itself may run WebAssembly")
	}
	must(t, p.Screenshot(filepath.Join(pictures(t), "sealed-here.png")))
	must(t, p.Click("#deposit"))
	must(t, p.Visible("#content-sha256"))
	must(t, p.Visible("#sealed-by[data-by=page]"))
	must(t, p.Says("#sealed-by", "sans l’extension"))
	var coding string
	must(t, p.Eval(`fetch("/sealing/app/crypto.wasm", { cache: "reload" }).then((r) => r.headers.get("Content-Encoding") ?? "")`, &coding))
	if coding != "gzip" {
		t.Errorf("the module that seals comes as %q", coding)
	}
}

// pliOpensWithOpenSSL opens a pli by the private key that pk12util takes out of
// the store, and looks at the file in it.
func pliOpensWithOpenSSL(t *testing.T, w *journey.Walk, pli string) {
	t.Helper()
	dir := t.TempDir()
	p12, pem, zip := filepath.Join(dir, "k.p12"), filepath.Join(dir, "k.pem"), filepath.Join(dir, "pli.zip")
	for _, command := range [][]string{
		{"pk12util", "-o", p12, "-n", "Clé de Camille Lefort", "-d", "sql:" + w.World.StoreDir(), "-W", "x"},
		{"openssl", "pkcs12", "-in", p12, "-passin", "pass:x", "-nodes", "-out", pem},
		{"openssl", "cms", "-decrypt", "-inform", "DER", "-in", pli, "-inkey", pem, "-recip", pem, "-out", zip},
		{"unzip", "-t", zip},
	} {
		_, err := w.World.Run(command[0], command[1:]...)
		must(t, err)
	}
	out, err := w.World.Run("unzip", "-p", zip, "prix.txt")
	must(t, err)
	if out != "12 345,67 €\n" {
		t.Errorf("unzip gives %q", out)
	}
}

// dropped drags a pli onto the offline page twice, one time after the other,
// and opens it with the store's key while there is no portal.
func dropped(t *testing.T, w *journey.Walk, pli string) {
	t.Helper()
	must(t, w.World.StopPortal())
	p, err := w.Browser.Open(w.Browser.ExtensionURL("app/offline.html"))
	must(t, err)
	defer p.Close()
	page, ok := p.(browser.Dropper)
	if !ok {
		t.Fatalf("%T takes no dropped files", p)
	}
	for n := 1; n <= 2; n++ {
		must(t, page.Drop("#drop", pli))
		must(t, p.Says("#app", "Clé de Camille Lefort"))
		must(t, p.Click("#use-key"))
		must(t, p.Visible(".results"))
		must(t, p.Says(".result", []string{"prix.txt", "prix (1).txt"}[n-1]))
		opened, err := filepath.Glob(filepath.Join(w.World.Downloads, "Scellé", "*", "prix*.txt"))
		must(t, err)
		if len(opened) != n {
			t.Fatalf("after %d openings the downloads hold %q", n, opened)
		}
		for _, file := range opened {
			content, err := os.ReadFile(file)
			must(t, err)
			if string(content) != "12 345,67 €\n" {
				t.Errorf("%s holds %q", file, content)
			}
		}
	}
	intoFolder(t, p, page, pli)
}

// intoFolder opens a dropped pli into a folder of the person's choice. Nothing
// can drive the browser's dialog for it, so that a directory of the origin
// private file system, which is the same kind of object, stands in for the
// folder. Firefox has no such dialog, and no such button.
func intoFolder(t *testing.T, p browser.Page, page browser.Dropper, pli string) {
	t.Helper()
	var offers bool
	must(t, p.Eval(`typeof showDirectoryPicker === "function"`, &offers))
	if !offers {
		return
	}
	must(t, p.Eval(`globalThis.showDirectoryPicker = async () => (await navigator.storage.getDirectory()).getDirectoryHandle("Séance", { create: true }); true`, nil))
	must(t, page.Drop("#drop", pli))
	must(t, p.Visible("#use-key"))
	must(t, p.Click("#choose-folder"))
	must(t, p.Until(`document.querySelector("#deliver-folder").checked`))
	must(t, p.Click("#use-key"))
	must(t, p.Visible(".results"))
	must(t, p.Says(".result", "Séance/"))
	const list = `(async () => {
		const lines = [];
		const walk = async (dir) => {
			for await (const [name, handle] of dir.entries()) {
				if (handle.kind === "directory") await walk(handle);
				else lines.push(name === "prix.txt" ? name + ": " + await (await handle.getFile()).text() : name.replace(/ .*\./, "."));
			}
		};
		await walk(await showDirectoryPicker());
		return lines.sort().join("|");
	})()`
	var held string
	eventually(func() bool { // the record is the last to be written
		must(t, p.Eval(list, &held))
		return strings.HasSuffix(held, "|procès-verbal.html|procès-verbal.json") && !strings.Contains(held, ".crswap")
	})
	if held != "prix.txt: 12 345,67 €\n|procès-verbal.html|procès-verbal.json" {
		t.Errorf("the folder holds %q", held)
	}
}

// depositedPli finds the one pli on the portal's disk.
func depositedPli(t *testing.T, w *journey.Walk) string {
	t.Helper()
	var found []string
	must(t, filepath.WalkDir(filepath.Join(w.World.Dir, "portal", "plis"), func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			found = append(found, p)
		}
		return err
	}))
	if len(found) != 1 {
		t.Fatalf("the portal keeps %v", found)
	}
	return found[0]
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

// leftovers counts the files in the extension's private file system.
func leftovers(t *testing.T, w *journey.Walk) int {
	t.Helper()
	p, err := w.Browser.Open(w.Browser.ExtensionURL("app/offline.html"))
	must(t, err)
	defer p.Close()
	const count = `(async () => { const walk = async (d) => { let n = 0; for await (const h of d.values()) n += h.kind === "file" ? 1 : await walk(h); return n; };
		return walk(await navigator.storage.getDirectory()); })()`
	var n int
	eventually(func() bool { // the last worker sweeps as it ends
		must(t, p.Eval(count, &n))
		return n == 0
	})
	return n
}

// portalKeys is the portal's own list of the service's keys.
func portalKeys(t *testing.T, w *journey.Walk) map[string]string {
	t.Helper()
	var raw json.RawMessage
	must(t, w.Page.Eval(`fetch("/api/keys?service=voirie").then(r => r.json())`, &raw))
	var list struct {
		Keys []struct{ Name, State string }
	}
	must(t, json.Unmarshal(raw, &list))
	states := map[string]string{}
	for _, k := range list.Keys {
		states[k.Name] = k.State
	}
	return states
}
