package main

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"scelle/extension"
	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/firefox"
)

//go:embed page
var page embed.FS

// The peers in JavaScript, as the npm registry has them.
var npmPeers = []string{"pkijs@4.0.0", "asn1js@4.0.0", "node-forge@1.4.3"}

// The sizes that the peers in JavaScript get at most, in bytes: they hold
// everything in memory, several times.
const (
	pkijsSize = 32 << 20
	forgeSize = 8 << 20
)

// browserBench is one run of the measures in one headless browser.
type browserBench struct {
	name      string
	page      browser.Page
	size      int64 // bytes of the file that is sealed and opened
	rounds    int
	largest   int64 // bytes, where growth ends
	keys      *keys
	rates     map[string][]float64 // MB/s of content, by measure
	processor map[string][]float64 // seconds of the processors, by measure in the browser
}

// program is a browser that measures can run in.
type program struct {
	name  string
	find  func() (string, error)
	start func(ctx context.Context, dir string) (browser.Browser, error)
}

func programs() []program {
	return []program{
		{"Chromium", browser.Find, func(ctx context.Context, dir string) (browser.Browser, error) {
			return browser.Start(ctx, browser.Options{UserDataDir: filepath.Join(dir, "profile"), Env: []string{"HOME=" + dir}})
		}},
		{"Firefox", firefox.Find, func(ctx context.Context, dir string) (browser.Browser, error) {
			return firefox.Start(ctx, firefox.Options{Profile: filepath.Join(dir, "firefox"), Env: []string{"HOME=" + dir}})
		}},
	}
}

// benchBrowser measures sealing and opening in each browser that is there,
// beside its peers. Every round runs every measure once, so that whatever else
// the machine does meets all of them; each one is in a fresh Worker.
func benchBrowser(ctx context.Context, dir string, o options) error {
	k, err := newKeys(dir)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "content")
	if err := randomFile(file, o.size); err != nil {
		return err
	}
	server, err := servePage(dir)
	if err != nil {
		return err
	}
	defer server.Close()
	for _, p := range programs() {
		if _, err := p.find(); err != nil {
			fmt.Printf("\n%s is not measured: %v\n", p.name, err)
			continue
		}
		b := &browserBench{name: p.name, size: o.size, rounds: o.rounds, largest: o.largest, keys: k, rates: map[string][]float64{}, processor: map[string][]float64{}}
		if err := b.in(ctx, p, dir, server.URL, file, filepath.Join(o.build, "bench")); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

// in starts a browser and runs all rounds in it; Chromium also shows how cost
// grows, with a plot in folder.
func (b *browserBench) in(ctx context.Context, p program, dir, url, file, folder string) error {
	running, err := p.start(ctx, dir)
	if err != nil {
		return err
	}
	defer running.Close()
	if b.page, err = running.Open(url + "/index.html"); err != nil {
		return err
	}
	if err := b.page.Upload("#file", file); err != nil {
		return err
	}
	fmt.Printf("\nin %s: %d MiB, medians of %d rounds; PKI.js with %d MiB, node-forge with %d MiB\n",
		b.name, b.size>>20, b.rounds, min(b.size, pkijsSize)>>20, min(b.size, forgeSize)>>20)
	fmt.Println("a bare envelope has no fingerprint; a whole pli is ZIP with CRC-32, SHA-256 of the file, of the envelope and of its content")
	for range b.rounds {
		if err := b.round(dir, file); err != nil {
			return err
		}
	}
	b.print()
	if b.name != "Chromium" {
		return nil
	}
	return b.growth(dir, folder)
}

// servePage offers the page, the peers, Go's loader and the compiled
// benchmarks of wasm/crypto on loopback.
func servePage(dir string) (*httptest.Server, error) {
	npm := exec.Command("npm", append([]string{"install", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts", "--no-save"}, npmPeers...)...)
	if out, err := npm.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("npm: %w: %s", err, out)
	}
	wasm := filepath.Join(dir, "measure.wasm")
	compile := exec.Command("go", "test", "-c", "-ldflags", "-s -w", "-o", wasm, "scelle/wasm/crypto")
	compile.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := compile.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compiling wasm/crypto: %w: %s", err, out)
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	static, err := fs.Sub(page, "page")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(static))
	mux.Handle("/npm/", http.StripPrefix("/npm/", http.FileServer(http.Dir(filepath.Join(dir, "node_modules")))))
	for name, file := range map[string]string{
		"/measure.wasm": wasm,
		"/wasm_exec.js": filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"),
	} {
		mux.HandleFunc(name, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, file) })
	}
	for _, name := range []string{"digest-worker.js", "chunks.js", "seclude.js"} {
		mux.HandleFunc("/"+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, extension.Files(), "app/"+name)
		})
	}
	return httptest.NewServer(mux), nil
}
