package main

import (
	"bytes"
	"fmt"
	"html/template"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
)

// A guide has one entry for each fault, each check and each finding about a
// key, with the code as its anchor. It is static HTML without a script, so that it opens offline and
// under any policy; opened at an anchor it shows that entry alone, where the
// browser knows :has().
type guide struct {
	Lang, Other string // of this page, and of its translation
	Title       string
	Intro       string
	All         string // leads from one entry to all
	Translation string
	Integrate   string // leads to the guide for portals' developers
	Remedy      string // heading of what to do
	Style       string // address of the style sheet
	Icon        string // address of the mark, "" without
	Groups      []guideGroup
	Manuals     []guideLink // the other guides, where the extension has them
}

type guideGroup struct {
	Title   string
	Entries []guideEntry
}

type guideEntry struct{ Code, Cause, Remedy string }

var guideTemplate = template.Must(template.New("guide").Parse(`<!doctype html>
<html data-role="guide" lang="{{.Lang}}">
  <head>
    <meta charset="utf-8">
    <meta name="generator" content="scripts/genproto, from shared/fault, shared/checkup and shared/keyhealth">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="referrer" content="no-referrer">
    <title>{{.Title}}</title>
{{- if .Icon}}
    <link rel="icon" href="{{.Icon}}" type="image/svg+xml">
{{- end}}
    <link rel="stylesheet" href="{{.Style}}">
  </head>
  <body>
    <main id="app">
      <header class="bar">{{if .Icon}}<img class="seal" src="{{.Icon}}" width="32" height="32" alt="">{{end}}<h1>{{.Title}}</h1></header>
      <p class="intro">{{.Intro}} <a href="help-{{.Other}}.html" lang="{{.Other}}" hreflang="{{.Other}}">{{.Translation}}</a>{{if not .Icon}} · <a href="integrate-{{.Lang}}.html">{{.Integrate}}</a>{{end}}</p>
{{- if .Icon}}
      <nav class="guides" aria-label="Guides"><ul>{{range .Manuals}}<li><a href="{{.Address}}"{{if .Here}} aria-current="page"{{end}}>{{.Title}}</a></li>{{end}}</ul></nav>
{{- end}}
{{- range .Groups}}
      <section class="group">
        <h2>{{.Title}}</h2>
{{- range .Entries}}
        <article id="{{.Code}}">
          <h3>{{.Cause}}</h3>
          <p><strong>{{$.Remedy}}</strong> {{.Remedy}}</p>
          <p class="code"><code translate="no">{{.Code}}</code> · <a href="help-{{$.Other}}.html#{{.Code}}" lang="{{$.Other}}" hreflang="{{$.Other}}">{{$.Translation}}</a><span class="all"> · <a href="help-{{$.Lang}}.html">{{$.All}}</a></span></p>
        </article>
{{- end}}
      </section>
{{- end}}
    </main>
  </body>
</html>
`))

// places are where guides stand, with their style sheet and their mark.
var places = []struct{ folder, style, icon string }{
	{"extension/gen", "../app/scelle.css", "../icons/seal.svg"}, {"extension/page", "help.css", ""},
}

// helpPages makes the guides: the extension's own, in its style, and the same
// for portals to publish beside scelle.js.
func helpPages(*source) ([]file, error) {
	var files []file
	for _, lang := range []string{"fr", "en"} {
		g := newGuide(lang)
		for _, place := range places {
			g.Style, g.Icon = place.style, place.icon
			var b bytes.Buffer
			if err := guideTemplate.Execute(&b, g); err != nil {
				return nil, err
			}
			files = append(files, file{Path: fmt.Sprintf("%s/help-%s.html", place.folder, lang), Data: b.Bytes()})
		}
	}
	return files, nil
}

func newGuide(lang string) guide {
	g := guide{
		Lang: "en", Other: "fr", Title: "Scellé guide: causes and remedies", Translation: "En français", All: "All entries", Integrate: "For developers of portals", Remedy: "What to do:",
		Intro: "Every message of Scellé, every check of “Test my computer’s configuration” and every remark about a key, with its cause and what to do.",
	}
	if lang == "fr" {
		g = guide{
			Lang: "fr", Other: "en", Title: "Guide de Scellé\u00a0: causes et remèdes", Translation: "In English", All: "Tout le guide", Integrate: "Pour les développeurs de portails", Remedy: "Que faire\u00a0:",
			Intro: "Chaque message de Scellé, chaque contrôle de «\u00a0Tester la configuration de mon poste\u00a0» et chaque remarque sur une clé, avec sa cause et ce qu’il faut faire.",
		}
	}
	g.Manuals = newManual("help", lang, "").Guides
	titles := groupTitles(lang)
	for _, group := range []fault.Group{fault.Setup, fault.Store, fault.Key, fault.Envelope, fault.Flow, fault.Developer} {
		out := guideGroup{Title: titles[string(group)]}
		for _, c := range fault.Codes() {
			if c.Group() == group {
				out.Entries = append(out.Entries, guideEntry{string(c), c.Text(lang), c.Remedy(lang)})
			}
		}
		g.Groups = append(g.Groups, out)
	}
	for _, maker := range []checkup.Maker{checkup.Host, checkup.Extension} {
		out := guideGroup{Title: titles[string(maker)]}
		for _, c := range checkup.Of(maker) {
			out.Entries = append(out.Entries, guideEntry{string(c), c.Cause(lang), c.Remedy(lang)})
		}
		g.Groups = append(g.Groups, out)
	}
	keys := guideGroup{Title: titles["keyhealth"]}
	for _, c := range keyhealth.Codes() {
		keys.Entries = append(keys.Entries, guideEntry{string(c), c.Title(lang), c.Remedy(lang)})
	}
	g.Groups = append(g.Groups, keys)
	return g
}

func groupTitles(lang string) map[string]string {
	if lang == "fr" {
		return map[string]string{
			"setup": "Installer, autoriser, mettre à jour", "store": "Le magasin de certificats et les cartes", "key": "Les clés et leurs fichiers",
			"envelope": "Les plis", "flow": "Le déroulement", "developer": "Pour les développeurs",
			"host": "Contrôles du poste", "extension": "Contrôles de l’extension", "keyhealth": "La santé des clés",
		}
	}
	return map[string]string{
		"setup": "Installing, allowing, updating", "store": "The certificate store and cards", "key": "Keys and their files",
		"envelope": "Submissions", "flow": "What was going on", "developer": "For developers",
		"host": "Checks of the computer", "extension": "Checks of the extension", "keyhealth": "The health of keys",
	}
}
