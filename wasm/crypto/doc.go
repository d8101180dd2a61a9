// Command crypto is crypto.wasm, the module of the dedicated Worker in which
// plis are sealed and opened, for an assistant or for the bridge in a page. It
// is a module of its own so that the screens, which are waited for, need not
// load it.
//
// The work itself ([sealing], [opening], proofs) knows no browser and is
// tested natively; the files that end in _js.go wire it to one.
package main
