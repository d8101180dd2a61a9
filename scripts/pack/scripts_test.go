package main

import (
	"strings"
	"testing"
)

// documentWith is a document of the extension that lists scripts.
func documentWith(scripts ...string) []byte {
	html := "<html>\n  <head>\n    <link rel=\"icon\" href=\"../icons/seal.svg\">\n"
	for _, s := range scripts {
		html += `    <script src="` + s + `" defer></script>` + "\n"
	}
	return []byte(html + "  </head>\n  <body></body>\n</html>\n")
}

// listed is a package with two documents and a worker that shares a script
// with them.
func listed() tree {
	return tree{
		"app/popup.html":   documentWith("../gen/shared.js", "boot.js"),
		"app/options.html": documentWith("../gen/shared.js", "boot.js"),
		"app/bridge.html":  documentWith("bridge.js"),
		"app/boot.js":      []byte("// Starts.\n(() => {})();\n"),
		"app/bridge.js":    []byte("(() => {})();\n"),
		"gen/shared.js":    []byte("(() => {})();"),
		"worker/worker.js": []byte(`importScripts("../gen/shared.js");`),
	}
}

func TestJoinScripts(t *testing.T) {
	p := listed()
	if err := p.joinScripts(); err != nil {
		t.Fatal(err)
	}
	if got, want := string(p["app/window.js"]), "\"use strict\";\n// ---- gen/shared.js ----\n(() => {})();\n// ---- app/boot.js ----\n// Starts.\n(() => {})();\n"; got != want {
		t.Errorf("joined:\n%s", got)
	}
	want := string(documentWith("window.js"))
	for _, name := range []string{"app/popup.html", "app/options.html"} {
		if got := string(p[name]); got != want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	if got := string(p["app/bridge.html"]); got != string(documentWith("bridge.js")) {
		t.Errorf("a document with one script:\n%s", got)
	}
	for name, there := range map[string]bool{"app/boot.js": false, "gen/shared.js": true, "app/bridge.js": true} {
		if _, ok := p[name]; ok != there {
			t.Errorf("%s is in the package: %t", name, ok)
		}
	}
}

func TestJoinScriptsRefuses(t *testing.T) {
	other, missing, open := listed(), listed(), listed()
	other["app/popup.html"] = documentWith("boot.js", "../gen/shared.js")
	delete(missing, "gen/shared.js")
	open["gen/shared.js"] = []byte("(() => {})()\n")
	for what, p := range map[string]tree{"another document": other, "is missing": missing, "does not end": open} {
		if err := p.joinScripts(); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestDocumentsLoadOneScript: those of the extension itself, in which each
// script is once and the loader of the module comes last.
func TestDocumentsLoadOneScript(t *testing.T) {
	p, err := options{wasm: module(t)}.common()
	if err != nil {
		t.Fatal(err)
	}
	documents := 0
	for name, html := range p {
		if !strings.HasPrefix(name, "app/") || !strings.HasSuffix(name, ".html") || name == "app/bridge.html" {
			continue
		}
		documents++
		if n := strings.Count(string(html), "<script"); n != 1 || !strings.Contains(string(html), `<script src="window.js" defer></script>`) {
			t.Errorf("%s has %d scripts", name, n)
		}
	}
	if documents != 7 {
		t.Errorf("%d documents", documents)
	}
	script := string(p["app/window.js"])
	last := -1
	for _, name := range []string{"gen/protocol.js", "app/wasm_exec.js", "app/native.js", "app/managed.js", "app/boot.js"} {
		at := strings.Index(script, "// ---- "+name+" ----\n")
		if at <= last || strings.Count(script, "---- "+name) != 1 {
			t.Errorf("%s stands at %d, after %d", name, at, last)
		}
		last = at
	}
}
