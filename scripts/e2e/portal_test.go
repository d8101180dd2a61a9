package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"scelle/scripts/e2e/journey"
)

// TestKeysPage edits, deletes and looks at keys as an agent does.
func TestKeysPage(t *testing.T) {
	lengthy(t)
	w := firstRun(t)
	p := w.Page
	must(t, w.AddLocal("Première", false))
	must(t, p.Visible(journey.RowOf("Première")+` [data-present="yes"]`))
	keyStates(t, w)

	must(t, p.Click(journey.RowOf("Première")+` [data-action="edit"]`))
	must(t, p.Fill("#edit-name", "Renommée"))
	must(t, p.Click(`#edit-dialog [value="recovery"]`))
	must(t, p.Click(`#edit-dialog button[value="ok"]`))
	must(t, p.Visible(journey.RowOf("Renommée")+`[data-recovery="true"]`))

	must(t, p.Click(`a[href="?service=affaires-scolaires"]`))
	must(t, p.Gone("#add-key"))
	must(t, p.Gone(journey.RowOf("Renommée")))
	must(t, w.GoKeys())

	must(t, p.Click(journey.RowOf("Renommée")+` [data-action="delete"]`))
	must(t, p.Click(`#delete-dialog button[value="cancel"]`))
	must(t, p.Visible(journey.RowOf("Renommée")))
	must(t, p.Click(journey.RowOf("Renommée")+` [data-action="delete"]`))
	must(t, p.Click(`#delete-dialog button[value="ok"]`))
	must(t, p.Gone(journey.RowOf("Renommée")))
}

// keyStates asks what a portal's page asks: status and health tell how the
// keys stand that this site registered, and nothing of one that it did not.
func keyStates(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.MakeCertificate("Pas pour ce site"))
	out, err := w.World.Run(w.World.Host, "list", "--json")
	must(t, err)
	var list struct {
		Certificates []struct{ CommonName, Thumbprint string }
	}
	must(t, json.Unmarshal([]byte(out), &list))
	i := slices.IndexFunc(list.Certificates, func(c struct{ CommonName, Thumbprint string }) bool { return c.CommonName == "Pas pour ce site" })
	if i < 0 {
		t.Fatalf("not listed: %s", out)
	}
	var seen struct {
		Status []struct{ Here, Level string }
		Other  struct {
			Here     string
			NotAfter string
		}
	}
	must(t, w.Page.Eval(fmt.Sprintf(`import("/scelle.js").then(async ({ scelle }) => ({
		status: (await scelle.status()).keys,
		other: (await scelle.health([{ thumbprint: %q }])).keys[0],
	}))`, list.Certificates[i].Thumbprint), &seen))
	if len(seen.Status) != 1 || seen.Status[0].Here != "yes" || seen.Other.Here != "unknown" || seen.Other.NotAfter != "" {
		t.Errorf("the page learns %+v", seen)
	}
}

// TestKeyWithPlisStays: a key that a closed pli depends on is not deleted.
func TestKeyWithPlisStays(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Attendue", false))
	file, err := journey.WriteFile(w.World.Home, "offre.txt", []byte("offre"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Login(journey.Agent))
	must(t, w.GoKeys())
	must(t, w.Page.Click(journey.RowOf("Attendue")+` [data-action="delete"]`))
	must(t, w.Page.Says("#message.bad", "2027-VOI-014 (1)"))
	must(t, w.Page.Visible(journey.RowOf("Attendue")))
}

// TestCertificateOfAnotherProgram registers a pair that pk12util imported.
func TestCertificateOfAnotherProgram(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.MakeCertificate("pour que la base existe"))
	dir := t.TempDir()
	key, cert, p12 := filepath.Join(dir, "k.pem"), filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.p12")
	for _, command := range [][]string{
		{"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "365", "-subj", "/CN=Autre programme", "-addext", "keyUsage=critical,keyEncipherment"},
		{"openssl", "pkcs12", "-export", "-inkey", key, "-in", cert, "-name", "Autre programme", "-out", p12, "-passout", "pass:x"},
		{"pk12util", "-i", p12, "-W", "x", "-d", "sql:" + w.World.StoreDir()},
	} {
		_, err := w.World.Run(command[0], command[1:]...)
		must(t, err)
	}
	must(t, w.AddExisting("Importée ailleurs", "Autre programme"))
}

// TestCancelledDeposit: nothing is deposited and nothing is left behind.
func TestCancelledDeposit(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Clé", false))
	big := filepath.Join(w.World.Home, "plans.bin")
	must(t, os.WriteFile(big, nil, 0o600))
	must(t, os.Truncate(big, 1<<30))
	must(t, w.Login(journey.Company))
	must(t, w.GoTender())
	must(t, w.Page.Until(`document.querySelector("#assistant").dataset.state === "online"`))
	must(t, w.Page.Upload("#files", big))
	must(t, w.Page.Click("#deposit"))
	must(t, w.Page.Visible("#progress:not([hidden])"))
	must(t, w.Page.Click("#cancel"))
	must(t, w.Page.Until(`document.querySelector("#deposit").disabled === false && !document.querySelector("#message").hidden`))
	must(t, w.GoTender())
	must(t, w.Page.Visible("#mine .empty"))
	if n := leftovers(t, w); n != 0 {
		t.Errorf("%d files are left in the extension's space", n)
	}
}

// TestInterruptedOpening: the browser closes, or the portal stops, while a pli
// is being fetched; nothing is opened halfway and it opens afterwards.
func TestInterruptedOpening(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	file, err := journey.WriteFile(w.World.Home, "offre.txt", []byte("offre"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())

	holdContent := func() {
		must(t, w.Page.Eval(fmt.Sprintf(`(() => {
			const real = window.fetch;
			window.held = false;
			window.fetch = async (input, init) => {
				if (!String(input?.url ?? input).endsWith(%q)) return real(input, init);
				window.held = true;
				return new Promise((_, reject) => { window.lose = () => reject(new TypeError("network")); });
			};
		})()`, "/content"), nil))
	}
	holdContent()
	a, err := w.StartOpen(false)
	must(t, err)
	must(t, w.Page.Until("window.held"))
	must(t, w.World.StopPortal())
	must(t, w.Page.Eval("window.lose()", nil))
	must(t, a.Visible("#fault, .result.bad"))
	must(t, a.Shut())
	must(t, w.World.StartPortal(context.WithoutCancel(t.Context())))

	must(t, w.GoTender())
	must(t, w.Online())
	holdContent()
	if _, err = w.StartOpen(false); err != nil {
		t.Fatal(err)
	}
	must(t, w.Page.Until("window.held"))
	w.Browser.Close()
	w = browse(t, w.World)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.GoTender())
	must(t, w.OpenPlis(false))
}
