package text

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// names reads the names of the constants from ids.go.
func names(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "ids.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		for _, s := range g.Specs {
			out = append(out, s.(*ast.ValueSpec).Names[0].Name)
		}
	}
	if len(out) != int(count)+1 || len(out) < 100 {
		t.Fatalf("ids.go: %d names, %d IDs", len(out), count)
	}
	return out
}

func TestEveryTextIsTranslated(t *testing.T) {
	same := map[string]bool{"FactExtension": true, "FactVersion": true}
	for id, name := range names(t)[:count] {
		if id == 0 {
			continue
		}
		f, e := fr[id], en[id]
		switch {
		case f == "" || e == "":
			t.Errorf("%s: French %q, English %q", name, f, e)
		case f == e && !same[name]:
			t.Errorf("%s is the same in both languages: %q", name, f)
		}
	}
}

var verb = regexp.MustCompile(`%[a-z]`)

func TestPlaceholdersAgree(t *testing.T) {
	for id, name := range names(t)[:count] {
		f, e := strings.Join(verb.FindAllString(fr[id], -1), ""), strings.Join(verb.FindAllString(en[id], -1), "")
		if f != e {
			t.Errorf("%s: French has %q, English %q", name, f, e)
		}
	}
}

// A text that no view uses is dead weight in every download.
func TestEveryTextIsUsed(t *testing.T) {
	files, err := filepath.Glob("../view/*.go")
	if err != nil || len(files) < 5 {
		t.Fatalf("views: %d files, %v", len(files), err)
	}
	var views strings.Builder
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		views.Write(b)
	}
	for id, name := range names(t)[:count] {
		if id > 0 && !regexp.MustCompile(`\btext\.`+name+`\b`).MatchString(views.String()) {
			t.Errorf("%s is not used", name)
		}
	}
}

func TestFrenchTypography(t *testing.T) {
	wrong := regexp.MustCompile(` [:;!?»]|« |['"]|[^\x{202f}][;!?]|[^\x{a0}]: |  `)
	for id, name := range names(t)[:count] {
		if wrong.MatchString(fr[id]) {
			t.Errorf("%s: %q", name, fr[id])
		}
		if strings.ContainsAny(en[id], "'\"") {
			t.Errorf("%s: %q", name, en[id])
		}
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		lang string
		n    int
		want string
	}{
		{"fr", 0, "0\u00a0jour"}, {"fr", 1, "1\u00a0jour"}, {"fr", 2, "2\u00a0jours"},
		{"en", 0, "0 days left"}, {"en", 1, "1 day left"}, {"en", 2, "2 days left"},
	} {
		got := For(c.lang).Count(c.n, DaysLeftOne, DaysLeftMany)
		if strings.ReplaceAll(got, "\u00a0", " ") != strings.ReplaceAll(c.want, "\u00a0", " ") {
			t.Errorf("%s %d: %q", c.lang, c.n, got)
		}
	}
	if got := For("fr").Count(1, OpenButtonOne, OpenButtonMany); got != "Ouvrir le pli" {
		t.Errorf("without a number: %q", got)
	}
}

func TestMoment(t *testing.T) {
	at := time.Date(2029, 3, 1, 23, 5, 0, 0, time.UTC)
	for _, c := range []struct {
		lang, zone string
		offset     int
		want       string
	}{
		{"fr", "UTC", 0, "1er mars 2029 à 23:05 (UTC)"},
		{"fr", "CET", 3600, "2 mars 2029 à 00:05 (CET)"},
		{"en", "CET", 3600, "2 March 2029, 00:05 (CET)"},
		{"fr", "UTC-3", -3 * 3600, "1er mars 2029 à 20:05 (UTC-3)"},
	} {
		if got := strings.ReplaceAll(For(c.lang).Moment(at, c.zone, c.offset), "\u00a0", " "); got != c.want {
			t.Errorf("%s %s: %q", c.lang, c.zone, got)
		}
	}
	seen := map[string]bool{}
	for m := time.January; m <= time.December; m++ {
		seen[For("fr").Moment(time.Date(2029, m, 2, 0, 0, 0, 0, time.UTC), "UTC", 0)] = true
	}
	if len(seen) != 12 {
		t.Errorf("months %v", seen)
	}
}

func TestSize(t *testing.T) {
	for n, want := range map[int64][2]string{
		0: {"0 o", "0 B"}, 999: {"999 o", "999 B"}, 1000: {"1,0 ko", "1.0 kB"}, 48_300_000: {"48 Mo", "48 MB"},
		1_234_567: {"1,2 Mo", "1.2 MB"}, 999_999: {"1,0 Mo", "1.0 MB"}, 4_300_000_000: {"4,3 Go", "4.3 GB"},
	} {
		for i, lang := range []string{"fr", "en"} {
			if got := strings.ReplaceAll(For(lang).Size(n), "\u00a0", " "); got != want[i] {
				t.Errorf("%s %d: %q", lang, n, got)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	if For("fr").S(none) != "" || For("fr").S(count) != "" || For("de").Code() != "en" {
		t.Error("unknown texts or languages")
	}
}
