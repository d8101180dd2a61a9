// Command verify is verify.wasm, the module of the throw-away Worker in which
// the signature of one signed list is verified (package signeddata). It holds
// crypto/x509 and go.mozilla.org/pkcs7, which nothing else in the extension
// does, and it is loaded when a page passes the first list.
//
// extension/app/verify-worker.js starts it with the list as
// globalThis.scelleList; its one answer is {ok, result: JSON of trust.Signed |
// fault}. It decides nothing: who may sign, and what the list is for, is
// checked outside (package trust).
//
// The extension's worker asks it too, by globalThis.scelleUpdate, to read a
// manifest of package update: public-key arithmetic is linked here already,
// and not into a module that draws.
package main
