// Command app is app.wasm, the module that every document of the extension
// runs. globalThis.scelleRole says which screen of package model it shows:
// "popup", "assistant" or "offline". Whatever reads or opens an envelope is
// asked of the crypto worker (scelle/wasm/crypto).
package main
