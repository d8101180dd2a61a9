//go:build js && wasm

package main

import (
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/vault"
)

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
	return d.downloads.Save(d.ctx, file, p.Name)
}
