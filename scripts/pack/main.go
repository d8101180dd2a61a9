// Command pack assembles the extension for each browser from the embedded
// files, the WebAssembly modules and Go's own loader.
//
//	go run ./scripts/pack -out build/extension -wasm build/app.wasm,build/keys.wasm,build/plis.wasm,build/crypto.wasm,build/verify.wasm         folders chrome/ and firefox/
//	go run ./scripts/pack -out build/extension -wasm build/app.wasm,build/keys.wasm,build/plis.wasm,build/crypto.wasm,build/verify.wasm -demo   may be allowed on loopback sites
//	go run ./scripts/pack -out build/dist -wasm build/app.wasm,build/keys.wasm,build/plis.wasm,build/crypto.wasm,build/verify.wasm -zip         one zip for each browser
//	go run ./scripts/pack -page build/page -wasm build/crypto.wasm,build/verify.wasm                                  the npm package for portals
//	go run ./scripts/pack -tarball build/dist/scelle-page.tgz -wasm build/crypto.wasm,build/verify.wasm               the same, as npm packs it
//
// It fails when a file that the manifest or a document refers to is missing.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	var o options
	flag.StringVar(&o.out, "out", "", "folder to write to")
	flag.StringVar(&o.page, "page", "", "folder to write the npm package for portals to")
	flag.StringVar(&o.tarball, "tarball", "", "file to write that package to, as npm pack does")
	flag.StringVar(&o.wasm, "wasm", "", "the WebAssembly modules (GOOS=js go build ./wasm/app, ./wasm/keys, ./wasm/plis, ./wasm/crypto and ./wasm/verify), separated by a comma")
	flag.BoolVar(&o.demo, "demo", false, "a build that may be allowed on loopback sites")
	flag.BoolVar(&o.zip, "zip", false, "write zips instead of folders")
	flag.BoolVar(&o.store, "store", false, "leave out what the Chrome Web Store refuses")
	flag.StringVar(&o.portals, "portals", "", "file with the portals of an organisation, one https origin a line, # before comments: they need no prompt")
	flag.StringVar(&o.updateURL, "update-url", "", "https address, with a slash at its end, of the folder that holds update.xml and updates.json; not for stores")
	flag.StringVar(&o.packagesURL, "packages-url", "", "address, with a slash at its end, of the folder in which the extension looks for update.json and the host's packages: https, or loopback in a demo build")
	flag.StringVar(&o.updateKeys, "update-keys", "", "Ed25519 public keys that may sign update.json, 64 hexadecimal digits each, separated by a comma: two while one takes the other's place")
	flag.Parse()
	if o.out == "" && o.page == "" && o.tarball == "" || o.wasm == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := o.run(); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}
