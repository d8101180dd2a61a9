package view_test

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/storename"
	"scelle/wasm/internal/text"
)

// pseudo is a language that nobody speaks: English between brackets. It is
// added as a real one would be.
func pseudo(t *testing.T) {
	t.Helper()
	texts := *text.Languages[len(text.Languages)-1].Texts
	for i, s := range texts {
		if s != "" {
			texts[i] = "⟦" + s + "⟧"
		}
	}
	was := text.Languages
	t.Cleanup(func() { text.Languages = was })
	language := *was[len(was)-1]
	language.Code, language.Name, language.Texts = "qps", "⟦pseudo⟧", &texts
	language.At = func(day, clock string) string { return "⟦" + day + " " + clock + "⟧" }
	language.Units = [5]string{"⟦B⟧", "⟦kB⟧", "⟦MB⟧", "⟦GB⟧", "⟦TB⟧"}
	text.Languages = append([]*text.Language{&language}, was...)
}

// Text nodes, and attributes that are read out.
var (
	textNode = regexp.MustCompile(`>([^<>]+)<`)
	readOut  = regexp.MustCompile(` (?:aria-label|alt|placeholder|title)="([^"]*)"`)
)

// proper reports whether a text is no view's: the sentences of faults,
// checks and key health, and the names of stores, have tables of their own.
func proper(s string) bool {
	for _, code := range fault.Codes() {
		s = strings.NewReplacer(code.Text("en"), "", code.Remedy("en"), "").Replace(s)
	}
	for _, c := range checkup.Checks() {
		s = strings.NewReplacer(c.Cause("en"), "", c.Remedy("en"), "", c.Title("en"), "").Replace(s)
	}
	for _, c := range keyhealth.Codes() {
		f := keyhealth.Finding{Code: c, Tender: "2026-T-042"} // the scenes' tender
		s = strings.NewReplacer(f.Text("en"), "", c.Remedy("en"), "").Replace(s)
	}
	for _, name := range storename.AllIn("en", []string{storename.NSS, storename.Windows, storename.MacOS}) {
		s = strings.ReplaceAll(s, name, "")
	}
	return !strings.ContainsFunc(s, unicode.IsLetter)
}

// TestThirdLanguage draws every screen in a language that was added: what is
// not between its brackets is written into a view and cannot be translated.
func TestThirdLanguage(t *testing.T) {
	data := map[string]bool{}
	for _, sc := range scenes() { // what both languages say alike is data
		en := words(draw(t, sc, "en"))
		for _, s := range words(draw(t, sc, "fr")) {
			for _, e := range en {
				if s == e {
					data[s] = true
				}
			}
		}
	}
	copied := text.For("en").S(text.BackupFileName) + "- " // a file's name has dashes for brackets
	pseudo(t)
	seen := 0
	for _, sc := range scenes() {
		for _, s := range words(draw(t, sc, "qps")) {
			seen++
			if !strings.Contains(s, "⟦") && !strings.HasPrefix(s, copied) && !data[s] && !proper(s) {
				t.Errorf("%s: %q stands in no catalogue", sc.name, s)
			}
		}
	}
	if seen < 1000 {
		t.Errorf("only %d texts", seen)
	}
}

// words are the texts of a page.
func words(html string) []string {
	var all []string
	for _, re := range []*regexp.Regexp{textNode, readOut} {
		for _, m := range re.FindAllStringSubmatch(html, -1) {
			if s := strings.TrimSpace(m[1]); strings.ContainsFunc(s, unicode.IsLetter) {
				all = append(all, s)
			}
		}
	}
	return all
}
