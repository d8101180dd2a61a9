//go:build js && wasm

package shell

import (
	"encoding/json"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/trust"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/verifier"
)

// forPlis are the effects of opening plis, wherever they come from.
func forPlis(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.InspectFile:
		async(d, e.Then, func() (model.EnvelopeInfo, error) { return d.inspectFile(e) })
	case model.OpenFile:
		async(d, e.Then, func() (model.Opened, error) { return d.openFile(e) })
	case model.SaveFiles:
		async(d, e.Then, func() (model.Saved, error) { return d.save(e) })
	case model.SaveRecord:
		async(d, e.Then, func() ([]string, error) { return d.saveRecord(e) })
	case model.PickFolder:
		promise, err := bridge.PickFolder()
		async(d, e.Then, func() (model.FolderRef, error) { return d.takeFolder(promise, err) })
	case model.CancelWork:
		d.crypto.cancel()
	default:
		return false
	}
	return true
}

// forPortal are the further effects of opening plis that a portal has.
func forPortal(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.FetchFile:
		async(d, e.Then, func() (model.FileRef, error) { return d.fetch(e) })
	case model.VerifyList:
		async(d, e.Then, func() (*trust.Signed, error) { return verifier.Verify(d.ctx, e.List) })
	case model.SealTest:
		async(d, e.Then, func() (model.SealedTest, error) { return d.sealTest(e) })
	case model.RewrapFile:
		async(d, e.Then, func() (model.Rewrapped, error) { return d.rewrapFile(e) })
	default:
		return false
	}
	return true
}

// save stores files one after the other.
func (d *Document) save(e model.SaveFiles) (saved model.Saved, err error) {
	if _, saving := bridge.Managed(); !saving {
		return saved, fault.New(fault.SavingForbidden)
	}
	if e.Into.Handle != 0 {
		return d.saveInto(e)
	}
	for _, ref := range e.Files {
		file, err := d.files.get(ref)
		if err != nil {
			return saved, err
		}
		if file, err = named(file, ref.Name); err != nil {
			return saved, err
		}
		name, err := d.downloads.Save(d.ctx, file, e.Folder+"/"+ref.Name)
		if err != nil {
			return saved, err
		}
		saved.Names = append(saved.Names, name)
	}
	return saved, nil
}

// inspectFile reads a header in the crypto worker.
func (d *Document) inspectFile(e model.InspectFile) (model.EnvelopeInfo, error) {
	file, err := d.files.get(e.File)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	return d.inspect(file, e.Sum)
}

// openFile decrypts in the crypto worker, into a directory of this document's
// vault that is removed unless everything was good.
func (d *Document) openFile(e model.OpenFile) (opened model.Opened, err error) {
	defer clear(e.ContentKey)
	run := d.crypto.given // before anything is waited for
	file, err := d.files.get(e.File)
	if err != nil {
		return opened, err
	}
	v, err := d.files.vaultOf(d.ctx)
	if err != nil {
		return opened, err
	}
	var place string
	answer, err := d.crypto.open(d.ctx, run, func() (map[string]any, error) {
		if place != "" { // of a first attempt
			left := place
			d.quietly(func() error { return removeSlowly(d.ctx, v.Dir, left) })
		}
		place = vault.RandomName()
		key, err := bridge.ToJS(e.ContentKey)
		return map[string]any{"verb": "open", "file": file.Value(), "key": key, "tender": e.Tender, "raw": e.Raw, "vault": v.Name, "place": place}, err
	}, func(done, total int64) { d.send(e.Progress(done, total)) })
	if err != nil {
		if place != "" {
			d.quietly(func() error { return removeSlowly(d.ctx, v.Dir, place) })
		}
		return opened, err
	}
	if opened, err = decoded[model.Opened](json.RawMessage(bridge.String(answer, "result"))); err != nil {
		return opened, err
	}
	return opened, d.files.keep(&opened, bridge.List(answer, "files"), v.Dir, place)
}
