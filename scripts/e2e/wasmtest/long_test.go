//go:build long

package wasmtest

// everything says that the tests of make test-all run too.
const everything = true
