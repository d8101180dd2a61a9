//go:build js && wasm

package shell

import (
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
)

// rewrapFile wraps a content key again in the crypto worker, which is ended
// since it had the key in its memory.
func (d *Document) rewrapFile(e model.RewrapFile) (wrapped model.Rewrapped, err error) {
	defer clear(e.ContentKey)
	file, err := d.files.get(e.File)
	if err != nil {
		return wrapped, err
	}
	to, err := smalljson.Marshal(e.To)
	if err != nil {
		return wrapped, fault.Wrap(fault.Internal, err)
	}
	key, err := bridge.ToJS(e.ContentKey)
	if err != nil {
		return wrapped, err
	}
	answer, err := d.crypto.call(d.ctx, map[string]any{"verb": "rewrap", "file": file.Value(), "key": key, "recipients": string(to)},
		func(done, total int64) { d.send(e.Progress(done, total)) })
	d.crypto.end()
	if err != nil {
		return wrapped, err
	}
	return decoded[model.Rewrapped](json.RawMessage(bridge.String(answer, "result")))
}

// sealTest has the crypto worker seal a test pli into a directory of this
// document's vault.
func (d *Document) sealTest(e model.SealTest) (sealed model.SealedTest, err error) {
	v, err := d.files.vaultOf(d.ctx)
	if err != nil {
		return sealed, err
	}
	recipients, err := smalljson.Marshal(e.Recipients)
	if err != nil {
		return sealed, fault.Wrap(fault.Internal, err)
	}
	place := vault.RandomName()
	answer, err := d.crypto.call(d.ctx, map[string]any{
		"verb": "test", "tender": e.Tender, "recipients": string(recipients), "vault": v.Name, "place": place,
	}, nil)
	d.crypto.end() // it made the content key
	if err != nil {
		d.quietly(func() error { return removeSlowly(d.ctx, v.Dir, place) })
		return sealed, err
	}
	result, err := decoded[protocol.SealResult](json.RawMessage(bridge.String(answer, "result")))
	if err != nil {
		return sealed, err
	}
	kept := model.Opened{Files: []model.FileRef{{Name: result.Name, Size: result.Size}}}
	if err := d.files.keep(&kept, bridge.List(answer, "files"), v.Dir, place); err != nil {
		return sealed, err
	}
	return model.SealedTest{File: kept.Files[0], SHA256: result.Files[0].SHA256, Recipients: result.Recipients, LeftOut: result.LeftOut}, nil
}
