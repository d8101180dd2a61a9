package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
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
	npmPacks(t, dir)
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
		"sealing/app/verify.wasm", "scelle.js.gz", "sealing/app/crypto.wasm.gz", "sealing/app/digest-worker.js", "sealing/app/wasm_exec.js", "sealing/app/seclude.js", "sealing/gen/protocol.js",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	for _, name := range names {
		if strings.HasPrefix(name, "sealing/") && !strings.HasPrefix(name, "sealing/app/") && strings.TrimSuffix(name, ".gz") != "sealing/gen/protocol.js" || strings.HasSuffix(name, "app.wasm") || strings.HasSuffix(name, "keys.wasm") || strings.HasSuffix(name, "plis.wasm") || strings.Contains(name, "bridge") {
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

// npmPacks: the tarball is the same twice, and holds the files of the folder
// that npm itself would pack, byte for byte.
func npmPacks(t *testing.T, dir string) {
	t.Helper()
	var first []byte
	for range 2 {
		o := options{tarball: filepath.Join(t.TempDir(), "page.tgz"), wasm: module(t)}
		if err := o.run(); err != nil {
			t.Fatal(err)
		}
		tarball, err := os.ReadFile(o.tarball)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil && !bytes.Equal(tarball, first) {
			t.Error("two runs pack other bytes")
		}
		first = tarball
	}
	packed := untar(t, first)
	npm := exec.Command("npm", "pack", "--dry-run", "--json", "--offline", dir)
	npm.Env = append(os.Environ(), "HOME="+t.TempDir(), "npm_config_cache="+t.TempDir()) // not this account's settings and logs
	out, err := npm.Output()
	if err != nil {
		t.Fatalf("npm pack: %v", err)
	}
	var report []struct{ Files []struct{ Path string } }
	if err := json.Unmarshal(out, &report); err != nil || len(report) != 1 || len(report[0].Files) != len(packed) {
		t.Fatalf("npm packs %s, the tarball holds %d files (%v)", out, len(packed), err)
	}
	for _, f := range report[0].Files {
		want, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
		if err != nil || !bytes.Equal(packed["package/"+f.Path], want) {
			t.Errorf("%s is not in the tarball as it is in the folder (%v)", f.Path, err)
		}
	}
}

// untar reads a tarball, whose files have to be sorted and of npm's one time.
func untar(t *testing.T, tarball []byte) tree {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		t.Fatal(err)
	}
	files, r, last := tree{}, tar.NewReader(z), ""
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Name <= last || !h.ModTime.Equal(npmTime) {
			t.Errorf("%s of %v comes after %s", h.Name, h.ModTime, last)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
		last = h.Name
	}
}
