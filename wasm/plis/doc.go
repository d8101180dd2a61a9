// Command plis is plis.wasm, the module of the windows that open plis: the
// assistant for requests about plis, and the offline page. See scelle/wasm/app.
// Whatever reads or opens an envelope is asked of the crypto worker
// (scelle/wasm/crypto).
package main
