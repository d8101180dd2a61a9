package e2e

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scelle/scripts/e2e/axe"
	"scelle/scripts/e2e/browser"
)

// root is the repository's.
const root = "../.."

// goldens is where package view keeps every screen in every state.
const goldens = root + "/wasm/internal/view/testdata"

// accessible is a Camera's Check: nothing that axe-core finds in the light
// scheme, in make test-all no text without contrast in the dark one, and a page
// of the portal fits into 320 pixels.
func accessible(t *testing.T) func(browser.Page, string) error {
	t.Helper()
	engine, err := axe.Read(root)
	must(t, err)
	return func(p browser.Page, caption string) error {
		found, err := engine.Check(p)
		if err != nil {
			return err
		}
		if everything {
			looker := p.(browser.Looker)
			must(t, looker.Look(browser.Look{Dark: true, Still: true}))
			dark, err := engine.Contrast(p)
			if err != nil {
				return err
			}
			found = append(found, dark...)
			must(t, looker.Look(browser.Look{}))
		}
		for _, v := range found {
			t.Errorf("%s: %s", caption, v)
		}
		return narrow(t, p, caption)
	}
}

// styled is a Camera's Check: each page has the custom properties of its style
// sheet. The extension's windows have it inside their documents, where a browser
// takes it only if the manifest's policy allows it.
func styled(p browser.Page, caption string) error {
	var paper string
	if err := p.Eval(`getComputedStyle(document.documentElement).getPropertyValue("--paper").trim()`, &paper); err != nil {
		return err
	}
	if paper == "" {
		return fmt.Errorf("%s: no style sheet", caption)
	}
	return nil
}

// narrow looks whether a page of the portal fits into 320 pixels: the screens
// of the extension are looked at by TestEveryState.
func narrow(t *testing.T, p browser.Page, caption string) error {
	t.Helper()
	var was struct {
		Width, Height int64
		Portal        bool
	}
	if err := p.Eval(`({ Width: innerWidth, Height: innerHeight, Portal: location.protocol === "http:" })`, &was); err != nil || !was.Portal {
		return err
	}
	must(t, p.(browser.Looker).Look(browser.Look{Width: 320, Height: 640}))
	fits(t, p, caption, 320)
	return p.(browser.Looker).Look(browser.Look{Width: was.Width, Height: was.Height})
}

// TestEveryState shows every screen of the extension in every state, narrow
// and light in French, in make test-all wide and dark in English too, in the
// browser's own layout:
// axe-core finds nothing, in the second look, where only words and colours
// differ, nothing about contrast; and nothing sticks out of a window of 320
// pixels, which is what 400 % leaves of a usual one (WCAG 1.4.10).
func TestEveryState(t *testing.T) {
	t.Parallel()
	engine, err := axe.Read(root)
	must(t, err)
	p, address := stateServer(t)
	names := stateNames(t)
	for _, v := range []struct {
		lang  string
		check func(browser.Page) ([]axe.Violation, error)
		look  browser.Look
	}{
		{"fr", engine.Check, browser.Look{Width: 320, Height: 3000}},
		{"en", engine.Contrast, browser.Look{Width: 640, Height: 3000, Dark: true, Still: true}},
	} {
		if v.look.Dark && !everything {
			continue
		}
		must(t, p.(browser.Looker).Look(v.look))
		must(t, p.Goto(address+"/app/"+names[0]+"."+v.lang))
		for _, name := range names {
			name += "." + v.lang
			must(t, showState(p, name))
			found, err := v.check(p)
			must(t, err)
			for _, f := range found {
				t.Errorf("%s: %s", name, f)
			}
			fits(t, p, name, v.look.Width)
		}
	}
	for _, page := range pagesOfTheirOwn(t) {
		must(t, p.(browser.Looker).Look(browser.Look{Width: 320, Height: 640}))
		must(t, p.Goto(address+page))
		must(t, p.Eval(`document.querySelectorAll("article:nth-of-type(n+3)").forEach((e) => e.remove())`, nil)) // the same a hundred times
		must(t, accessible(t)(p, page))
		fits(t, p, page, 320)
	}
}

// fits: nothing is wider than the window, and no text is cut off. Tables may
// scroll by themselves (WCAG 1.4.10 lets them), code too.
func fits(t *testing.T, p browser.Page, name string, width int64) {
	t.Helper()
	var out []string
	must(t, p.Eval(`(() => {
		const all = [...document.querySelectorAll("body *")].filter((e) => e.getClientRects().length > 0 && !e.closest("#live, .hidden, .skip, svg"));
		const wide = document.scrollingElement.scrollWidth > innerWidth && all.filter((e) => e.getBoundingClientRect().right > innerWidth + 1);
		const cuts = (e) => getComputedStyle(e).overflowX !== "visible" && e.scrollWidth > e.clientWidth + 1;
		const cut = all.filter((e) => !e.closest(".scroll, .table, thead, pre, progress, input") && cuts(e));
		return [...(wide || []), ...cut].map((e) => e.outerHTML.slice(0, 120));
	})()`, &out))
	if len(out) > 0 {
		t.Errorf("%s, %d pixels wide: %q", name, width, out)
	}
}

// stateServer serves the extension's static files and the states, and returns
// a page of a browser of its own, which has no extension.
func stateServer(t *testing.T) (browser.Page, string) {
	t.Helper()
	files := http.FileServer(http.Dir(root + "/extension"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, "/app/")
		if ok && filepath.Ext(name) != ".css" {
			page, err := statePage(name)
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(page))
			return
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	c, err := browser.Start(t.Context(), browser.Options{UserDataDir: filepath.Join(dir, "profile"), Env: []string{"HOME=" + dir}})
	must(t, err)
	t.Cleanup(c.Close)
	return c.First(), server.URL
}

// statePage is the document that a screen is shown in, with a state such as
// "popup-allow.fr" in the place of the skeleton, and without the scripts.
func statePage(name string) (string, error) {
	golden, err := os.ReadFile(filepath.Join(goldens, filepath.Base(name)+".html"))
	if err != nil {
		return "", err
	}
	state := string(golden)
	if !strings.HasPrefix(state, "<!-- ") {
		return state, nil // a document of its own
	}
	role, _, _ := strings.Cut(name, "-")
	document, err := os.ReadFile(filepath.Join(root, "extension", "app", role+".html"))
	if err != nil {
		document, err = os.ReadFile(filepath.Join(root, "extension", "app", "assistant.html"))
	}
	if err != nil {
		return "", err
	}
	head, rest, _ := strings.Cut(string(document), `<main id="app">`)
	_, foot, ok := strings.Cut(rest, "</main>")
	if !ok {
		return "", fmt.Errorf("%s has no main", role)
	}
	comment, body, _ := strings.Cut(strings.TrimPrefix(state, "<!-- "), " -->\n")
	title, said, _ := strings.Cut(comment, " | ")
	head = strings.Replace(head, "<title>Scellé</title>", "<title>"+title+"</title>", 1)
	head = strings.Replace(head, `lang="fr"`, `lang="`+strings.TrimPrefix(filepath.Ext(name), ".")+`"`, 1)
	foot = strings.Replace(foot, `aria-live="polite"></div>`, `aria-live="polite">`+said+`</div>`, 1)
	return withoutScripts(head) + `<main id="app">` + body + "</main>" + foot, nil
}

var programs = regexp.MustCompile(`<script [^>]*></script>|<link rel="preload"[^>]*>`)

func withoutScripts(html string) string { return programs.ReplaceAllString(html, "") }

// showState puts a state into the page that is there: quicker than to load it.
func showState(p browser.Page, name string) error {
	return p.Eval(fmt.Sprintf(`(async () => {
		const text = await (await fetch("/app/" + %q)).text();
		const fresh = new DOMParser().parseFromString(text, "text/html");
		document.title = fresh.title;
		document.documentElement.lang = fresh.documentElement.lang;
		document.documentElement.dataset.role = fresh.documentElement.dataset.role;
		document.body.replaceWith(document.adoptNode(fresh.body));
		scrollTo(0, 0);
	})()`, name), nil)
}

// stateNames are the states without their language.
func stateNames(t *testing.T) []string {
	t.Helper()
	entries, err := fs.Glob(os.DirFS(goldens), "*.fr.html")
	must(t, err)
	var names []string
	for _, e := range entries {
		if name := strings.TrimSuffix(e, ".fr.html"); name != "record" {
			names = append(names, name)
		}
	}
	if len(names) < 60 {
		t.Fatalf("only %d states", len(names))
	}
	return names
}

// pagesOfTheirOwn are the documents that no module draws.
func pagesOfTheirOwn(t *testing.T) []string {
	t.Helper()
	pages := []string{"/app/record.fr", "/app/record.en"}
	for _, folder := range []string{"gen", "page"} {
		found, err := fs.Glob(os.DirFS(root+"/extension"), folder+"/*.html")
		must(t, err)
		if len(found) < 2 {
			t.Fatalf("%s holds %q", folder, found)
		}
		for _, f := range found {
			pages = append(pages, "/"+f)
		}
	}
	return pages
}
