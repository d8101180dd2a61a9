// Package wasmtest runs the Go tests of packages that need a browser: it
// compiles a package's test binary for js/wasm and runs it in a dedicated
// Worker of a headless Chromium and of a headless Firefox (package dom: in its
// document), where the whole of WebCrypto, the origin private file system,
// locks and channels are the real ones.
package wasmtest
