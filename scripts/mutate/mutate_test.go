package main

import (
	"bytes"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sample = `package p

import "errors"

const limit = 16

func f(a, b int, g func() error) (int, error) {
	if a < limit && b != 7 {
		a += b * 2
	}
	if err := g(); err != nil {
		return 0, err
	}
	for ready(a) {
		a--
		defer done(a)
	}
	switch {
	case a >= 3:
		return a - b, nil
	}
	return 1, errors.New("x")
}
`

func TestMutantsOfASample(t *testing.T) {
	found, err := mutantsIn("p.go", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range found {
		got = append(got, m.kind+" "+sample[m.start:m.end]+" > "+m.with)
		mutated := sample[:m.start] + m.with + sample[m.end:]
		if _, err := parser.ParseFile(token.NewFileSet(), "p.go", mutated, 0); err != nil {
			t.Errorf("%v does not parse: %v", m, err)
		}
		if strings.Count(m.marked, "«") != 1 || strings.Count(m.marked, "»") != 1 {
			t.Errorf("marked %q", m.marked)
		}
	}
	for _, want := range []string{
		"constant 16 > 17", "boundary < > <=", "logic && > ||", "negate != > ==",
		"negate a < limit && b != 7 > !(a < limit && b != 7)", "arithmetic * > /", "drop a += b * 2 > ",
		"drop {\n\t\treturn 0, err\n\t} > {}", "negate ready(a) > !(ready(a))", "drop a-- > ", "drop defer done(a) > ",
		"boundary >= > >", "constant 3 > 4", "arithmetic - > +",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("no mutant %q", want)
		}
	}
	for _, not := range []string{"constant 0 > 1", "constant 1 > 2"} { // beside an error
		if slices.Contains(got, not) {
			t.Errorf("mutant %q", not)
		}
	}
}

// TestDraw: the same seed draws the same, every package gets its share, and
// none gets more than it has.
func TestDraw(t *testing.T) {
	lists := func() [][]mutant {
		big, small := make([]mutant, 300), make([]mutant, 4)
		for i := range big {
			big[i].start = i
		}
		return [][]mutant{big, small}
	}
	one, again, other := draw(lists(), 60, 1), draw(lists(), 60, 1), draw(lists(), 60, 2)
	same := func(a, b []mutant) bool {
		return slices.EqualFunc(a, b, func(a, b mutant) bool { return a.start == b.start })
	}
	if !same(one[0].mutants, again[0].mutants) || same(one[0].mutants, other[0].mutants) {
		t.Error("a draw does not follow its seed")
	}
	if one[0].want < 50 || one[0].want > 60 || one[1].want != 4 {
		t.Errorf("%d and %d wanted", one[0].want, one[1].want)
	}
}

func TestReport(t *testing.T) {
	results := func(good, bad int) []result {
		m := mutant{target: targets()[0], file: "a.go", marked: "«x»"}
		return append(slices.Repeat([]result{{m, killed}}, good), slices.Repeat([]result{{m, survived}}, bad)...)
	}
	var out bytes.Buffer
	if err := report(&out, results(9, 1), 90); err != nil || strings.Count(out.String(), "survived:") != 1 {
		t.Errorf("9 of 10: %v\n%s", err, out.String())
	}
	if err := report(&out, results(8, 1), 90); err == nil {
		t.Error("8 of 9 is enough")
	}
	if err := report(&out, nil, 90); err == nil {
		t.Error("nothing tried is enough")
	}
}

// TestEquivalentFitsTheSource: each line of equivalent.txt is still a mutant.
func TestEquivalentFitsTheSource(t *testing.T) {
	root := filepath.Join("..", "..")
	a, err := readAllowed(root)
	if err != nil {
		t.Fatal(err)
	}
	all := 0
	for _, target := range targets() {
		list, err := mutantsOf(root, target)
		if err != nil {
			t.Fatal(err)
		}
		if len(list) < 50 {
			t.Errorf("%s has only %d mutants", target.dir, len(list))
		}
		all += len(list)
		for _, m := range list {
			delete(a, m.key())
		}
	}
	for k, line := range a {
		t.Errorf("%s:%d fits nothing: %s", allowFile, line, k.marked)
	}
	t.Logf("%d mutants", all)
}

// TestTrial: a mistake that a test sees, one that none sees, one that does not
// compile and one that never ends are told apart.
func TestTrial(t *testing.T) {
	root := t.TempDir()
	source := "package p\n\nfunc Less(a, b int) bool {\n\tfor a > 100 {\n\t\ta--\n\t}\n\treturn a < b\n}\n\nfunc unseen() int { return 1 }\n"
	for name, text := range map[string]string{
		"go.mod": "module p\n\ngo 1.26\n", "p.go": source,
		"p_test.go": "package p\n\nimport \"testing\"\n\nfunc TestLess(t *testing.T) {\n\tif Less(1, 1) || !Less(101, 102) {\n\t\tt.Fail()\n\t}\n}\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	work := &trial{options: options{root: root, timeout: 2e9}, dir: t.TempDir()}
	for name, c := range map[string]struct {
		old, with string
		want      outcome
	}{
		"seen":           {"a < b", "a <= b", killed},
		"unseen":         {"return 1", "return 2", survived},
		"does not end":   {"a--", "", killed},
		"not a program":  {"a < b", "a < c", invalid},
		"the same again": {"a < b", "a < b", survived},
	} {
		at := strings.Index(source, c.old)
		m := mutant{target: target{dir: "."}, file: "p.go", start: at, end: at + len(c.old), with: c.with}
		if got := work.one(t.Context(), m); got != c.want {
			t.Errorf("%s: outcome %d, want %d", name, got, c.want)
		}
	}
}
