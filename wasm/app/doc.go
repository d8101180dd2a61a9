// Command app is app.wasm, the module of the windows that work for no page and
// open no plis: what the icon opens, the settings, and the tests of this
// computer and of a key's protected copy. The assistant has one for requests
// about keys (scelle/wasm/keys) and one for requests about plis
// (scelle/wasm/plis), so that each window loads what it needs and no more.
// globalThis.scelleRole says which of a module's windows a document is.
package main
