//go:build !long

package e2e

// everything says that the tests of make test-all run too.
const everything = false
