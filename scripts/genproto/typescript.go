package main

import (
	"encoding/json"
	"fmt"
	"go/constant"
	"reflect"
	"sort"
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// messageTypes makes the TypeScript types: of every message for the
// extension's own check, and of those that a page sees for portals.
func messageTypes(src *source) ([]file, error) {
	all, err := typesOf(src, allRoots(), nil)
	if err != nil {
		return nil, err
	}
	page, err := typesOf(src, pageRoots(), pageExtra)
	if err != nil {
		return nil, err
	}
	return []file{{Path: "extension/gen/messages.d.ts", Data: all}, {Path: "extension/page/messages.d.ts", Data: page}}, nil
}

// pageExtra is what the content script adds on the way to a page: the texts of
// a fault in the document's language; scelle.js adds the addresses.
var pageExtra = map[string]string{
	"Fault": "  /** What happened, in one sentence, in the document's language. */\n  message: string;\n" +
		"  /** What to do now, in the document's language. */\n  remedy: string;\n" +
		"  /** Where the guide explains the code: the address that helpAt() was given, with the code as its anchor. */\n  help: string;\n",
	"KeyFinding": "  /** Where the guide explains the code, as for a fault. */\n  help: string;\n",
}

func allRoots() []reflect.Type {
	roots := []reflect.Type{reflect.TypeFor[protocol.Request](), reflect.TypeFor[protocol.Response](), reflect.TypeFor[protocol.Kind](), reflect.TypeFor[protocol.Call](), reflect.TypeFor[protocol.Party](), reflect.TypeFor[fault.Group]()}
	for _, s := range protocol.Methods() {
		roots = append(roots, s.Params, s.Result)
	}
	return append(roots, callRoots()...)
}

func pageRoots() []reflect.Type {
	roots := []reflect.Type{reflect.TypeFor[fault.Code](), reflect.TypeFor[fault.Group](), reflect.TypeFor[protocol.Fault]()}
	for _, s := range protocol.Methods() {
		if s.Allows(protocol.Page) && s.Method != protocol.BridgeAttach {
			roots = append(roots, s.Params, s.Result)
		}
	}
	return append(roots, callRoots()...)
}

func callRoots() []reflect.Type {
	var roots []reflect.Type
	for _, c := range protocol.Calls() {
		roots = append(roots, c.Args, c.Result)
	}
	return roots
}

var (
	bytesType = reflect.TypeFor[[]byte]()
	timeType  = reflect.TypeFor[time.Time]()
	rawType   = reflect.TypeFor[json.RawMessage]()
	emptyType = reflect.TypeFor[protocol.Empty]()
)

// typesOf writes the roots and everything they reach, sorted by name.
func typesOf(src *source, roots []reflect.Type, extra map[string]string) ([]byte, error) {
	w := &typeWriter{src: src, extra: extra, done: map[string]string{}, from: map[string]reflect.Type{}}
	for _, r := range roots {
		if _, err := w.ref(r); err != nil {
			return nil, err
		}
	}
	var names []string
	for n := range w.done {
		names = append(names, n)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString(header)
	b.WriteString("\n/** Bytes in standard base64 with padding. */\nexport type Base64 = string;\n")
	b.WriteString("\n/** A time as RFC 3339 writes it. */\nexport type Timestamp = string;\n")
	for _, n := range names {
		b.WriteString("\n" + w.done[n])
	}
	return []byte(b.String()), nil
}

// typeWriter collects declarations by TypeScript name.
type typeWriter struct {
	src   *source
	done  map[string]string
	from  map[string]reflect.Type
	extra map[string]string // members to add, by TypeScript name
}

// ref is how a type is written where it is used; declares it when needed.
func (w *typeWriter) ref(t reflect.Type) (string, error) {
	switch t {
	case bytesType:
		return "Base64", nil
	case timeType:
		return "Timestamp", nil
	case rawType:
		return "unknown", nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return w.ref(t.Elem())
	case reflect.Slice:
		e, err := w.ref(t.Elem())
		return e + "[]", err
	case reflect.Struct:
		return w.declare(t, w.structBody)
	case reflect.String:
		if t.PkgPath() == "" {
			return "string", nil
		}
		return w.declare(t, w.unionBody)
	case reflect.Bool:
		return "boolean", nil
	case reflect.Int, reflect.Int64:
		return "number", nil
	}
	return "", fmt.Errorf("no TypeScript type for %s", t)
}

// tsName is the type's name; those of packages fault and keyhealth would say
// too little.
func tsName(t reflect.Type) string {
	switch {
	case strings.HasSuffix(t.PkgPath(), "/fault"):
		return "Fault" + t.Name()
	case strings.HasSuffix(t.PkgPath(), "/keyhealth"):
		return "Key" + t.Name()
	}
	return t.Name()
}

func (w *typeWriter) declare(t reflect.Type, body func(reflect.Type, *pkgSource) (string, error)) (string, error) {
	name := tsName(t)
	if have, ok := w.from[name]; ok {
		if have != t {
			return "", fmt.Errorf("two types are called %s: %s and %s", name, have, t)
		}
		return name, nil
	}
	w.from[name] = t
	p, err := w.src.pkg(t.PkgPath())
	if err != nil {
		return "", err
	}
	text, err := body(t, p)
	if err != nil {
		return "", fmt.Errorf("%s: %w", t, err)
	}
	w.done[name] = docComment("", p.types[t.Name()]) + text
	return name, nil
}

func (w *typeWriter) structBody(t reflect.Type, p *pkgSource) (string, error) {
	if t == emptyType {
		return "export type Empty = Record<string, never>;\n", nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "export interface %s {\n", tsName(t))
	for i := range t.NumField() {
		f := t.Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			return "", fmt.Errorf("field %s has no JSON name", f.Name)
		}
		ref, err := w.ref(f.Type)
		if err != nil {
			return "", err
		}
		if strings.Contains(opts, "omitempty") {
			name += "?"
		}
		b.WriteString(docComment("  ", p.fields[t.Name()+"."+f.Name]))
		fmt.Fprintf(&b, "  %s: %s;\n", name, ref)
	}
	b.WriteString(w.extra[tsName(t)] + "}\n")
	return b.String(), nil
}

// unionBody lists the constants of a named string type; a type without any is
// an open string.
func (w *typeWriter) unionBody(t reflect.Type, p *pkgSource) (string, error) {
	consts := p.ofType(t.Name())
	if len(consts) == 0 {
		return fmt.Sprintf("export type %s = string;\n", tsName(t)), nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "export type %s =", tsName(t))
	for _, c := range consts {
		fmt.Fprintf(&b, "\n  | %q", constant.StringVal(c.Value))
	}
	b.WriteString(";\n")
	return b.String(), nil
}

func docComment(indent, text string) string {
	if text == "" {
		return ""
	}
	lines := wrap(strings.ReplaceAll(text, "*/", "* /"), 92-len(indent))
	if len(lines) == 1 {
		return indent + "/** " + lines[0] + " */\n"
	}
	return indent + "/**\n" + indent + " * " + strings.Join(lines, "\n"+indent+" * ") + "\n" + indent + " */\n"
}

// wrap breaks text at spaces so that lines have at most width bytes.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
