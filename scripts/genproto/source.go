package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// source reads the Go source of the module's packages: reflection knows
// neither constants nor comments.
type source struct {
	root string
	read map[string]*pkgSource // by import path
}

// pkgSource is what one package's source says.
type pkgSource struct {
	consts []constSource     // in the order of the files and lines
	types  map[string]string // comment of a type
	fields map[string]string // comment of a field, by "Type.Field"
}

// constSource is one exported constant.
type constSource struct {
	Name  string
	Type  string // the type's name, "" for an untyped constant
	Value constant.Value
	Doc   string
	File  string // base name
}

func newSource(root string) *source {
	return &source{root: root, read: map[string]*pkgSource{}}
}

// pkg reads a package of this module.
func (s *source) pkg(path string) (*pkgSource, error) {
	if p, ok := s.read[path]; ok {
		return p, nil
	}
	rel, ok := strings.CutPrefix(path, "scelle/")
	if !ok {
		return nil, fmt.Errorf("%s is not a package of this module", path)
	}
	p, err := readPackage(path, filepath.Join(s.root, filepath.FromSlash(rel)))
	if err != nil {
		return nil, err
	}
	s.read[path] = p
	return p, nil
}

func readPackage(path, dir string) (*pkgSource, error) {
	fset := token.NewFileSet()
	files, err := parseDir(fset, dir)
	if err != nil {
		return nil, err
	}
	// Only constants are wanted from the type checker, so imports may stay
	// unresolved and errors about them are of no interest.
	info := &types.Info{Defs: map[*ast.Ident]types.Object{}}
	conf := types.Config{Importer: emptyImporter{}, Error: func(error) {}}
	conf.Check(path, fset, files, info)

	p := &pkgSource{types: map[string]string{}, fields: map[string]string{}}
	for _, f := range files {
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				p.decl(fset, g, info)
			}
		}
	}
	return p, nil
}

func parseDir(fset *token.FileSet, dir string) ([]*ast.File, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	sort.Strings(names)
	var files []*ast.File
	for _, n := range names {
		if strings.HasSuffix(n, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, n, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no Go files: %w", dir, os.ErrNotExist)
	}
	return files, nil
}

func (p *pkgSource) decl(fset *token.FileSet, g *ast.GenDecl, info *types.Info) {
	for _, s := range g.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			p.typeSpec(g, s)
		case *ast.ValueSpec:
			if g.Tok == token.CONST {
				p.constSpec(fset, g, s, info)
			}
		}
	}
}

func (p *pkgSource) typeSpec(g *ast.GenDecl, s *ast.TypeSpec) {
	p.types[s.Name.Name] = comment(s.Doc, g.Doc)
	st, ok := s.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range st.Fields.List {
		for _, n := range f.Names {
			p.fields[s.Name.Name+"."+n.Name] = comment(f.Doc, f.Comment)
		}
	}
}

func (p *pkgSource) constSpec(fset *token.FileSet, g *ast.GenDecl, s *ast.ValueSpec, info *types.Info) {
	for _, n := range s.Names {
		c, ok := info.Defs[n].(*types.Const)
		if !ok || !n.IsExported() {
			continue
		}
		doc := comment(s.Doc, s.Comment)
		if doc == "" && len(g.Specs) == 1 {
			doc = comment(g.Doc)
		}
		cs := constSource{Name: n.Name, Value: c.Val(), Doc: doc, File: filepath.Base(fset.Position(n.Pos()).Filename)}
		if named, ok := c.Type().(*types.Named); ok {
			cs.Type = named.Obj().Name()
		}
		p.consts = append(p.consts, cs)
	}
}

// ofType lists the string constants of a named type.
func (p *pkgSource) ofType(name string) []constSource {
	var out []constSource
	for _, c := range p.consts {
		if c.Type == name && c.Value.Kind() == constant.String {
			out = append(out, c)
		}
	}
	return out
}

func comment(groups ...*ast.CommentGroup) string {
	for _, g := range groups {
		if t := strings.TrimSpace(g.Text()); t != "" {
			return strings.Join(strings.Fields(t), " ")
		}
	}
	return ""
}

// emptyImporter answers every import with an empty package.
type emptyImporter struct{}

func (emptyImporter) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, path[strings.LastIndex(path, "/")+1:])
	p.MarkComplete()
	return p, nil
}

// lowerFirst turns a Go name into a JavaScript one: MaxFrame -> maxFrame.
func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }
