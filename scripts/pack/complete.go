package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"regexp"
	"strings"
)

// Where files of the package are named: attributes of documents, and the
// scripts that workers load or start.
var (
	inHTML = regexp.MustCompile(`(?:src|href|data-module)="([^"#:]+)(?:#[^"]*)?"`)
	inCSS  = regexp.MustCompile(`url\(["']?([^"')#:]+)["']?\)`)
	inJS   = regexp.MustCompile(`(?:new Worker|importScripts|fetch)\(([^)]*)\)`)
	quoted = regexp.MustCompile(`"([^"]+\.(?:js|wasm))"`)
	named  = regexp.MustCompile(`"((?:app|content|gen|worker|icons)/[\w./-]+)[#"]`)
)

// complete checks that every file that is referred to is there.
func (t tree) complete() error {
	var errs []error
	need := func(from, name string) {
		if _, ok := t[name]; !ok {
			errs = append(errs, fmt.Errorf("%s refers to %s, which is missing", from, name))
		}
	}
	if !json.Valid(t["manifest.json"]) {
		return errors.New("manifest.json is not JSON")
	}
	for _, n := range t.names() {
		for _, ref := range references(n, string(t[n])) {
			need(n, ref)
		}
	}
	for _, lang := range []string{"fr", "en"} {
		need("manifest.json", "_locales/"+lang+"/messages.json")
	}
	return errors.Join(errs...)
}

// references lists the package's files that one file names.
func references(name, text string) []string {
	var refs []string
	relative := func(matches [][]string) {
		for _, m := range matches {
			refs = append(refs, path.Join(path.Dir(name), m[1]))
		}
	}
	switch {
	case strings.HasSuffix(name, ".html"):
		relative(inHTML.FindAllStringSubmatch(text, -1))
	case strings.HasSuffix(name, ".css"):
		relative(inCSS.FindAllStringSubmatch(text, -1))
	case name == "app/wasm_exec.js":
	case name == "manifest.json", strings.HasSuffix(name, ".js"):
		for _, call := range inJS.FindAllStringSubmatch(text, -1) {
			relative(quoted.FindAllStringSubmatch(call[1], -1))
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			refs = append(refs, m[1])
		}
	}
	return refs
}
