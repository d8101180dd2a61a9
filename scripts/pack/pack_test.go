package main

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/extension"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// module is files that begin like WebAssembly modules.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	names := []string{filepath.Join(dir, "app.wasm"), filepath.Join(dir, "keys.wasm"), filepath.Join(dir, "plis.wasm"), filepath.Join(dir, "crypto.wasm"), filepath.Join(dir, "verify.wasm")}
	for _, name := range names {
		if err := os.WriteFile(name, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(names, ",")
}

func TestFolders(t *testing.T) {
	out := t.TempDir()
	o := options{out: out, wasm: module(t), demo: true}
	for range 2 { // a second run replaces the first
		if err := o.run(); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range extension.Browsers() {
		dir := filepath.Join(out, string(b))
		for _, name := range []string{"manifest.json", "app/app.wasm", "app/keys.wasm", "app/plis.wasm", "app/crypto.wasm", "app/verify.wasm", "app/wasm_exec.js", "app/popup.html", "content/content.js", "worker/worker.js", "gen/protocol.js", "_locales/fr/messages.json"} {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Error(err)
			}
		}
		for _, name := range []string{"page", "manifest", "test", "gen/messages.d.ts", "extension.go", "package.json"} {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err == nil {
				t.Errorf("%s is in the package for %s", name, b)
			}
		}
		text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), `"version": "`+version.Version+`"`) || !strings.Contains(string(text), "http://127.0.0.1/*") {
			t.Errorf("%s: manifest %s", b, text)
		}
	}
}

func TestZipIsDeterministic(t *testing.T) {
	wasm := module(t)
	var runs [2][]byte
	for i := range runs {
		out := t.TempDir()
		if err := (options{out: out, wasm: wasm, zip: true}).run(); err != nil {
			t.Fatal(err)
		}
		var err error
		if runs[i], err = os.ReadFile(filepath.Join(out, "scelle-extension-firefox.zip")); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(runs[0], runs[1]) {
		t.Error("two runs differ")
	}
	z, err := zip.NewReader(bytes.NewReader(runs[0]), int64(len(runs[0])))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "manifest.json") || len(names) < 20 {
		t.Errorf("zip holds %v", names)
	}
}

// TestForTheStore: the same but for the key.
func TestForTheStore(t *testing.T) {
	wasm := module(t)
	manifest := func(store bool) string {
		out := t.TempDir()
		if err := (options{out: out, wasm: wasm, store: store}).run(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(out, "chrome", "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	key := `  "key": "` + protocol.ChromeKey + "\",\n"
	usual, store := manifest(false), manifest(true)
	if !strings.Contains(usual, key) || store != strings.Replace(usual, key, "", 1) {
		t.Errorf("for the store:\n%s", store)
	}
}

func TestRefusals(t *testing.T) {
	notModule := filepath.Join(t.TempDir(), "x.wasm")
	if err := os.WriteFile(notModule, []byte("<!doctype html>"), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	if err := os.MkdirAll(filepath.Join(foreign, "chrome", "photos"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]options{
		"no module":        {out: t.TempDir(), wasm: filepath.Join(t.TempDir(), "none")},
		"not a module":     {out: t.TempDir(), wasm: notModule},
		"a foreign folder": {out: foreign, wasm: module(t)},
	} {
		if err := o.run(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, err := os.Stat(filepath.Join(foreign, "chrome", "photos")); err != nil {
		t.Error("a foreign folder was emptied")
	}
}

// TestMissingFilesAreFound takes single files out of a complete package.
func TestMissingFilesAreFound(t *testing.T) {
	common, err := options{wasm: module(t)}.common()
	if err != nil {
		t.Fatal(err)
	}
	if common["manifest.json"], err = extension.Manifest(extension.Firefox, false); err != nil {
		t.Fatal(err)
	}
	if err := common.complete(); err != nil {
		t.Fatalf("the package itself: %v", err)
	}
	for _, name := range []string{
		"app/popup.html", "app/bridge.html", "app/window.js", "app/native.js", "app/crypto-worker.js", "app/digest-worker.js", "app/app.wasm", "app/keys.wasm", "app/plis.wasm", "app/crypto.wasm", "app/verify.wasm", "app/wasm_exec.js",
		"worker/sites.js", "worker/worker.js", "content/content.js", "gen/protocol.js", "gen/faults.js", "_locales/en/messages.json",
	} {
		if _, ok := common[name]; !ok {
			t.Errorf("%s is not in the package", name)
			continue
		}
		less := tree{}
		for n, data := range common {
			if n != name {
				less[n] = data
			}
		}
		if err := less.complete(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
}

// TestUpdatedFrom: where the department's own packages ask for updates, and
// nothing else differs from what stores get.
func TestUpdatedFrom(t *testing.T) {
	wasm := module(t)
	manifest := func(b extension.Browser, folder string) string {
		out := t.TempDir()
		if err := (options{out: out, wasm: wasm, updateURL: folder}).run(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join(out, string(b), "manifest.json"))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const folder = "https://extensions.example/scelle/"
	for b, line := range map[extension.Browser]string{
		extension.Chrome:  "\n  \"update_url\": \"" + folder + "update.xml\",",
		extension.Firefox: ",\n      \"update_url\": \"" + folder + "updates.json\"",
	} {
		usual, own := manifest(b, ""), manifest(b, folder)
		if strings.Contains(usual, "update_url") || !strings.Contains(own, line) || strings.Replace(own, line, "", 1) != usual {
			t.Errorf("%s: %s", b, own)
		}
	}
}

const testKey = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

// TestPublisher: the address and the keys reach the worker, and only then may
// it ask the network for anything.
func TestPublisher(t *testing.T) {
	wasm := module(t)
	built := func(p publisher, demo bool) map[string]string {
		t.Helper()
		out := t.TempDir()
		if err := (options{out: out, wasm: wasm, demo: demo, publisher: p}).run(); err != nil {
			t.Fatal(err)
		}
		texts := map[string]string{}
		for _, b := range extension.Browsers() {
			for _, name := range []string{"manifest.json", publisherScript} {
				text, err := os.ReadFile(filepath.Join(out, string(b), filepath.FromSlash(name)))
				if err != nil {
					t.Fatal(err)
				}
				texts[string(b)+" "+name] = string(text)
			}
		}
		return texts
	}
	plain := built(publisher{}, false)
	settled := built(publisher{"https://mises-a-jour.example/scelle/", testKey + "," + testKey}, false)
	demo := built(publisher{"http://127.0.0.1:8080/", testKey}, true)
	for _, b := range extension.Browsers() {
		manifest, script := string(b)+" manifest.json", string(b)+" "+publisherScript
		for texts, want := range map[*map[string]string][2]string{
			&plain:   {"connect-src 'self';", nowhere},
			&settled: {"connect-src 'self' https:;", `{ address: "https://mises-a-jour.example/scelle/", keys: Object.freeze(["` + testKey + `","` + testKey + `"]) }`},
			&demo:    {"connect-src 'self' https: http://127.0.0.1:*;", `{ address: "http://127.0.0.1:8080/", keys`},
		} {
			if got := *texts; !strings.Contains(got[manifest], want[0]) || !strings.Contains(got[script], want[1]) {
				t.Errorf("%s: %s\n%s", b, got[manifest], got[script])
			}
		}
	}
	for _, bad := range []publisher{
		{"https://x.example/", ""}, {"", testKey}, {"https://x.example", testKey}, {"http://127.0.0.1/", testKey},
		{"https://x.example/a/?b=/", testKey}, {"https://u@x.example/", testKey}, {"https:///", testKey},
		{"https://x.example/", "00"}, {"https://x.example/", testKey + ","},
	} {
		if err := (options{out: t.TempDir(), wasm: wasm, publisher: bad}).run(); err == nil {
			t.Errorf("%+v is packed", bad)
		}
	}
}
