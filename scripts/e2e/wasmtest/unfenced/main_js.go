//go:build js && wasm

// Command unfenced stands in for verify.wasm in a test: it hands a list to
// go.mozilla.org/pkcs7 without the fence of package signeddata, whose parser
// recurses without limit, or misbehaves as the first byte says. What the
// throw-away Worker makes of that is what the test looks at.
package main

import (
	"syscall/js"
	"time"

	"go.mozilla.org/pkcs7"
)

func main() {
	array := js.Global().Get("scelleList")
	list := make([]byte, array.Length())
	js.CopyBytesToGo(list, array)
	switch list[0] {
	case 'H': // hangs
		for time.Now().Unix() > 0 {
		}
	case 'P': // panics
		panic("as asked")
	}
	_, err := pkcs7.Parse(list)
	js.Global().Call("postMessage", map[string]any{"ok": true, "result": `{"pin":"survived"}`, "error": err != nil})
}
