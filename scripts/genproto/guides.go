package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"os"
	"path/filepath"
	"strings"
)

// The guides for people: agents, companies, IT departments, and the statement
// on accessibility. Their words are in guides/ here, that for IT departments in
// extension/store/deployment.md. Their pictures are of the screens, in the
// reader's language, and never older than those (pictures.go).

//go:embed guides
var guideTexts embed.FS

// screens is the folder of the screens, relative to the root.
const screens = "wasm/internal/view/testdata"

// manual is one language's guide.
type manual struct {
	Name, Lang, Other, Title, Translation, Label string
	Guides                                       []guideLink
	Body                                         template.HTML
	root                                         string
	pictures                                     map[string]picture // by name and language
	err                                          error              // the first thing that was not found
}

type guideLink struct {
	Address, Title string
	Here           bool
}

// written is how many of manuals are made here.
const written = 4

// manuals are the guides' names, and their titles in French and English.
var manuals = [][3]string{
	{"guide-agent", "Guide de l’agent", "Agent’s guide"},
	{"guide-company", "Guide de l’entreprise", "Company’s guide"},
	{"guide-deployment", "Guide de déploiement", "Deployment guide"},
	{"guide-accessibility", "Déclaration d’accessibilité", "Accessibility statement"},
	{"integrate", "Intégrer Scellé", "Integrating Scellé"},
	{"help", "Causes et remèdes", "Causes and remedies"},
}

// manualPages makes the guides.
func manualPages(src *source) ([]file, error) {
	frame, err := template.ParseFS(guideTexts, "guides/frame.html")
	if err != nil {
		return nil, err
	}
	pictures, err := readPictures(src.root)
	if err != nil {
		return nil, err
	}
	var files []file
	for _, lang := range []string{"fr", "en"} {
		for _, m := range manuals[:written] {
			g := newManual(m[0], lang, src.root)
			g.pictures = pictures
			if err := g.write(); err != nil {
				return nil, err
			}
			var b bytes.Buffer
			if err := frame.Execute(&b, g); err != nil {
				return nil, err
			}
			files = append(files, file{Path: fmt.Sprintf("extension/gen/%s-%s.html", m[0], lang), Data: b.Bytes()})
		}
	}
	return files, nil
}

func newManual(name, lang, root string) *manual {
	g := &manual{Name: name, Lang: "fr", Other: "en", Translation: "In English", Label: "Guides", root: root}
	column := 1
	if lang != "fr" {
		g.Lang, g.Other, g.Translation, column = "en", "fr", "En français", 2
	}
	for _, m := range manuals {
		g.Guides = append(g.Guides, guideLink{m[0] + "-" + g.Lang + ".html", m[column], m[0] == name})
		if m[0] == name {
			g.Title = m[column]
		}
	}
	return g
}

// frenchSpaces are the no-break spaces that French punctuation wants.
var frenchSpaces = strings.NewReplacer(" :", "\u00a0:", "« ", "«\u00a0", " »", "\u00a0»", " ;", "\u202f;", " !", "\u202f!", " ?", "\u202f?", " %", "\u00a0%")

// write puts the screens into the words.
func (g *manual) write() error {
	words, err := g.words()
	if err != nil {
		return err
	}
	if g.Lang == "fr" {
		words = frenchSpaces.Replace(words)
	}
	t, err := template.New(g.Name).Funcs(template.FuncMap{"screen": g.screen}).Parse(words)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, nil); err != nil {
		return err
	}
	g.Body = template.HTML(b.String())
	return g.err
}

func (g *manual) words() (string, error) {
	if g.Name == "guide-deployment" {
		return g.deployment()
	}
	text, err := guideTexts.ReadFile("guides/" + strings.TrimPrefix(g.Name, "guide-") + "-" + g.Lang + ".html")
	return string(text), err
}

// deployment is one language's half of deployment.md, after the table that
// both share.
func (g *manual) deployment() (string, error) {
	text, err := os.ReadFile(filepath.Join(g.root, "extension", "store", "deployment.md"))
	if err != nil {
		return "", err
	}
	parts := map[string]string{}
	for _, part := range strings.Split(string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(part, "\n")
		parts[heading] = body
	}
	versions, own, table := "Versions minimales", parts["Français"], parts["Versions minimales / Minimum versions"]
	if g.Lang == "en" {
		versions, own = "Minimum versions", parts["English"]
	}
	if own == "" || table == "" {
		return "", fmt.Errorf("deployment.md has not the headings that are expected")
	}
	return markdown("## "+versions+"\n"+table+"\n"+own, g.Lang), nil
}
