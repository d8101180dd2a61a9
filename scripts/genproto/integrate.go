package main

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"scelle/scripts/phpportal"
	"scelle/shared/fault"
)

// The guide « Intégrer Scellé » leads a portal's developer through the code of
// the portal in scripts/phpportal, all of it, step by step. Its words are in
// integrate-fr.html and integrate-en.html here; the code is taken from the
// files that the tests run.

//go:embed integrate-fr.html integrate-en.html integrate.html
var integrateTexts embed.FS

// integration is one language's guide in one place.
type integration struct {
	Lang, Other, Title, Translation, Help string
	Style, Icon                           string // addresses; Icon is "" without
	Body                                  template.HTML
	Manuals                               []guideLink
	root                                  string
	err                                   error // the first thing that was not found
}

// integrationPages makes the guide for the extension and for portals.
func integrationPages(src *source) ([]file, error) {
	frame, err := template.ParseFS(integrateTexts, "integrate.html")
	if err != nil {
		return nil, err
	}
	var files []file
	for _, g := range []integration{
		{Lang: "fr", Other: "en", Title: "Intégrer Scellé", Translation: "In English", Help: "Tous les messages et leurs remèdes"},
		{Lang: "en", Other: "fr", Title: "Integrating Scellé", Translation: "En français", Help: "Every message and its remedy"},
	} {
		g.root, g.Manuals = src.root, newManual("integrate", g.Lang, "").Guides
		if err := g.write(); err != nil {
			return nil, err
		}
		for _, place := range places {
			g.Style, g.Icon = place.style, place.icon
			var b bytes.Buffer
			if err := frame.Execute(&b, g); err != nil {
				return nil, err
			}
			files = append(files, file{Path: fmt.Sprintf("%s/integrate-%s.html", place.folder, g.Lang), Data: b.Bytes()})
		}
	}
	return files, nil
}

// write puts the code into the words.
func (g *integration) write() error {
	name := "integrate-" + g.Lang + ".html"
	text, err := integrateTexts.ReadFile(name)
	if err != nil {
		return err
	}
	if g.Lang == "fr" {
		text = []byte(frenchSpaces.Replace(string(text)))
	}
	words, err := template.New(name).Funcs(template.FuncMap{"file": g.file, "step": g.step, "part": g.part, "codes": g.codes}).Parse(string(text))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := words.Execute(&b, g); err != nil {
		return err
	}
	g.Body = template.HTML(b.String())
	return g.err
}

// fail notes the first failure: a template's function has no other way.
func (g *integration) fail(format string, args ...any) {
	if g.err == nil {
		g.err = fmt.Errorf(format, args...)
	}
}

func code(name, text string) template.HTML {
	return template.HTML(fmt.Sprintf("<pre data-file=%q translate=\"no\"><code>%s</code></pre>", name, template.HTMLEscapeString(text)))
}

func (g *integration) php(name string) string {
	text, err := fs.ReadFile(phpportal.Files(), name)
	if err != nil {
		g.fail("%w", err)
	}
	return string(text)
}

// file is a whole file of the portal in PHP.
func (g *integration) file(name string) template.HTML { return code(name, g.php(name)) }

// step is one step of server.php; 0 is what stands before the first.
func (g *integration) step(n int) template.HTML {
	all := stepsOf(g.php("server.php"))
	if n >= len(all) {
		g.fail("server.php has no step %d", n)
		return ""
	}
	return code("server.php", all[n])
}

// stepsOf divides server.php at its comments « Step N ».
func stepsOf(text string) []string {
	var steps []string
	last := 0
	for _, at := range regexp.MustCompile(`(?m)^// Step \d`).FindAllStringIndex(text, -1) {
		steps = append(steps, text[last:at[0]])
		last = at[0]
	}
	return append(steps, text[last:])
}

// part is the statement of a file of this repository that begins with a line.
func (g *integration) part(name, begin string) template.HTML {
	text, err := os.ReadFile(filepath.Join(g.root, filepath.FromSlash(name)))
	if err != nil {
		g.fail("%w", err)
	}
	_, rest, found := strings.Cut("\n"+string(text), "\n"+begin)
	if !found {
		g.fail("%s has no line %q", name, begin)
		return ""
	}
	statement, _, _ := strings.Cut(begin+rest, ";\n")
	if body, _, ok := strings.Cut(begin+rest, "\n});\n"); ok && strings.Contains(body, statement) && strings.HasSuffix(strings.SplitN(begin+rest, "\n", 2)[0], "{") {
		statement = body + "\n})"
	}
	return code(name, statement+";\n")
}

// codes lists the faults with which server.php answers, and what the person
// then reads.
func (g *integration) codes() template.HTML {
	var b strings.Builder
	var codes []string                // in the order of the text
	statuses := map[string][]string{} // the HTTP statuses that go with a code
	for _, m := range regexp.MustCompile(`refuse\((\d+), '([a-z0-9-]+)'`).FindAllStringSubmatch(g.php("server.php"), -1) {
		status, code := m[1], m[2]
		if statuses[code] == nil {
			codes = append(codes, code)
		}
		if !slices.Contains(statuses[code], status) {
			statuses[code] = append(statuses[code], status)
		}
	}
	for _, code := range codes {
		text := fault.Code(code).Text(g.Lang)
		if text == "" {
			g.fail("server.php answers with %s, which is no code", code)
		}
		slices.Sort(statuses[code])
		fmt.Fprintf(&b, "<tr><td><a href=\"help-%s.html#%s\"><code translate=\"no\">%s</code></a></td><td>%s</td><td>%s</td></tr>\n", g.Lang, code, code, strings.Join(statuses[code], ", "), template.HTMLEscapeString(text))
	}
	return template.HTML(b.String())
}
