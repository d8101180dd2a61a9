//go:build js && wasm

package main

import (
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/update"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/vault"
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

// bringUpdate has the worker put the checked package into this document's
// quarantine, and from there saves it under its own name.
func (d *document) bringUpdate() (string, error) {
	v, err := d.files.vaultOf(d.ctx)
	if err != nil {
		return "", err
	}
	place := vault.RandomName()
	defer d.quietly(func() error { return removeSlowly(d.ctx, v.Dir, place) })
	raw, err := bridge.SendWorker(d.ctx, protocol.UpdateFetch, protocol.UpdateFetchParams{Vault: v.Name, Place: place})
	if err != nil {
		return "", err
	}
	p, err := decoded[protocol.UpdatePackage](raw)
	if err != nil {
		return "", err
	}
	dir, err := v.Dir.Sub(d.ctx, place)
	if err != nil {
		return "", err
	}
	file, err := dir.Open(d.ctx, p.Name)
	if err == nil {
		file, err = bridge.NewFile(file, p.Name)
	}
	if err != nil {
		return "", err
	}
	return bridge.Save(d.ctx, file, p.Name)
}
