package journey

import (
	"fmt"
	"html/template"
	"os"
	"path/filepath"

	"scelle/scripts/e2e/browser"
)

// Camera takes a picture of each step and shows them in order, with captions,
// on one page. The zero Camera takes none.
type Camera struct {
	Dir   string
	Check func(p browser.Page, caption string) error // looks at each page that is pictured, when set
	shots []shot
}

// shot is one picture.
type shot struct{ File, Caption string }

// Take takes a picture; the caption says what a person did and sees.
func (c *Camera) Take(p browser.Page, caption string) error {
	if c.Dir == "" {
		return nil
	}
	s := shot{File: fmt.Sprintf("%02d.png", len(c.shots)+1), Caption: caption}
	if err := p.Screenshot(filepath.Join(c.Dir, s.File)); err != nil {
		return err
	}
	c.shots = append(c.shots, s)
	if c.Check != nil {
		return c.Check(p, caption)
	}
	return nil
}

// Count is the number of pictures taken.
func (c *Camera) Count() int { return len(c.shots) }

var album = template.Must(template.New("index").Parse(`<!doctype html>
<html lang="fr">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Scellé : le parcours en images</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
figure { margin: 0 0 3rem; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
img { max-width: 100%; border: 1px solid #8888; border-radius: 6px; }
</style>
<h1>Scellé : le parcours en images</h1>
{{range $i, $s := .}}<figure><figcaption>{{$s.Caption}}</figcaption><img src="{{$s.File}}" alt="{{$s.Caption}}" loading="lazy"></figure>
{{end}}</html>
`))

// Index writes index.html beside the pictures.
func (c *Camera) Index() (string, error) {
	name := filepath.Join(c.Dir, "index.html")
	f, err := os.Create(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return name, album.Execute(f, c.shots)
}
