// Command app is app.wasm, the module that every document of the extension
// and its dedicated Worker run. globalThis.scelleRole says what it is there:
// "popup", "assistant" and "offline" show a screen of package model; "worker"
// seals and opens.
//
// The work itself ([sealing], [opening], proofs) knows no browser and is
// tested natively; the files that end in _js.go wire it to one.
package main
