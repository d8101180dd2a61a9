//go:build js && wasm

package shell

import (
	"context"
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
)

// forPage are the effects of a window that works for a page.
func forPage(d *Document, e model.Effect) bool {
	switch e := e.(type) {
	case model.PageCall:
		async(d, e.Then, func() (json.RawMessage, error) { return d.callPage(e) })
	case model.PageProgress:
		d.quietly(func() error { return d.reportProgress(e) })
	case model.AnswerPIN:
		d.answerPIN(e)
	case model.CancelWork:
		d.crypto.cancel()
	default:
		return false
	}
	return true
}

// callPage runs a function of the page. Files go to the bridge in the page at
// the same time, since the page's function is called when they are there.
func (d *Document) callPage(e model.PageCall) (json.RawMessage, error) {
	call := vault.RandomName()
	ctx, cancel := context.WithCancel(d.ctx)
	defer cancel()
	if len(e.Files) > 0 {
		values, err := d.files.values(e.Files)
		if err != nil {
			return nil, err
		}
		bridge.Go(func() error { return d.exchanges.Offer(ctx, d.place.Session, call, map[string]any{"files": values}) }, func(err error) {
			if fault.CodeOf(err) != fault.Cancelled {
				bridge.Log(err)
			}
		})
	}
	answer, err := d.askPage(ctx, call, e.Call, e.Args, len(e.Files))
	if err != nil {
		return nil, err
	}
	return bridge.Result(answer)
}

func (d *Document) askPage(ctx context.Context, call string, name protocol.Call, args any, files int) (bridge.Value, error) {
	body, err := bridge.ToObject(args)
	if err != nil {
		return body, err
	}
	return d.place.Send(ctx, map[string]any{"kind": string(protocol.KindCall), "call": call, "name": string(name), "args": body, "files": files})
}

// fetch has the page deliver an envelope, which comes by the session's
// channel.
func (d *Document) fetch(e model.FetchFile) (model.FileRef, error) {
	call := vault.RandomName()
	take, err := d.exchanges.Take(d.place.Session, call, "file")
	if err != nil {
		return model.FileRef{}, err
	}
	answer, err := d.askPage(d.ctx, call, protocol.CallFetchEnvelope, e.Args, 0)
	if err == nil {
		_, err = bridge.Result(answer)
	}
	if err != nil {
		take.Close()
		return model.FileRef{}, err
	}
	value, err := take.Wait(d.ctx)
	if err != nil {
		return model.FileRef{}, err
	}
	file, err := bridge.AsFile(value)
	if err != nil {
		return model.FileRef{}, err
	}
	return d.files.add(file), nil
}

// reportMillis is the shortest time between two reports of progress to the page:
// each takes all of its processes, and people see a few in a second.
const reportMillis = 200

// reportProgress tells the page how far the work is. Of what comes meanwhile it
// hears the newest.
func (d *Document) reportProgress(e model.PageProgress) error {
	d.unreported = &e
	if d.reporting {
		return nil
	}
	d.reporting = true
	defer func() { d.reporting = false }()
	for d.unreported != nil {
		e, d.unreported = *d.unreported, nil
		_, err := d.place.Send(d.ctx, map[string]any{
			"kind": string(protocol.KindProgress), "step": e.Step, "done": float64(e.Done), "total": float64(e.Total),
		})
		if err == nil {
			err = pause(d.ctx, reportMillis)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
