package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// mutant is one mistake in one file: source[start:end] replaced.
type mutant struct {
	target     target
	file       string // below the root, with slashes
	line       int
	kind       string // "negate", "boundary", "constant", "logic", "arithmetic", "drop"
	start, end int    // byte offsets
	with       string
	marked     string // the line, with what changes in «»
}

// String is the mutant as the report shows it.
func (m mutant) String() string {
	with := m.with
	if with == "" {
		with = "nothing"
	}
	return fmt.Sprintf("%s:%d: %s: %s  becomes  %s", m.file, m.line, m.kind, m.marked, with)
}

// mutantsOf finds every possible mutant of a package as it is built here.
func mutantsOf(root string, t target) ([]mutant, error) {
	pkg, err := build.ImportDir(filepath.Join(root, filepath.FromSlash(t.dir)), 0)
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, name := range pkg.GoFiles {
		source, err := os.ReadFile(filepath.Join(pkg.Dir, name))
		if err != nil {
			return nil, err
		}
		found, err := mutantsIn(path.Join(t.dir, name), source)
		if err != nil {
			return nil, err
		}
		for i := range found {
			found[i].target = t
		}
		all = append(all, found...)
	}
	return all, nil
}

// finder collects the mutants of one file.
type finder struct {
	fset   *token.FileSet
	file   string
	source []byte
	found  []mutant
	beside map[ast.Node]bool // results beside an error: by custom nobody looks at them
}

func mutantsIn(name string, source []byte) ([]mutant, error) {
	f := &finder{fset: token.NewFileSet(), file: name, source: source, beside: map[ast.Node]bool{}}
	tree, err := parser.ParseFile(f.fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	ast.Inspect(tree, f.visit)
	return f.found, nil
}

// add notes that the source between two places may become with.
func (f *finder) add(kind string, from, to token.Pos, with string) {
	start, end := f.fset.Position(from), f.fset.Position(to)
	lineStart := start.Offset - (start.Column - 1)
	rest := string(f.source[end.Offset:])
	rest, _, _ = strings.Cut(rest, "\n")
	piece, _, long := strings.Cut(string(f.source[start.Offset:end.Offset]), "\n")
	if long { // the first line says enough
		piece, rest = piece+" ...", ""
	}
	marked := string(f.source[lineStart:start.Offset]) + "«" + piece + "»" + rest
	f.found = append(f.found, mutant{
		file: f.file, line: start.Line, kind: kind,
		start: start.Offset, end: end.Offset, with: with, marked: strings.TrimSpace(marked),
	})
}

// visit looks at one node of the tree.
func (f *finder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec:
		return false
	case *ast.BinaryExpr:
		f.binary(n)
	case *ast.IfStmt:
		f.negate(n.Cond)
		if n.Else == nil {
			f.add("drop", n.Body.Lbrace, n.Body.Rbrace+1, "{}")
		}
	case *ast.ForStmt:
		f.negate(n.Cond)
	case *ast.ReturnStmt:
		f.results(n)
	case *ast.BasicLit:
		f.constant(n)
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
	}
	return true
}

// negate turns a condition round, unless binary does the same.
func (f *finder) negate(cond ast.Expr) {
	if cond == nil {
		return
	}
	if b, ok := cond.(*ast.BinaryExpr); ok && (b.Op == token.EQL || b.Op == token.NEQ) {
		return
	}
	f.add("negate", cond.Pos(), cond.End(), "!("+f.text(cond)+")")
}

// binary replaces an operator by the one that a tired person might have
// written.
func (f *finder) binary(b *ast.BinaryExpr) {
	type change struct {
		kind string
		with token.Token
	}
	changes := map[token.Token]change{
		token.EQL: {"negate", token.NEQ}, token.NEQ: {"negate", token.EQL},
		token.LSS: {"boundary", token.LEQ}, token.LEQ: {"boundary", token.LSS},
		token.GTR: {"boundary", token.GEQ}, token.GEQ: {"boundary", token.GTR},
		token.LAND: {"logic", token.LOR}, token.LOR: {"logic", token.LAND},
		token.ADD: {"arithmetic", token.SUB}, token.SUB: {"arithmetic", token.ADD},
		token.MUL: {"arithmetic", token.QUO}, token.QUO: {"arithmetic", token.MUL},
		token.SHL: {"arithmetic", token.SHR}, token.SHR: {"arithmetic", token.SHL},
		token.AND: {"arithmetic", token.OR}, token.OR: {"arithmetic", token.AND},
		token.XOR: {"arithmetic", token.OR}, token.REM: {"arithmetic", token.QUO},
		token.AND_NOT: {"arithmetic", token.AND},
	}
	if c, ok := changes[b.Op]; ok {
		f.add(c.kind, b.OpPos, b.OpPos+token.Pos(len(b.Op.String())), c.with.String())
	}
}

// results marks what is returned beside an error.
func (f *finder) results(r *ast.ReturnStmt) {
	if len(r.Results) < 2 {
		return
	}
	last := r.Results[len(r.Results)-1]
	if name, ok := last.(*ast.Ident); ok && (name.Name == "nil" || name.Name == "true" || name.Name == "false") {
		return
	}
	for _, n := range r.Results[:len(r.Results)-1] {
		f.beside[n] = true
	}
}

// constant moves an integer by one.
func (f *finder) constant(l *ast.BasicLit) {
	if l.Kind != token.INT || f.beside[l] {
		return
	}
	if v, err := strconv.ParseUint(l.Value, 0, 63); err == nil {
		f.add("constant", l.Pos(), l.End(), strconv.FormatUint(v+1, 10))
	}
}

// statements drops those that can be missing: calls, assignments, steps,
// deferred calls, and returns without a value.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.DeferStmt, *ast.SendStmt, *ast.GoStmt, *ast.BranchStmt:
			f.add("drop", s.Pos(), s.End(), "")
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				f.add("drop", s.Pos(), s.End(), "")
			}
		case *ast.ReturnStmt:
			if len(s.Results) == 0 {
				f.add("drop", s.Pos(), s.End(), "")
			}
		}
	}
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.fset.Position(n.Pos()).Offset:f.fset.Position(n.End()).Offset])
}

// draw returns the mutants in the order in which they are to be tried, and how
// many are wanted of each package: n in all, by the number of its mutants, but
// at least a tenth of n each. What lies beyond is there to replace mutants
// that do not compile.
func draw(all [][]mutant, n int, seed uint64) []lot {
	total := 0
	for _, list := range all {
		total += len(list)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	var lots []lot
	for _, list := range all {
		random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		lots = append(lots, lot{list, min(len(list), max(n*len(list)/max(total, 1), n/10, 1))})
	}
	return lots
}

// lot is one package's share of a draw.
type lot struct {
	mutants []mutant
	want    int
}
