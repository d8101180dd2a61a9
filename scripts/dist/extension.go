package main

import (
	"path/filepath"
	"slices"
	"strings"

	"scelle/extension"
)

// screens are the packages of the modules that draw.
var screens = []string{"./wasm/app", "./wasm/keys", "./wasm/plis"}

// wasmModules are the packages that become WebAssembly modules.
func wasmModules() []string { return append(slices.Clone(screens), "./wasm/crypto", "./wasm/verify") }

// pageTarball is the npm package for portals. npm itself would call it
// scelle-VERSION.tgz, which says nothing beside the other packages.
func (b *build) pageTarball() string { return "scelle-page-" + b.version + ".tgz" }

// extensionZip is what scripts/pack calls a browser's package.
func extensionZip(b extension.Browser) string { return "scelle-extension-" + string(b) + ".zip" }

// extensions makes what is given to stores, or loaded unpacked, and beside it
// what portals serve.
func (b *build) extensions() error {
	for _, browser := range extension.Browsers() {
		b.output(extensionZip(browser))
	}
	return b.pack(b.out, "-tarball", b.output(b.pageTarball()))
}

// pack builds the modules, once, and lets scripts/pack zip them for each
// browser into a folder.
func (b *build) pack(folder string, flags ...string) error {
	if b.modules == nil {
		for _, pkg := range wasmModules() {
			to := filepath.Join(b.work, filepath.Base(pkg)+".wasm")
			if err := b.compile(pkg, "js", "wasm", to); err != nil {
				return err
			}
			b.modules = append(b.modules, to)
		}
	}
	overlay, err := b.overlay()
	if err != nil {
		return err
	}
	args := append(append([]string{"run"}, overlay...), "./scripts/pack", "-out", folder, "-wasm", strings.Join(b.modules, ","), "-zip")
	if b.portals != "" {
		args = append(args, "-portals", b.portals)
	}
	return b.command([]string{"GOFLAGS=-mod=readonly"}, "go", append(append(args, b.packFlags()...), flags...)...)
}
