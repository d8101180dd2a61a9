package main

import (
	"bytes"
	"strings"
	"testing"

	"scelle/scripts/outputs"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

func generated(t *testing.T) (string, []file) {
	t.Helper()
	root, err := outputs.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	files, err := generate(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 7 {
		t.Fatalf("only %d files are generated", len(files))
	}
	return root, files
}

// TestDrift fails when a committed file is not what the table says.
func TestDrift(t *testing.T) {
	root, files := generated(t)
	if err := outputs.Compare(root, "make gen", files); err != nil {
		t.Error(err)
	}
}

func TestDeterministic(t *testing.T) {
	_, a := generated(t)
	_, b := generated(t)
	for i := range a {
		if a[i].Path != b[i].Path || !bytes.Equal(a[i].Data, b[i].Data) {
			t.Errorf("%s differs between two runs", a[i].Path)
		}
	}
}

func find(t *testing.T, files []file, path string) string {
	t.Helper()
	for _, f := range files {
		if f.Path == path {
			return string(f.Data)
		}
	}
	t.Fatalf("%s is not generated", path)
	return ""
}

func TestEverythingIsNamed(t *testing.T) {
	_, files := generated(t)
	script := find(t, files, "extension/gen/protocol.js")
	all := find(t, files, "extension/gen/messages.d.ts")
	for _, s := range protocol.Methods() {
		if !strings.Contains(script, `"`+string(s.Method)+`": {`) {
			t.Errorf("protocol.js lacks %s", s.Method)
		}
		if s.Params != emptyType && !strings.Contains(all, "export interface "+s.Params.Name()+" {") {
			t.Errorf("messages.d.ts lacks %s", s.Params.Name())
		}
	}
	texts := find(t, files, "extension/gen/faults.js")
	for _, c := range fault.Codes() {
		if !strings.Contains(texts, `"`+string(c)+`": {`) {
			t.Errorf("faults.js lacks %s", c)
		}
	}
}

// TestCodesOfTheSource: a code that is declared but not in Codes would be a
// type in TypeScript without a text.
func TestCodesOfTheSource(t *testing.T) {
	root, err := outputs.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newSource(root).pkg("scelle/shared/fault")
	if err != nil {
		t.Fatal(err)
	}
	declared := p.ofType("Code")
	if len(declared) < 50 || len(declared) != len(fault.Codes()) {
		t.Errorf("%d codes are declared, %d have texts", len(declared), len(fault.Codes()))
	}
}

// TestCallsAreComplete: every Call constant has its row.
func TestCallsAreComplete(t *testing.T) {
	root, err := outputs.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newSource(root).pkg(protocolPath)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(p.ofType("Call")); n == 0 || n != len(protocol.Calls()) {
		t.Errorf("%d calls are declared, %d stand in the table", n, len(protocol.Calls()))
	}
	if n := len(p.ofType("Method")); n == 0 || n != len(protocol.Methods()) {
		t.Errorf("%d methods are declared, %d stand in the table", n, len(protocol.Methods()))
	}
}

// TestPageTypesStaySmall: what only the extension may see is not in the types
// that portals get.
func TestPageTypesStaySmall(t *testing.T) {
	_, files := generated(t)
	page := find(t, files, "extension/page/messages.d.ts")
	for _, name := range []string{"UnwrapParams", "SessionResult", "ListResult", "AttachResult", "Certificate"} {
		if strings.Contains(page, "export interface "+name+" {") {
			t.Errorf("page types hold %s", name)
		}
	}
	if !strings.Contains(page, "export interface SealParams {") {
		t.Error("page types lack SealParams")
	}
}

func TestTypeScriptForms(t *testing.T) {
	_, files := generated(t)
	all := find(t, files, "extension/gen/messages.d.ts")
	for _, want := range []string{
		"  /** DER, base64 in JSON */\n  certificate: Base64;\n",
		"  notAfter: Timestamp;\n",
		"  params: unknown;\n",
		"  resume?: Registration;\n",
		"export type Empty = Record<string, never>;\n",
		"export type Mode =\n  | \"existing\"\n",
		"export type Mechanism =\n  | \"rsa-oaep-sha256\"\n",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("messages.d.ts lacks\n%s", want)
		}
	}
}
