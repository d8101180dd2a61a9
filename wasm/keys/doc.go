// Command keys is keys.wasm, the module of the assistant for requests about
// keys: adding one, proving those of a service. See scelle/wasm/app.
package main
