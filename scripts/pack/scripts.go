package main

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
)

// windowScript is what a document of the extension loads in place of the
// scripts that it lists: the same ones behind one another in a single file.
const windowScript = "app/window.js"

// scriptTag is a line of a document with a script that runs when the document
// was read.
var scriptTag = regexp.MustCompile(`(?m)^ *<script src="([^"]+)" defer></script>\n`)

// joinScripts gives the documents that list several scripts one file with all
// of them, since each file that a browser fetches of an extension delays the
// first paint. All list the same, which is what makes one file serve them. A
// script that nothing else loads is left out of the package.
func (t tree) joinScripts() error {
	var joined []string
	for _, name := range t.names() {
		if path.Ext(name) != ".html" {
			continue
		}
		scripts := scriptsOf(name, t[name])
		if len(scripts) < 2 {
			continue
		}
		if joined != nil && !slices.Equal(joined, scripts) {
			return fmt.Errorf("%s lists the scripts %s, another document %s", name, scripts, joined)
		}
		joined = scripts
		t[name] = withOneScript(t[name])
	}
	if joined == nil {
		return nil
	}
	script, err := t.joined(joined)
	if err != nil {
		return err
	}
	t[windowScript] = script
	for _, name := range joined {
		if !t.refersTo(name) {
			delete(t, name)
		}
	}
	return nil
}

// scriptsOf lists a document's scripts as paths in the package.
func scriptsOf(document string, html []byte) []string {
	var scripts []string
	for _, m := range scriptTag.FindAllSubmatch(html, -1) {
		scripts = append(scripts, path.Join(path.Dir(document), string(m[1])))
	}
	return scripts
}

// withOneScript puts the joined file in the place of a document's first script.
func withOneScript(html []byte) []byte {
	first := true
	return scriptTag.ReplaceAllFunc(html, func([]byte) []byte {
		if !first {
			return nil
		}
		first = false
		return []byte(`    <script src="` + path.Base(windowScript) + `" defer></script>` + "\n")
	})
}

// joined is the text of scripts behind one another, each under its name. Each
// is a function that is called at once, so that the next sees nothing of it but
// what it puts on globalThis; a missing semicolon would make it an argument. All
// are strict: Go's loader says so at its top, which here would be too late.
func (t tree) joined(scripts []string) ([]byte, error) {
	all := bytes.NewBufferString("\"use strict\";\n")
	for _, name := range scripts {
		text, ok := t[name]
		if !ok {
			return nil, fmt.Errorf("the script %s is missing", name)
		}
		text = bytes.TrimSpace(text)
		if !bytes.HasSuffix(text, []byte("})();")) {
			return nil, fmt.Errorf("%s does not end with a function that is called", name)
		}
		fmt.Fprintf(all, "// ---- %s ----\n%s\n", name, text)
	}
	return all.Bytes(), nil
}

// refersTo reports whether another file of the package loads a script. The
// manifests are not there yet: complete finds what they miss.
func (t tree) refersTo(script string) bool {
	for name, text := range t {
		if name != script && name != windowScript && slices.Contains(references(name, string(text)), script) {
			return true
		}
	}
	return false
}
