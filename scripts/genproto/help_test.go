package main

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
)

// guides are the folders that hold a guide.
var guides = []string{"extension/gen", "extension/page"}

// entryOf is one code's part of a guide.
func entryOf(t *testing.T, text, code string) string {
	t.Helper()
	begin := fmt.Sprintf(`<article id="%s">`, code)
	if n := strings.Count(text, begin); n != 1 {
		t.Fatalf("%s: %d entries", code, n)
	}
	_, rest, _ := strings.Cut(text, begin)
	entry, _, _ := strings.Cut(rest, "</article>")
	return entry
}

// TestEveryCodeHasItsPage: in both languages and both places, with its cause
// and its remedy.
func TestEveryCodeHasItsPage(t *testing.T) {
	_, files := generated(t)
	for _, folder := range guides {
		for _, lang := range []string{"fr", "en"} {
			text := find(t, files, folder+"/help-"+lang+".html")
			for _, c := range fault.Codes() {
				shows(t, entryOf(t, text, string(c)), c.Text(lang), c.Remedy(lang))
			}
			for _, c := range checkup.Checks() {
				shows(t, entryOf(t, text, string(c)), c.Cause(lang), c.Remedy(lang))
			}
			for _, c := range keyhealth.Codes() {
				shows(t, entryOf(t, text, string(c)), c.Title(lang), c.Remedy(lang))
			}
			if n := strings.Count(text, "<article"); n != len(fault.Codes())+len(checkup.Checks())+len(keyhealth.Codes()) {
				t.Errorf("%s: %d entries", lang, n)
			}
		}
	}
}

func shows(t *testing.T, entry string, texts ...string) {
	t.Helper()
	for _, s := range texts {
		if !strings.Contains(entry, s) {
			t.Errorf("%q is not in %s", s, entry)
		}
	}
}

var address = regexp.MustCompile(` (?:href|src)="([^"]*)"`)

// TestNoDeadLink follows every link of the guides, to the anchor.
func TestNoDeadLink(t *testing.T) {
	root, files := generated(t)
	followed := 0
	for _, folder := range guides {
		for _, lang := range []string{"fr", "en"} {
			for _, kind := range []string{"help-", "integrate-"} {
				page := folder + "/" + kind + lang + ".html"
				for _, m := range address.FindAllStringSubmatch(find(t, files, page), -1) {
					file, anchor, _ := strings.Cut(m[1], "#")
					target := path.Join(folder, file)
					followed++
					if anchor != "" {
						entryOf(t, find(t, files, target), anchor)
					} else if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil || strings.Contains(file, ":") {
						t.Errorf("%s: %s leads nowhere: %v", page, m[1], err)
					}
				}
			}
		}
	}
	if followed < 4*len(fault.Codes()) {
		t.Errorf("%d links only", followed)
	}
}

// TestGuides: every guide is there in both languages, with its pictures, and
// none of its links is dead.
func TestGuides(t *testing.T) {
	root, files := generated(t)
	pictures := map[string]int{"guide-agent": 9, "guide-company": 1}
	for _, m := range manuals[:written] {
		for _, lang := range []string{"fr", "en"} {
			name := "extension/gen/" + m[0] + "-" + lang + ".html"
			text := find(t, files, name)
			if n := strings.Count(text, "<figcaption>"); n < pictures[m[0]] {
				t.Errorf("%s: %d pictures", name, n)
			}
			if strings.Count(text, "<h1") != 1 || strings.Contains(text, "**") || strings.Contains(text, "{{") {
				t.Errorf("%s has marks or headings that it should not have", name)
			}
			for _, link := range address.FindAllStringSubmatch(text, -1) {
				target := filepath.Join(root, "extension", "gen", filepath.FromSlash(link[1]))
				if _, err := os.Stat(target); err != nil {
					t.Errorf("%s: %s leads nowhere", name, link[1])
				}
			}
		}
	}
}
