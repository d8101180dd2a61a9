package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
)

// modules are the modules in a folder, as scripts/pack takes them.
func modules(build string) string {
	var files []string
	for _, name := range []string{"app", "keys", "plis", "crypto", "verify"} {
		files = append(files, filepath.Join(build, name+".wasm"))
	}
	return strings.Join(files, ",")
}

// packFor packs the demo extension for an organisation whose one portal is the
// world's, as make dist PORTALS=file does, and puts it into the world.
func packFor(t *testing.T, w *stack.World) {
	t.Helper()
	dir := t.TempDir()
	list, out := filepath.Join(dir, "portals.txt"), filepath.Join(dir, "extension")
	must(t, os.WriteFile(list, []byte("# The world's\n"+w.Origin+"\n"), 0o600))
	cmd := exec.Command("go", "run", "../pack", "-out", out, "-demo", "-portals", list, "-wasm", modules(filepath.Dir(w.Host)))
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pack: %v: %s", err, said)
	}
	w.Extension = filepath.Join(out, "chrome")
}

// TestKnownPortals: a build with an organisation's list serves its portal
// without a prompt; the options page shows it, what it did and which key it
// registered, and takes it back; one click in the popup restores it.
func TestKnownPortals(t *testing.T) {
	world := newWorld(t)
	packFor(t, world)
	w := browseIn(t, world, false)
	must(t, w.GoKeys())
	must(t, w.Online())
	noBridgeForPages(t, w)
	addByKeyboard(t, w, "Clé de Camille Lefort")

	options, err := w.Browser.Open(w.Browser.ExtensionURL("app/options.html"))
	must(t, err)
	must(t, options.Says(".result.good", world.Origin))
	must(t, options.Says(".result .badge", "prévu par votre organisation"))
	must(t, options.Says(".result dl", "enregistrer un bi-clé"))
	must(t, options.Visible(".result .fingerprint"))
	photograph(t, options, "options")
	must(t, options.Click(`.result button`))
	must(t, options.Says(".success", "n’est plus autorisé"))
	must(t, options.Visible(".result.bad"))
	focusIn(t, options, "#sites")
	must(t, options.Click("#language-en"))
	must(t, options.Says("h1", "Sites and settings"))
	options.Close()

	must(t, w.GoKeys())
	must(t, w.Page.Until(`document.querySelector("#assistant").dataset.fault === "extension-missing"`))
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Says("#allow", "Allow this portal")) // in the language that was chosen
	must(t, popup.Click("#allow"))
	must(t, popup.Visible("#forget"))
	must(t, popup.Shut())
	must(t, w.Online())
}

// firstRun is ready, with a look at what the person reads: until a site is
// allowed the page says so and the popup explains itself.
func firstRun(t *testing.T) *journey.Walk {
	t.Helper()
	w := begin(t)
	must(t, w.GoKeys())
	must(t, w.Page.Says("#assistant", "Extension absente ou site non autorisé"))
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Says(".welcome", "Bienvenue"))
	photograph(t, popup, "first")
	must(t, popup.Shut())
	must(t, w.Allow())
	must(t, w.Online())
	popup, err = w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Visible("#forget"))
	must(t, popup.Gone(".welcome"))
	must(t, popup.Shut())
	return w
}

// addByKeyboard registers a key without a mouse. Nothing that a person might
// type before she chose, and no click of a script, uses a key.
func addByKeyboard(t *testing.T, w *journey.Walk, name string) {
	t.Helper()
	a, err := w.StartAdd(name, false)
	must(t, err)
	must(t, a.Visible("#use-key:not([aria-disabled])"))
	focusIn(t, a, "#title")
	must(t, a.Keys("\r "))
	must(t, a.Eval(`for (const type of ["mousedown", "click"]) document.querySelector("#use-key").dispatchEvent(new MouseEvent(type, { bubbles: true })); document.querySelector("#use-key").click()`, nil))
	must(t, a.Visible("#mode-local")) // still the form
	reach := func(selector string) {
		t.Helper()
		var way []string // where the focus was instead
		for range 12 {
			var at string
			if must(t, a.Eval(`(({ activeElement: e }) => e.matches("`+selector+`") ? "" : e.outerHTML.slice(0, 80))(document)`, &at)); at == "" {
				return
			}
			way = append(way, at)
			must(t, a.Keys("\t"))
		}
		t.Fatalf("the keyboard does not reach %s: %q", selector, way)
	}
	reach("#mode-local")
	reach("#common-name")
	reach("#use-key")
	must(t, a.Keys("\r"))
	must(t, a.Visible(".success"))
	reach(".actions .primary")
	must(t, a.Shut())
	must(t, w.Active(name))
}

// noBridgeForPages embeds the bridge as a page can: at its plain address, in a
// frame of its own and in a sandbox. None of them gets a bridge that answers,
// also with a well-formed nonce, and the real one goes on.
func noBridgeForPages(t *testing.T, w *journey.Walk) {
	t.Helper()
	const embed = `(async () => {
		const url = %URL%;
		const ask = (frame) => new Promise((done) => {
			const { port1, port2 } = new MessageChannel();
			port1.onmessage = ({ data }) => done(data.kind);
			try { frame.contentWindow.postMessage({ scelle: 1, nonce: "ab".repeat(16) }, "*", [port2]); } catch (e) { done("" + e); }
			setTimeout(done, 700, "silent");
		});
		const put = (set) => new Promise((done) => {
			const frame = document.createElement("iframe");
			set(frame);
			frame.onload = () => done(frame);
			setTimeout(done, 1500, frame);
			document.body.append(frame);
		});
		const answers = [];
		for (const set of [
			(f) => { f.src = url; },
			(f) => { f.sandbox = "allow-scripts"; f.src = url; },
			(f) => { f.sandbox = "allow-scripts allow-same-origin"; f.src = url; },
			(f) => { f.srcdoc = "<iframe src='" + url + "'></iframe>"; },
		]) {
			const frame = await put(set);
			answers.push(await ask(frame));
			if (frame.srcdoc) { const inner = frame.contentDocument.querySelector("iframe"); answers.push(await ask(inner)); }
			frame.remove();
		}
		return answers;
	})()`
	var answers []string
	must(t, w.Page.Eval(strings.Replace(embed, "%URL%", strconv.Quote(w.Browser.ExtensionURL("app/bridge.html")), 1), &answers))
	if len(answers) != 5 {
		t.Fatalf("%d answers", len(answers))
	}
	for _, a := range answers {
		if a != "silent" {
			t.Errorf("a bridge that the page embedded answers %q", a)
		}
	}
}

func focusIn(t *testing.T, p browser.Page, selector string) {
	t.Helper()
	must(t, p.Until(`document.activeElement?.matches("`+selector+`")`))
}

// photograph keeps a screenshot when SCELLE_PICTURES names a folder.
func photograph(t *testing.T, p browser.Page, name string) {
	t.Helper()
	if dir := os.Getenv("SCELLE_PICTURES"); dir != "" {
		must(t, p.Screenshot(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name+".png")))
	}
}
