package e2e

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
)

// looks are the ways in which the screens are looked at.
var looks = []struct {
	name, lang string
	columns    int
	look       browser.Look
}{
	{"usual", "fr", 3, browser.Look{Width: 560, Height: 760}},
	{"dark", "en", 3, browser.Look{Width: 560, Height: 760, Dark: true}},
	{"narrow", "fr", 6, browser.Look{Width: 320, Height: 640}},
	{"double", "en", 3, browser.Look{Width: 280, Height: 400, Scale: 2}},
	{"wide", "fr", 2, browser.Look{Width: 1280, Height: 800}},
	{"forced", "fr", 3, browser.Look{Width: 560, Height: 760, Forced: true}},
	{"print", "fr", 3, browser.Look{Width: 700, Height: 900, Media: "print"}},
}

// TestPictures draws every state of every screen in several looks, on contact
// sheets for a person to look at. It runs only when SCELLE_PICTURES names a
// folder; SCELLE_SCENE picks the states that begin so, SCELLE_LOOK one look.
func TestPictures(t *testing.T) {
	out := os.Getenv("SCELLE_PICTURES")
	if out == "" {
		t.Skip("set SCELLE_PICTURES to a folder to get pictures")
	}
	p, address := stateServer(t)
	for _, l := range looks {
		if only := os.Getenv("SCELLE_LOOK"); only != "" && only != l.name {
			continue
		}
		must(t, p.(browser.Looker).Look(l.look))
		var shots []image.Image
		for _, name := range stateNames(t) {
			if !strings.HasPrefix(name, os.Getenv("SCELLE_SCENE")) {
				continue
			}
			must(t, p.Goto(address+"/app/"+name+"."+l.lang))
			shots = append(shots, shoot(t, p, l.look, filepath.Join(out, l.name+"-"+name+".png")))
		}
		for n := 0; len(shots) > 0; n++ {
			take := min(2*l.columns, len(shots))
			sheet(t, filepath.Join(out, fmt.Sprintf("sheet-%s-%02d.png", l.name, n+1)), l.columns, shots[:take])
			shots = shots[take:]
		}
	}
}

// TestPictureDocuments draws the documents that no module draws, help pages
// without the entries after the fifth: the same a hundred times.
func TestPictureDocuments(t *testing.T) {
	out := os.Getenv("SCELLE_PICTURES")
	if out == "" {
		t.Skip("set SCELLE_PICTURES to a folder to get pictures")
	}
	p, address := stateServer(t)
	for _, l := range looks {
		for _, page := range pagesOfTheirOwn(t) {
			must(t, p.(browser.Looker).Look(l.look))
			must(t, p.Goto(address+page))
			must(t, p.Eval(`document.querySelectorAll("article:nth-of-type(n+6)").forEach((e) => e.remove())`, nil))
			name := strings.ReplaceAll(strings.Trim(page, "/"), "/", "-")
			shoot(t, p, l.look, filepath.Join(out, "document-"+name+"-"+l.name+".png"))
		}
	}
}

// TestPortalPictures draws the pages of the reference portal in the same looks,
// as a person comes by them.
func TestPortalPictures(t *testing.T) {
	out := os.Getenv("SCELLE_PICTURES")
	if out == "" {
		t.Skip("set SCELLE_PICTURES to a folder to get pictures")
	}
	w := begin(t)
	w.Camera = &journey.Camera{Dir: t.TempDir()}
	w.Camera.Check = func(p browser.Page, caption string) error {
		var was browser.Look
		var portal bool
		must(t, p.Eval(`location.protocol === "http:"`, &portal))
		if !portal {
			return nil
		}
		must(t, p.Eval(`({ Width: innerWidth, Height: innerHeight })`, &was))
		for _, l := range looks {
			shoot(t, p, l.look, filepath.Join(out, fmt.Sprintf("portal-%02d-%s.png", w.Camera.Count(), l.name)))
		}
		return p.(browser.Looker).Look(was)
	}
	must(t, journey.All(w))
	inEnglish(t, w, out)
}

// inEnglish draws the pages of the portal in English, for all who see them.
func inEnglish(t *testing.T, w *journey.Walk, out string) {
	t.Helper()
	pages := []string{"/consultations", "/consultations/pont-2027", "/telechargements", "/nothing"}
	for who, paths := range map[string][]string{
		journey.Agent:   append(pages, "/administration/service/cles", "/transferts", "a[href^='/depots/']", "a[href^='/proces-verbaux/']"),
		journey.Company: append(pages, "a[href^='/depots/']"),
		"":              {"/connexion", "/telechargements"},
	} {
		if who != "" {
			must(t, w.Login(who))
		} else {
			must(t, w.Page.Eval(`document.querySelector('form[action="/deconnexion"] button').click()`, nil))
		}
		must(t, w.Page.Until(`!!document.querySelector('.languages button[value=en]')`))
		must(t, w.Page.Click(`.languages button[value=en]`))
		must(t, w.Page.Until(`document.documentElement.lang === "en"`))
		for n, path := range paths {
			if strings.HasPrefix(path, "a[") {
				must(t, w.Page.Goto(w.World.Origin+"/consultations/pont-2027"))
				must(t, w.Page.Eval(fmt.Sprintf("document.querySelector(%q)?.getAttribute('href') ?? ''", path), &path))
			}
			must(t, w.Page.Goto(w.World.Origin+path))
			must(t, w.Page.Until(`!["checking"].includes(document.querySelector("#assistant")?.dataset.state)`))
			for _, l := range looks {
				shoot(t, w.Page, l.look, filepath.Join(out, fmt.Sprintf("portal-en-%s-%d-%s.png", who, n, l.name)))
			}
			must(t, w.Page.(browser.Looker).Look(browser.Look{Width: 1280, Height: 800}))
		}
	}
}

func shoot(t *testing.T, p browser.Page, look browser.Look, path string) image.Image {
	t.Helper()
	must(t, p.(browser.Looker).Look(look))
	var height int64
	must(t, p.Eval(`document.scrollingElement.scrollHeight`, &height))
	look.Height = max(look.Height, height) // so that what sticks to the window's edge is at the page's end
	must(t, p.(browser.Looker).Look(look))
	must(t, p.Screenshot(path))
	b, err := os.ReadFile(path)
	must(t, err)
	img, err := png.Decode(bytes.NewReader(b))
	must(t, err)
	return img
}

// sheet lays pictures out in columns on grey.
func sheet(t *testing.T, path string, columns int, shots []image.Image) {
	t.Helper()
	const gap = 12
	width := shots[0].Bounds().Dx() + gap
	rows := (len(shots) + columns - 1) / columns
	tops := make([]int, rows+1)
	for r := range rows {
		tops[r+1] = tops[r]
		for _, s := range shots[r*columns : min(len(shots), (r+1)*columns)] {
			tops[r+1] = max(tops[r+1], tops[r]+s.Bounds().Dy()+gap)
		}
	}
	out := image.NewRGBA(image.Rect(0, 0, columns*width, tops[rows]))
	draw.Draw(out, out.Bounds(), image.NewUniform(color.Gray{0x88}), image.Point{}, draw.Src)
	for i, s := range shots {
		at := image.Pt(i%columns*width, tops[i/columns])
		draw.Draw(out, s.Bounds().Add(at), s, s.Bounds().Min, draw.Src)
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, out))
	must(t, os.WriteFile(path, b.Bytes(), 0o644))
}
