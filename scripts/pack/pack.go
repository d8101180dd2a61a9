package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"scelle/extension"
)

type options struct {
	out, page string // folders of the extensions and of the package for portals; "" writes none
	tarball   string // file to write the package for portals to, as npm packs it; "" writes none
	wasm      string // a list with commas
	demo, zip bool
	store     bool // for the Chrome Web Store, which refuses a fixed key
	updateURL string
	portals   string // file with the portals that need no prompt, "" for none
	publisher
}

// tree is a package's files by their slash-separated path.
type tree map[string][]byte

func (o options) run() error {
	if err := o.publisher.check(o.demo); err != nil {
		return err
	}
	common, err := o.common()
	if err == nil {
		err = o.writePage(common)
	}
	if err != nil || o.out == "" {
		return err
	}
	var known []string
	if o.portals != "" {
		if known, err = readPortals(o.portals, o.demo); err != nil {
			return err
		}
	}
	for _, b := range extension.Browsers() {
		t := tree{}
		for name, data := range common {
			t[name] = data
		}
		if t["manifest.json"], err = extension.Manifest(b, o.demo); err != nil {
			return err
		}
		if t["manifest.json"], err = t.allowStyle(t["manifest.json"]); err != nil {
			return err
		}
		if o.store {
			if t["manifest.json"], err = withoutKey(t["manifest.json"]); err != nil {
				return err
			}
		}
		if o.updateURL != "" {
			if t["manifest.json"], err = updatedFrom(t["manifest.json"], b, o.updateURL); err != nil {
				return err
			}
		}
		if t["manifest.json"], err = o.letWorkerAsk(t["manifest.json"]); err != nil {
			return err
		}
		if known != nil {
			if err := t.knowPortals(known); err != nil {
				return err
			}
		}
		if err := t.complete(); err != nil {
			return fmt.Errorf("%s: %w", b, err)
		}
		if err := o.write(b, t); err != nil {
			return err
		}
	}
	return nil
}

// withoutKey leaves out of a manifest the key that fixes the extension's id.
func withoutKey(manifest []byte) ([]byte, error) {
	m := map[string]any{}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	delete(m, "key")
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}

// updatedFrom says in a manifest where the browser is to ask for newer
// versions.
func updatedFrom(manifest []byte, b extension.Browser, folder string) ([]byte, error) {
	m := map[string]any{}
	if err := json.Unmarshal(manifest, &m); err != nil {
		return nil, err
	}
	if b == extension.Firefox {
		settings, _ := m["browser_specific_settings"].(map[string]any)
		gecko, ok := settings["gecko"].(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: no browser_specific_settings.gecko", b)
		}
		gecko["update_url"] = folder + "updates.json"
	} else {
		m["update_url"] = folder + "update.xml"
	}
	text, err := json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}

// common is everything but the manifest.
func (o options) common() (tree, error) {
	t, err := static(extension.Files())
	if err != nil {
		return nil, err
	}
	for _, name := range strings.Split(o.wasm, ",") {
		module, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if t["app/"+filepath.Base(name)], err = slim(module); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if t["app/wasm_exec.js"], err = goLoader(); err != nil {
		return nil, err
	}
	if err := errors.Join(t.joinScripts(), t.inlineStyle()); err != nil {
		return nil, err
	}
	return t, o.publish(t)
}

// static picks what browsers load: not the manifest's parts, not the portals'
// scelle.js, no type declarations, no notes for developers.
func static(files fs.FS) (tree, error) {
	t := tree{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		top, _, _ := strings.Cut(name, "/")
		if top == "manifest" || top == "page" || strings.HasSuffix(name, ".d.ts") || strings.HasSuffix(name, ".md") {
			return nil
		}
		t[name], err = fs.ReadFile(files, name)
		return err
	})
	return t, err
}

// goLoader is wasm_exec.js of the Go that is on the path, which is the one
// that built the module.
func goLoader() ([]byte, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOROOT: %w", err)
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
}

func (o options) write(b extension.Browser, t tree) error {
	if o.zip {
		return t.writeZip(filepath.Join(o.out, "scelle-extension-"+string(b)+".zip"))
	}
	return t.writeFolder(filepath.Join(o.out, string(b)), "manifest.json")
}

func (t tree) names() []string {
	names := make([]string, 0, len(t))
	for n := range t {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// writeFolder replaces dir by the tree. A folder that is not a package of ours,
// which has the file mark, is left alone.
func (t tree) writeFolder(dir, mark string) error {
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, mark)); err != nil {
			return fmt.Errorf("%s is not empty and holds no %s", dir, mark)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	for _, name := range t.names() {
		p := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(p, t[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// writeZip writes the same bytes for the same files: sorted, one fixed time.
func (t tree) writeZip(name string) error {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, n := range t.names() {
		h := &zip.FileHeader{Name: path.Clean(n), Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
		f, err := w.CreateHeader(h)
		if err != nil {
			return err
		}
		if _, err := f.Write(t[n]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o644)
}
