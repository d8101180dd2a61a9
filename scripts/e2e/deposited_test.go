package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
)

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
