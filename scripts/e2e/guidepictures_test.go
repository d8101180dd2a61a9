package e2e

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
)

var takeAnew = flag.Bool("update", false, "take the guides' pictures anew")

// Where the guides' pictures lie, what is noted of them, and the texts that
// name them.
const (
	guidePictures = root + "/extension/gen/pictures"
	pictureNotes  = root + "/scripts/genproto/guides/pictures.json"
	guideTexts    = root + "/scripts/genproto/guides/*.html"
)

// pictureNote is what scripts/genproto reads of a picture.
type pictureNote struct {
	Width  int64  `json:"width"` // CSS pixels
	Height int64  `json:"height"`
	Screen string `json:"screen"` // SHA-256 of the golden page
	Style  string `json:"style"`  // SHA-256 of scelle.css
}

// TestGuidePictures takes, with -update, the pictures of the guides: each
// screen in Chromium, in its own document and style. Without it, make test-all
// tells when the style is another than in the pictures; that a screen is, a
// test of scripts/genproto tells, which needs no browser.
func TestGuidePictures(t *testing.T) {
	style := sumOf(t, root+"/extension/app/scelle.css")
	if *takeAnew {
		takeGuidePictures(t, style)
		return
	}
	lengthy(t)
	text, err := os.ReadFile(pictureNotes)
	must(t, err)
	var notes map[string]pictureNote
	must(t, json.Unmarshal(text, &notes))
	for name, n := range notes {
		if n.Style != style {
			t.Fatalf("the style sheet is another than in the picture %s: run this test with -update, then make gen", name)
		}
	}
}

func takeGuidePictures(t *testing.T, style string) {
	t.Helper()
	must(t, os.RemoveAll(guidePictures))
	must(t, os.MkdirAll(guidePictures, 0o755))
	p, address := stateServer(t)
	notes := map[string]pictureNote{}
	for _, name := range picturedScreens(t) {
		for _, lang := range []string{".fr", ".en"} {
			look := browser.Look{Width: 560, Height: 3000, Scale: 1.25, Still: true} // tall: no scroll bar takes room
			if strings.HasPrefix(name, "popup-") {
				look.Width = 360
			}
			must(t, p.Goto(address+"/app/"+name+lang))
			must(t, p.(browser.Looker).Look(look))
			must(t, p.Eval(`Math.ceil(document.body.getBoundingClientRect().bottom)`, &look.Height))
			shot := shoot(t, p, look, filepath.Join(t.TempDir(), "shot.png"))
			notes[name+lang] = pictureNote{look.Width, look.Height, sumOf(t, filepath.Join(goldens, name+lang+".html")), style}
			var b bytes.Buffer
			must(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, fewColours(shot)))
			must(t, os.WriteFile(filepath.Join(guidePictures, name+lang+".png"), b.Bytes(), 0o644))
		}
	}
	text, err := json.MarshalIndent(notes, "", "  ")
	must(t, err)
	must(t, os.WriteFile(pictureNotes, append(text, '\n'), 0o644))
}

// picturedScreens are the screens that the guides' texts name.
func picturedScreens(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(guideTexts)
	must(t, err)
	names := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, m := range regexp.MustCompile(`\{\{screen "([^"]+)"`).FindAllSubmatch(text, -1) {
			names[string(m[1])] = true
		}
	}
	if len(names) < 10 {
		t.Fatalf("only %d screens", len(names))
	}
	return slices.Sorted(maps.Keys(names))
}

func sumOf(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	h := sha256.Sum256(text)
	return hex.EncodeToString(h[:])
}

// fewColours keeps the 16 most frequent colours and gives every other pixel the
// nearest of them: a fraction of the bytes, and hardly seen on such screens.
func fewColours(m image.Image) *image.Paletted {
	counts := map[color.RGBA]int{}
	b := m.Bounds()
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(m.At(x, y)).(color.RGBA) }
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			counts[at(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(16, len(all))] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range all {
		nearest[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(b, palette)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[at(x, y)])
		}
	}
	return out
}

// keysPicture compares the portal's page of keys with the words beside its
// picture in the README, without figures, which change; with -update it takes
// both anew.
func keysPicture(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.Login(journey.Agent))
	must(t, w.GoKeys())
	must(t, w.Online())
	must(t, w.Page.Until(`document.querySelectorAll("[data-present=yes]").length === 3`))
	var words string
	must(t, w.Page.Eval(`document.querySelector("main").innerText`, &words))
	words = regexp.MustCompile(`[0-9a-f]{12}…|\d+`).ReplaceAllString(words, "#") + "\n"
	file := root + "/scripts/demo/pictures/keys"
	if *takeAnew {
		shot := shoot(t, w.Page, browser.Look{Width: 1280, Height: 800}, file+".png")
		var b bytes.Buffer
		must(t, (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, fewColours(shot)))
		must(t, os.WriteFile(file+".png", b.Bytes(), 0o644))
		must(t, os.WriteFile(file+".txt", []byte(words), 0o644))
	}
	want, err := os.ReadFile(file + ".txt")
	must(t, err)
	if words != string(want) {
		t.Errorf("the page of keys is no longer as in the README's picture, take it anew with -update: it says\n%s\nand said\n%s", words, want)
	}
}
