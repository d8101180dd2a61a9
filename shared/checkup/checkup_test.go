package checkup

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// declared reads every constant of type Check, so that one without texts
// cannot hide.
func declared(t *testing.T) []Check {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "checkup.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []Check
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "Check" {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, Check(value))
		return true
	})
	if len(all) < 25 {
		t.Fatalf("found %d checks only", len(all))
	}
	return all
}

func TestEveryCheckHasTexts(t *testing.T) {
	have := Checks()
	seen := map[string]Check{}
	for _, c := range declared(t) {
		if !c.Known() || c.Maker() != Host && c.Maker() != Extension {
			t.Errorf("%s has no texts", c)
		}
		for _, s := range texts(c) {
			if other, twice := seen[s]; s == "" || twice {
				t.Errorf("%s: %q is empty or %s's too", c, s, other)
			}
			seen[s] = c
		}
	}
	if len(have) != len(declared(t)) || len(Of(Host))+len(Of(Extension)) != len(have) || len(Of(Host)) < 25 {
		t.Errorf("%d checks with texts", len(have))
	}
}

func texts(c Check) []string {
	return []string{c.Title("fr"), c.Cause("fr"), c.Remedy("fr"), c.Title("en"), c.Cause("en"), c.Remedy("en")}
}

// TestNamesAreApart: checks and faults share the anchors of the help pages.
func TestNamesAreApart(t *testing.T) {
	form := regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	for _, c := range Checks() {
		if fault.Code(c).Known() || !form.MatchString(string(c)) {
			t.Errorf("%s", c)
		}
	}
}

func TestTypography(t *testing.T) {
	french := regexp.MustCompile(` [:;!?»]|« |[^\x{202f}][;!?]|[^\x{a0}/s]: `)
	both := regexp.MustCompile(`['"]|  |[^.]$`)
	for _, c := range Checks() {
		for i, s := range texts(c) {
			if both.MatchString(s) || i < 3 && french.MatchString(s) {
				t.Errorf("%s: %q", c, s)
			}
			if i >= 3 && strings.ContainsAny(s, "«»") {
				t.Errorf("%s: French quotes in %q", c, s)
			}
		}
	}
}

func TestUnknownStandsForItself(t *testing.T) {
	c := Check("from-the-future")
	if c.Known() || c.Maker() != "" || c.Title("fr") != string(c) || c.Cause("en") != "" || Check("").Known() {
		t.Errorf("%q %q", c.Title("fr"), c.Cause("en"))
	}
	if Bad.Rank() != 0 || Skipped.Rank() != len(Levels())-1 || Level("future").Rank() != len(Levels()) {
		t.Error("order of levels")
	}
}
