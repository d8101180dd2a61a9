package fault

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// declared reads every constant of type Code from codes.go, so that a code
// without texts cannot hide.
func declared(t *testing.T) []Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []Code
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		kind, ok := spec.Type.(*ast.Ident)
		if !ok || kind.Name != "Code" {
			return true
		}
		for _, v := range spec.Values {
			value, err := strconv.Unquote(v.(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, Code(value))
		}
		return true
	})
	if len(codes) < 50 {
		t.Fatalf("codes.go: found %d codes only", len(codes))
	}
	return codes
}

func TestEveryCodeHasTexts(t *testing.T) {
	want := declared(t)
	have := Codes()
	for _, c := range want {
		if !slices.Contains(have, c) {
			t.Errorf("%s has no texts", c)
		}
	}
	seen := map[Code]bool{}
	for _, c := range have {
		if !slices.Contains(want, c) {
			t.Errorf("%s has texts but is no code", c)
		}
		if seen[c] {
			t.Errorf("%s stands twice", c)
		}
		seen[c] = true
		if !c.Known() {
			t.Errorf("%s: not known", c)
		}
	}
}

func TestTextsAreUnique(t *testing.T) {
	seen := map[string]Code{}
	for _, c := range Codes() {
		for _, s := range []string{c.Text("fr"), c.Remedy("fr"), c.Text("en"), c.Remedy("en")} {
			if s == "" {
				t.Errorf("%s: empty text", c)
			}
			if other, ok := seen[s]; ok {
				t.Errorf("%s and %s share %q", other, c, s)
			}
			seen[s] = c
		}
	}
}

// Groups of a code follow the blocks of codes.go, in its order.
func TestGroupsFollowDeclaration(t *testing.T) {
	order := []Group{Setup, Store, Key, Envelope, Flow, Developer}
	last := 0
	for _, c := range declared(t) {
		at := slices.Index(order, c.Group())
		if at < last {
			t.Errorf("%s: group %s comes before %s", c, c.Group(), order[last])
		}
		last = at
	}
	if last != len(order)-1 {
		t.Errorf("last group is %s", order[last])
	}
}

func TestTypography(t *testing.T) {
	wrong := map[string]*regexp.Regexp{
		"straight apostrophe or quote":     regexp.MustCompile(`['"]`),
		"two spaces":                       regexp.MustCompile(`  `),
		"no full stop at the end":          regexp.MustCompile(`[^.]$`),
		"French: breaking space":           regexp.MustCompile(` [:;!?»]|« `),
		"French: missing space before ;!?": regexp.MustCompile(`[^\x{202f}][;!?]`),
		"French: missing space before :":   regexp.MustCompile(`[^\x{a0}s]:|[^p]s:|: ?$`),
	}
	for _, c := range Codes() {
		for _, lang := range []string{"fr", "en"} {
			for _, s := range []string{c.Text(lang), c.Remedy(lang)} {
				for what, re := range wrong {
					if strings.HasPrefix(what, "French") && lang != "fr" {
						continue
					}
					if re.MatchString(s) {
						t.Errorf("%s %s: %s: %q", c, lang, what, s)
					}
				}
			}
		}
	}
}

// The product it replaces had to be launched at login; these must say that
// nothing has to be any more.
func TestHostRemediesSayNothingToLaunch(t *testing.T) {
	for _, c := range []Code{HostMissing, HostForbidden, HostOutdated, HostStopped, HostUnreachable} {
		if s := c.Remedy("fr"); !strings.Contains(s, "rien à lancer") {
			t.Errorf("%s: %q", c, s)
		}
		if s := c.Remedy("en"); !strings.Contains(s, "nothing to launch") {
			t.Errorf("%s: %q", c, s)
		}
	}
}

// TestDetailsOfThisComputerStayHere: what may name a module, a card, a folder or
// a file of this computer is no page's business.
func TestDetailsOfThisComputerStayHere(t *testing.T) {
	told := 0
	for _, c := range append(Codes(), "not-a-code") {
		switch c.Group() {
		case Setup, Store, Key:
			if c.DetailForPages() {
				t.Errorf("%s would tell a page of this computer", c)
			}
		}
		if c.DetailForPages() {
			told++
		}
	}
	for _, c := range []Code{ReadFailed, WriteFailed, FileExists, TransportFailed, Internal, "not-a-code"} {
		if c.DetailForPages() {
			t.Errorf("%s would tell a page of this computer", c)
		}
	}
	for _, c := range []Code{BadRequest, PortalRefused, ListForged, EnvelopeUnsupported, MessageTooLarge} {
		if !c.DetailForPages() {
			t.Errorf("whoever wrote the page does not hear what is wrong with it: %s", c)
		}
	}
	if told < 10 {
		t.Errorf("only %d codes", told)
	}
}

func TestUnknownCodeReadsAsInternal(t *testing.T) {
	c := Code("from-the-future")
	if c.Known() || c.Group() != Developer || c.Text("fr") != Internal.Text("fr") || c.Remedy("en") != Internal.Remedy("en") {
		t.Errorf("unknown code: known %v, group %s, %q", c.Known(), c.Group(), c.Text("fr"))
	}
}
