package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/evil"
)

// outsiders are pages that nobody can allow: of an address that is not secure,
// and of no site at all. The extension hears nothing of them, and its popup
// offers nothing over them.
func (h *hostile) outsiders() {
	dir := filepath.Join(h.World.Dir, "site")
	must(h.t, evil.Files(dir))
	for _, from := range []struct{ name, url string }{
		{"a page over plain http", h.evil.Insecure + "/"},
		{"a page that is a file", "file://" + filepath.Join(dir, "index.html")},
	} {
		p := h.open(from.url)
		must(h.t, p.Until(`document.documentElement.dataset.attacks`))
		h.attackAs(from.name+" is not answered", p, "whoever is outside is not answered")
		h.case_(from.name+" cannot be allowed", func(t *testing.T) { h.offersNothing(t, p) })
		p.Close()
	}
}

// offersNothing opens the popup over a page. The control is older: over a page that
// could be allowed it was by a click on what is missing here.
func (h *hostile) offersNothing(t *testing.T, p browser.Page) {
	t.Helper()
	popup, err := h.Browser.Popup(p)
	must(t, err)
	must(t, popup.Until(`document.querySelector("ul.keys")`)) // all is known by now
	must(t, popup.Gone("#allow, #forget"))
	must(t, popup.Shut())
}

// leading: pages of the extension are no address that a page can go to, or
// that it can have a person's click open. Own pages are, by the same means.
func (h *hostile) leading() {
	own := h.evil.Allowed + "/frame.html#own"
	paths := []string{"app/popup.html", "app/assistant.html#" + strings.Repeat("0", 32), "app/options.html", "app/backup.html", "app/opening.html#" + strings.Repeat("0", 32)}
	h.case_("pages of the extension are no address to go to", func(t *testing.T) {
		victim := h.open(h.evil.Allowed + "/")
		defer victim.Close()
		must(t, victim.Eval(fmt.Sprintf(`setTimeout(() => location.href = %q), true`, own), nil))
		must(t, victim.Until(`location.hash === "#own"`))
		for _, path := range paths {
			must(t, victim.Goto(h.evil.Allowed+"/"))
			_ = victim.Eval(fmt.Sprintf(`location.href = %q, true`, h.Browser.ExtensionURL(path)), nil) // the browser may say no right here
			h.noneOfOurs(t, path)
		}
	})
	h.case_("pages of the extension are not opened by a click", func(t *testing.T) {
		for _, url := range []string{own, h.Browser.ExtensionURL(paths[1]), h.Browser.ExtensionURL(paths[2])} {
			h.config["url"] = url
			h.step(t, h.allowed, "opening at the next click")
			must(t, h.allowed.Click("#victim"))
			if url == own {
				h.isOpen(t, url)
			} else {
				h.noneOfOurs(t, url)
			}
			h.step(t, h.allowed, "closing what was opened")
		}
	})
}

// noneOfOurs: beside the bridge no document of the extension is there, nor comes.
func (h *hostile) noneOfOurs(t *testing.T, what string) {
	t.Helper()
	time.Sleep(300 * time.Millisecond)
	if open, n := h.ofExtension(t), h.assistants(t); len(open) != 1 || n != 0 {
		t.Errorf("a page got to %s: %q, %d assistants", what, open, n)
	}
}

// isOpen waits for a document.
func (h *hostile) isOpen(t *testing.T, url string) {
	t.Helper()
	if !eventually(func() bool {
		urls, err := h.seen.Documents()
		must(t, err)
		return slices.Contains(urls, url)
	}) {
		t.Errorf("%s is not opened", url)
	}
}
