package main

import (
	"time"

	"scelle/shared/signeddata"
	"scelle/wasm/internal/trust"
)

// verify verifies a list's signature. Errors: those of [signeddata.Verify].
func verify(der []byte, now time.Time) (*trust.Signed, error) {
	s, err := signeddata.Verify(der, now)
	if err != nil {
		return nil, err
	}
	return &trust.Signed{Pin: s.Pin, JSON: s.JSON}, nil
}
