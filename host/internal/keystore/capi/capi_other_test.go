//go:build !windows

package capi

import (
	"testing"

	"scelle/shared/fault"
)

func TestNotHere(t *testing.T) {
	if s, err := Open(Options{}); s != nil || fault.CodeOf(err) != fault.StoreUnsupported {
		t.Errorf("Open: %v, %v", s, err)
	}
}
