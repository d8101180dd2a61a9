package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

const docPath = "shared/protocol/PROTOCOL.md"

// protocolDoc fills the tables of PROTOCOL.md.
func protocolDoc(src *source) ([]file, error) {
	p, err := src.pkg(protocolPath)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(src.root, filepath.FromSlash(docPath)))
	if err != nil {
		return nil, err
	}
	for _, t := range []struct{ name, table string }{
		{"methods", methodsTable()},
		{"calls", callsTable()},
		{"kinds", constTable(p.ofType("Kind"), "kind")},
		{"limits", limitTable(p)},
		{"faults", faultsTable()},
	} {
		text, err = between(text, "<!-- generated: "+t.name+" -->", "<!-- /generated -->", []byte(t.table))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", docPath, err)
		}
	}
	return []file{{Path: docPath, Data: text}}, nil
}

func methodsTable() string {
	var b bytes.Buffer
	b.WriteString("| method | from | to | params | result | |\n|---|---|---|---|---|---|\n")
	for _, s := range protocol.Methods() {
		var from []string
		for _, f := range s.From {
			from = append(from, string(f))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s |\n", s.Method, strings.Join(from, ", "), s.To, typeCell(s.Params), typeCell(s.Result), s.Doc)
	}
	return b.String()
}

func callsTable() string {
	var b bytes.Buffer
	b.WriteString("| call | arguments | answer | |\n|---|---|---|---|\n")
	for _, c := range protocol.Calls() {
		args, result := typeCell(c.Args), typeCell(c.Result)
		if c.Files {
			args += ", files"
		}
		if c.Blob {
			result = "Blob, File or Response"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Call, args, result, c.Doc)
	}
	return b.String()
}

func typeCell(t reflect.Type) string {
	if t == emptyType {
		return "–"
	}
	return "`" + t.Name() + "`"
}

func constTable(consts []constSource, title string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "| %s | |\n|---|---|\n", title)
	for _, c := range consts {
		fmt.Fprintf(&b, "| `%s` | %s |\n", constant.StringVal(c.Value), c.Doc)
	}
	return b.String()
}

func limitTable(p *pkgSource) string {
	var b bytes.Buffer
	b.WriteString("| limit | value | |\n|---|---|---|\n")
	for _, c := range p.consts {
		if c.File == "limits.go" && c.Value.Kind() == constant.Int {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", lowerFirst(c.Name), c.Value.ExactString(), c.Doc)
		}
	}
	return b.String()
}

func faultsTable() string {
	var b bytes.Buffer
	b.WriteString("| code | group | text | remedy |\n|---|---|---|---|\n")
	for _, c := range fault.Codes() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c, c.Group(), cell(c.Text("en")), cell(c.Remedy("en")))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
