package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
)

// transfer gives all plis to a new key before the deadline. No content leaves
// the portal, and the old key opens nothing any more.
func transfer(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.GoKeys())
	must(t, w.AddLocal("Clé suivante", false))
	a := startTransfer(t, w)
	must(t, a.Says("h1", "3 plis"))
	must(t, a.Says("#transfer-to", "Clé suivante"))
	must(t, a.Screenshot(filepath.Join(pictures(t), "transfer-consent.png")))
	must(t, a.Click("#use-key"))
	must(t, a.Says("#transfer", "3 sur 3"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Visible(`tr[data-transfers="3"]`))
	must(t, w.Page.Screenshot(filepath.Join(pictures(t), "portal-transfers.png")))
	var asked []string
	must(t, w.Page.Eval("window.asked", &asked))
	heads := 0
	for _, address := range asked {
		if strings.HasSuffix(address, "/content") {
			t.Errorf("before the deadline, the page asked for %s", address)
		}
		if strings.HasSuffix(address, "/head") {
			heads++
		}
	}
	lines, err := w.World.Run(w.World.Host, "journal", "export", "--json")
	must(t, err)
	if n := strings.Count(string(lines), `"rewrap"`); n != 3 || heads != 3 {
		t.Errorf("%d headers, %d lines of the journal", heads, n)
	}
	must(t, w.GoKeys())
	must(t, w.Page.Visible(journey.RowOf("Clé de Camille Lefort")+`[data-plis="0"]`))
	must(t, w.Page.Visible(journey.RowOf("Clé suivante")+`[data-plis="3"]`))
}

// startTransfer asks for all plis of the first key to go to the new one, and
// notes the addresses that the page asks for.
func startTransfer(t *testing.T, w *journey.Walk) browser.Page {
	t.Helper()
	must(t, w.Page.Goto(w.World.Origin+"/transferts"))
	must(t, w.Online())
	must(t, w.Page.Eval(`(() => {
		const real = window.fetch;
		window.asked = [];
		window.fetch = (input, init) => { window.asked.push(String(input?.url ?? input)); return real(input, init); };
		const from = document.querySelector("#from");
		from.value = [...from.options].find((o) => o.textContent.startsWith("Clé de Camille Lefort")).value;
		from.dispatchEvent(new Event("change", { bubbles: true }));
		[...document.querySelectorAll("[data-target]")].find((l) => l.textContent.includes("Clé suivante")).querySelector("input").click();
	})()`, nil))
	must(t, w.Page.Click("#transfer-form button"))
	a, err := w.Browser.Assistant()
	must(t, err)
	return a
}

// TestInterruptedTransfer: the browser dies in the middle of a transfer; what
// the portal took stays with the new key, and only the rest is asked for again.
// After the deadline the key is tried on the whole content.
func TestInterruptedTransfer(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	must(t, w.Login(journey.Company))
	for _, name := range []string{"a.txt", "b.txt", "c.txt"} {
		file, err := journey.WriteFile(w.World.Home, name, []byte(strings.Repeat(name, 100_000)))
		must(t, err)
		must(t, w.Deposit(file))
	}
	must(t, w.Login(journey.Agent))
	must(t, w.GoKeys())
	must(t, w.AddLocal("Clé suivante", false))
	must(t, w.CloseTender())
	a := startTransfer(t, w)
	must(t, a.Visible("#use-key"))
	must(t, w.Page.Eval(`(() => {
		const real = window.fetch;
		let taken = 0;
		window.fetch = async (input, init) => {
			const change = String(input?.url ?? input).endsWith("/recipients");
			if (change && ++taken > 1) return new Promise(() => {});
			const answer = await real(input, init);
			if (change) window.taken = true;
			return answer;
		};
	})()`, nil))
	must(t, a.Click("#use-key"))
	must(t, w.Page.Until("window.taken"))
	w.Browser.Close()
	w = browse(t, w.World)
	must(t, w.GoKeys())
	must(t, w.Allow())
	a = startTransfer(t, w)
	must(t, a.Says("h1", "2 plis"))
	must(t, a.Click("#use-key"))
	must(t, a.Says("#transfer", "2 sur 2"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Says("#transfers", "3 sur 3"))
	must(t, w.GoTender())
	must(t, w.OpenPlis(false))
}
