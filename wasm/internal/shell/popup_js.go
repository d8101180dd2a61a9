//go:build js && wasm

package shell

import (
	"context"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
)

// forPopup are the effects of what the icon opens.
func forPopup(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.AskPermission:
		promise, err := bridge.RequestPermission(pattern(e.Origin))
		async(d, e.Then, func() (bool, error) { return granted(d.ctx, promise, err) })
	case model.BringUpdate:
		async(d, e.Then, d.bringUpdate)
	default:
		return false
	}
	return true
}

// granted waits for the answer to a permission request.
func granted(ctx context.Context, p *bridge.Promise, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	answer, err := p.Wait(ctx)
	if err != nil {
		return false, err
	}
	yes, err := answer.Truthy()
	return yes, fault.Wrap(fault.Internal, err)
}

// bringUpdate has the worker put the checked package into this document's
// quarantine, and from there saves it under its own name.
func (d *Document) bringUpdate() (string, error) {
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
