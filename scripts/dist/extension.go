package main

import (
	"path/filepath"
	"strings"

	"scelle/extension"
)

// wasmModules are the packages that become WebAssembly modules.
func wasmModules() []string { return []string{"./wasm/app", "./wasm/crypto"} }

// extensions builds the modules and lets scripts/pack zip them for each
// browser.
func (b *build) extensions() error {
	var modules []string
	for _, pkg := range wasmModules() {
		to := filepath.Join(b.work, filepath.Base(pkg)+".wasm")
		if err := b.compile(pkg, "js", "wasm", to); err != nil {
			return err
		}
		modules = append(modules, to)
	}
	for _, browser := range extension.Browsers() {
		b.output("scelle-extension-" + string(browser) + ".zip")
	}
	return b.command([]string{"GOFLAGS=-mod=readonly"}, "go", "run", "./scripts/pack", "-out", b.out, "-wasm", strings.Join(modules, ","), "-zip")
}
