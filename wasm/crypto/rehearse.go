package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"

	"scelle/shared/protocol"
	"scelle/wasm/internal/trust"
)

// testName is the name of the one file of a test pli.
const testName = "essai.txt"

// testParams are those of a test pli for a rehearsal: what a bidder's page
// would ask, but for the file.
func testParams(tender string, recipients []protocol.SealRecipient) protocol.SealParams {
	return protocol.SealParams{Tender: tender, Kind: "offre", Depositor: "Scellé", Recipients: recipients}
}

// testFile is the file of a test pli: a line that says what it is and random
// bytes in hex, so that no other one opens to the same.
func testFile() source {
	random := make([]byte, 32)
	rand.Read(random)
	return &memory{testName, []byte("Scellé : pli d’essai pour répéter une ouverture / test submission to rehearse an opening\n" + hex.EncodeToString(random) + "\n")}
}

// agreed is a site whose list the model has verified already.
func agreed() site {
	return site{
		settle: func(context.Context) (protocol.TrustResult, error) {
			return protocol.TrustResult{Unsigned: protocol.WarnUnsigned}, nil
		},
		verify: func(context.Context, []byte) (*trust.Signed, error) { return nil, nil },
	}
}

// memory is a file that was made here.
type memory struct {
	name  string
	bytes []byte
}

func (m *memory) Name() string { return m.name }
func (m *memory) Type() string { return "text/plain" }
func (m *memory) Size() int64  { return int64(len(m.bytes)) }

// Open reads the file from its start.
func (m *memory) Open(context.Context) io.ReadCloser { return io.NopCloser(bytes.NewReader(m.bytes)) }
