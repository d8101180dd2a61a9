//go:build linux && cgo

package nss

import (
	"testing"

	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// TestTwoStores: two databases are open at once in one process.
func TestTwoStores(t *testing.T) {
	a, b := open(t, newPlace(t).dir), open(t, newPlace(t).dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	inA, inB := add(t, a, pair), add(t, b, pair)
	if inA.URI == inB.URI {
		t.Error("keys of two databases have one URI")
	}
	_, err := b.Unwrapper(t.Context(), inA.URI)
	wantFault(t, "URI of the other store", err, fault.KeyNotFound)
	held, err := a.Unwrapper(t.Context(), inA.URI)
	if err != nil {
		t.Fatal(err)
	}
	if err := selfsign.SelfTest(t.Context(), b, inB); err != nil {
		t.Error("beside the other store:", err)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
}
