//go:build js && wasm

// Command line is the least that a Go program does in a window: it draws one
// line of text. The start of the extension's windows is compared with it.
package main

import "syscall/js"

func main() {
	js.Global().Get("document").Call("getElementById", "app").Set("textContent", "Scellé")
	js.Global().Get("performance").Call("mark", "scelle-ready")
	select {}
}
