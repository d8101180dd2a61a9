package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPagePackage: the package for portals holds extension/page, and below
// sealing/ everything that its Workers load, and nothing of the extension's
// screens, its worker or its own page.
func TestPagePackage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "page")
	o := options{page: dir, wasm: module(t)}
	for range 2 { // a second run replaces the first
		if err := o.run(); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, relErr := filepath.Rel(dir, p)
			names = append(names, filepath.ToSlash(name))
			return relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"package.json", "scelle.js", "sealing.js", "codes.js", "integrate-fr.html", "sealing/app/crypto-worker.js", "sealing/app/crypto.wasm", "sealing/app/verify-worker.js",
		"sealing/app/verify.wasm", "sealing/app/digest-worker.js", "sealing/app/wasm_exec.js", "sealing/app/seclude.js", "sealing/gen/protocol.js",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "sealing/") && !strings.HasPrefix(name, "sealing/app/") && name != "sealing/gen/protocol.js" || strings.HasSuffix(name, "app.wasm") || strings.Contains(name, "bridge") {
			t.Errorf("%s is in the package", name)
		}
	}
}

// TestPagePackageNeedsEveryFile: a Worker whose file is missing is no package,
// and a folder of somebody else's is left alone.
func TestPagePackageNeedsEveryFile(t *testing.T) {
	if _, err := (tree{"app/crypto-worker.js": []byte(`importScripts("seclude.js")`), "app/verify-worker.js": nil}).sealing(); err == nil || !strings.Contains(err.Error(), "app/seclude.js") {
		t.Errorf("%v", err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (options{page: dir, wasm: module(t)}).run(); err == nil {
		t.Error("a folder with other files is replaced")
	}
}
