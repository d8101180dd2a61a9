package view_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const app = "../../../extension/app"

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var property = regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`)

// palettes are the colours of the light and of the dark scheme.
func palettes(t *testing.T) (light, dark map[string]string) {
	css := read(t, filepath.Join(app, "scelle.css"))
	at := strings.Index(css, "prefers-color-scheme: dark")
	end := strings.Index(css, "prefers-contrast")
	if at < 0 || end < at {
		t.Fatal("scelle.css has no dark scheme before the contrast rules")
	}
	light, dark = map[string]string{}, map[string]string{}
	for _, m := range property.FindAllStringSubmatch(css[:at], -1) {
		light[m[1]], dark[m[1]] = m[2], m[2]
	}
	for _, m := range property.FindAllStringSubmatch(css[at:end], -1) {
		dark[m[1]] = m[2]
	}
	return light, dark
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil {
		t.Fatalf("colour %q", hex)
	}
	channel := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
}

// WCAG 2.2: 4.5 for text, 3 for edges of controls and for the focus ring.
func TestContrast(t *testing.T) {
	pairs := []struct {
		ink, paper string
		least      float64
	}{
		{"ink", "paper", 4.5}, {"ink", "card", 4.5}, {"ink", "wax-wash", 4.5}, {"ink", "bad-wash", 4.5}, {"ink", "warn-wash", 4.5}, {"ink", "good-wash", 4.5},
		{"soft", "paper", 4.5}, {"soft", "card", 4.5}, {"soft", "wax-wash", 4.5}, {"soft", "bad-wash", 4.5}, {"soft", "warn-wash", 4.5},
		{"wax", "paper", 4.5}, {"wax", "card", 4.5}, {"wax-ink", "wax", 4.5}, {"wax-ink", "wax-hover", 4.5},
		{"good", "paper", 4.5}, {"good", "good-wash", 4.5}, {"warn", "card", 4.5}, {"warn", "warn-wash", 4.5}, {"warn", "wax-wash", 4.5},
		{"bad", "paper", 4.5}, {"bad", "card", 4.5}, {"bad", "bad-wash", 4.5},
		{"edge", "paper", 3}, {"edge", "card", 3}, {"focus", "paper", 3}, {"focus", "card", 3}, {"wax", "line", 3},
	}
	light, dark := palettes(t)
	for name, colours := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, p := range pairs {
			a, b := luminance(t, colours[p.ink]), luminance(t, colours[p.paper])
			if got := (max(a, b) + 0.05) / (min(a, b) + 0.05); got < p.least {
				t.Errorf("%s: %s on %s is %.2f, below %.1f", name, p.ink, p.paper, got, p.least)
			}
		}
	}
}

// The documents are painted before the module runs; they load only our own
// files, in this order, and hold nothing that the extension's policy refuses.
func TestDocuments(t *testing.T) {
	scripts := regexp.MustCompile(`<script[^>]*>`)
	for name, begin := range map[string]string{
		"popup":     `<html data-role="popup" data-module="app.wasm" lang="fr">`,
		"options":   `<html data-role="options" data-module="app.wasm" lang="fr">`,
		"check":     `<html data-role="check" data-module="app.wasm" lang="fr">`,
		"backup":    `<html data-role="backup" data-module="app.wasm" lang="fr">`,
		"assistant": `<html data-role="assistant" data-module="keys.wasm" lang="fr">`,
		"opening":   `<html data-role="assistant" data-module="plis.wasm" lang="fr">`,
		"offline":   `<html data-role="offline" data-module="plis.wasm" lang="fr">`,
	} {
		html := read(t, filepath.Join(app, name+".html"))
		for _, want := range []string{begin, `<main id="app">`, `<div id="live" role="status" aria-live="polite"></div>`, "<noscript>", `<link rel="stylesheet" href="scelle.css">`} {
			if !strings.Contains(html, want) {
				t.Errorf("%s.html: no %s", name, want)
			}
		}
		got := strings.Join(scripts.FindAllString(html, -1), "")
		want := ""
		for _, s := range []string{"../gen/protocol.js", "wasm_exec.js", "native.js", "managed.js", "boot.js"} {
			want += `<script src="` + s + `" defer>`
		}
		if got != want {
			t.Errorf("%s.html: scripts %s", name, got)
		}
		if regexp.MustCompile(` on[a-z]+=|style=|javascript:|<style|https?://`).MatchString(html) {
			t.Errorf("%s.html: inline code or a foreign address", name)
		}
	}
}

var (
	idAttr   = regexp.MustCompile(` id="([^"]*)"`)
	refAttr  = regexp.MustCompile(` (?:aria-describedby|aria-labelledby|for)="([^"]*)"`)
	inputTag = regexp.MustCompile(`<input[^>]*>`)
)

// What the eye gets from layout a screen reader gets from these: unique ids,
// references that lead somewhere, a label for each field, one first heading.
func TestScreensHoldTogether(t *testing.T) {
	for _, sc := range scenes() {
		html := draw(t, sc, "fr")
		ids := map[string]bool{}
		for _, m := range idAttr.FindAllStringSubmatch(html, -1) {
			if ids[m[1]] {
				t.Errorf("%s: id %s stands twice", sc.name, m[1])
			}
			ids[m[1]] = true
		}
		for _, m := range refAttr.FindAllStringSubmatch(html, -1) {
			for _, id := range strings.Fields(m[1]) {
				if !ids[id] {
					t.Errorf("%s: nothing has the id %s", sc.name, id)
				}
			}
		}
		for _, in := range inputTag.FindAllString(html, -1) {
			id := idAttr.FindStringSubmatch(in)
			if id == nil || !strings.Contains(html, `for="`+id[1]+`"`) {
				t.Errorf("%s: no label for %s", sc.name, in)
			}
		}
		if n := strings.Count(html, "<h1"); n != 1 {
			t.Errorf("%s: %d first headings", sc.name, n)
		}
		if strings.Contains(html, "%!") {
			t.Errorf("%s: a text and its arguments disagree", sc.name)
		}
	}
}

var hrefAttr = regexp.MustCompile(`<a href="([^"]*)"`)

// TestNoDeadLink: every link of every screen leads to a page that is there, at
// an anchor that is there.
func TestNoDeadLink(t *testing.T) {
	followed := 0
	for _, sc := range scenes() {
		for _, lang := range []string{"fr", "en"} {
			for _, m := range hrefAttr.FindAllStringSubmatch(draw(t, sc, lang), -1) {
				file, anchor, _ := strings.Cut(m[1], "#")
				if page := read(t, filepath.Join(app, file)); anchor != "" && !strings.Contains(page, ` id="`+anchor+`"`) {
					t.Errorf("%s: %s leads nowhere", sc.name, m[1])
				}
				followed++
			}
		}
	}
	if followed < 20 {
		t.Errorf("%d links only", followed)
	}
}
