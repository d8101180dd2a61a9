//go:build js && wasm

package shell

import (
	"context"
	"encoding/json"
	"time"

	"scelle/shared/fault"
	"scelle/shared/smalljson"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// effects carries out the effects of one subject, and says whether e was one
// of them. A window names the subjects that its screen needs; its module links
// no others.
type effects func(d *Document, e model.Effect) bool

// run carries out an effect. What takes time goes on by itself; what a browser
// allows only inside a click (permission, clipboard, file dialog) starts here.
func (d *Document) run(e model.Effect) {
	if d.runHere(e) {
		return
	}
	for _, carried := range d.window.effects {
		if carried(d, e) {
			return
		}
	}
	bridge.Log(fault.Newf(fault.Internal, "effect %T", e))
}

// runHere carries out what every window may need, and says whether it did.
func (d *Document) runHere(e model.Effect) bool {
	switch e := e.(type) {
	case model.HostCall:
		async(d, e.Then, func() (json.RawMessage, error) { return d.native.Call(d.ctx, e.Method, e.Params) })
	case model.WorkerCall:
		async(d, e.Then, func() (json.RawMessage, error) { return bridge.SendWorker(d.ctx, e.Method, e.Params) })
	case model.CopyText:
		promise, err := bridge.CopyText(e.Text)
		d.quietly(func() error { return waited(d.ctx, promise, err) })
	case model.After:
		if e.Drawn {
			d.paid = time.Time{}
		}
		async(d, func(struct{}, error) model.Msg { return e.Msg }, func() (struct{}, error) { return struct{}{}, pause(d.ctx, e.Millis) })
	case model.CloseWindow:
		d.quietly(bridge.CloseWindow)
	case model.OpenURL:
		d.quietly(func() error { return bridge.OpenTab(d.ctx, e.URL) })
	case model.Focus:
		d.mount.Focus(e.ID)
	default:
		return false
	}
	return true
}

// async runs work beside the document and sends what then makes of its end.
func async[R any](d *Document, then func(R, error) model.Msg, work func() (R, error)) {
	var result R
	d.beside(func() (err error) {
		result, err = work()
		return err
	}, func(err error) model.Msg {
		if then == nil {
			return nil
		}
		return then(result, err)
	})
}

// beside is async for a result that is kept elsewhere: a function for all types.
func (d *Document) beside(work func() error, then func(error) model.Msg) {
	end := func(err error) { d.send(then(err)) }
	bridge.Go(func() error {
		end(work())
		return nil
	}, end)
}

// quietly runs what no screen hears about.
func (d *Document) quietly(work func() error) { bridge.Go(work, bridge.Log) }

func waited(ctx context.Context, p *bridge.Promise, err error) error {
	if err == nil {
		_, err = p.Wait(ctx)
	}
	return err
}

// decoded reads JSON that the extension wrote itself.
func decoded[R any](raw json.RawMessage) (R, error) {
	var v R
	return v, fault.Wrap(fault.Internal, smalljson.Unmarshal(raw, &v))
}
