//go:build js && wasm

package main

import (
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/update"
	"scelle/wasm/internal/bridge"
)

// judgeUpdate answers the one question that the extension's worker left in
// globalThis.scelleUpdate, and ends.
//
// The signature is checked by Go's crypto/ed25519: WebCrypto's Ed25519 came
// later than the oldest browsers that the manifests allow (Chromium 137,
// Firefox 129), and one reader of the format is enough.
func judgeUpdate() error {
	asked, ok := bridge.Lookup("scelleUpdate")
	if !ok {
		return fault.Newf(fault.Internal, "no question")
	}
	var q update.Question
	if err := json.Unmarshal([]byte(bridge.String(asked, "question")), &q); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	answer, err := json.Marshal(update.Judge(q))
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	return fault.Wrap(fault.Internal, asked.Set("answer", string(answer)))
}
