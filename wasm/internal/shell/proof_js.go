//go:build js && wasm

package shell

import (
	"encoding/json"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// forProofs are the effects of a proof of possession.
func forProofs(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.OpenSmall:
		async(d, e.Then, func() (string, error) { return d.openSmall(e) })
	case model.InspectBytes:
		async(d, e.Then, func() (model.EnvelopeInfo, error) { return d.inspectBytes(e) })
	default:
		return false
	}
	return true
}

// maxSmall is the longest envelope that a page may send as bytes.
const maxSmall = 64 << 10

// inspectBytes reads the header of an envelope that a page sent as bytes.
func (d *Document) inspectBytes(e model.InspectBytes) (model.EnvelopeInfo, error) {
	if len(e.Envelope) > maxSmall {
		return model.EnvelopeInfo{}, fault.New(fault.EnvelopeTooLarge)
	}
	file, err := bridge.NewBlob(e.Envelope)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	return d.inspect(file, false)
}

func (d *Document) inspect(file bridge.File, sum bool) (model.EnvelopeInfo, error) {
	answer, err := d.crypto.call(d.ctx, map[string]any{"verb": "inspect", "file": file.Value(), "sum": sum}, nil)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	return decoded[model.EnvelopeInfo](json.RawMessage(bridge.String(answer, "result")))
}

// openSmall opens a challenge in the crypto worker, which is ended since it
// had the content key in its memory.
func (d *Document) openSmall(e model.OpenSmall) (string, error) {
	defer clear(e.ContentKey)
	sealed, err := bridge.ToJS(e.Envelope)
	if err != nil {
		return "", err
	}
	key, err := bridge.ToJS(e.ContentKey)
	if err != nil {
		return "", err
	}
	answer, err := d.crypto.call(d.ctx, map[string]any{"verb": "prove", "envelope": sealed, "key": key, "prefix": e.Prefix}, nil)
	d.crypto.end()
	if err != nil {
		return "", err
	}
	return decoded[string](json.RawMessage(bridge.String(answer, "result")))
}
