//go:build !js

package main

import (
	"fmt"
	"os"
)

// main says why nothing happens: natively only the tests of the work run.
func main() {
	fmt.Fprintln(os.Stderr, "keys runs in a browser: build it with GOOS=js GOARCH=wasm")
	os.Exit(2)
}
