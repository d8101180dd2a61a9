//go:build js && wasm

package main

import (
	"context"
	"encoding/json"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/trust"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/verifier"
)

// run carries out an effect. What takes time goes on by itself; what a browser
// allows only inside a click (permission, clipboard, file dialog) starts here.
func (d *document) run(e model.Effect) {
	switch e := e.(type) {
	case model.HostCall:
		async(d, e.Then, func() (json.RawMessage, error) { return d.native.Call(d.ctx, e.Method, e.Params) })
	case model.WorkerCall:
		async(d, e.Then, func() (json.RawMessage, error) { return bridge.SendWorker(d.ctx, e.Method, e.Params) })
	case model.PageCall:
		async(d, e.Then, func() (json.RawMessage, error) { return d.callPage(e) })
	case model.FetchFile:
		async(d, e.Then, func() (model.FileRef, error) { return d.fetch(e) })
	case model.PageProgress:
		d.quietly(func() error { return d.reportProgress(e) })
	case model.InspectFile:
		async(d, e.Then, func() (model.EnvelopeInfo, error) { return d.inspectFile(e) })
	case model.VerifyList:
		async(d, e.Then, func() (*trust.Signed, error) { return verifier.Verify(d.ctx, e.List) })
	case model.OpenFile:
		async(d, e.Then, func() (model.Opened, error) { return d.openFile(e) })
	case model.SealTest:
		async(d, e.Then, func() (model.SealedTest, error) { return d.sealTest(e) })
	case model.RewrapFile:
		async(d, e.Then, func() (model.Rewrapped, error) { return d.rewrapFile(e) })
	case model.OpenSmall:
		async(d, e.Then, func() (string, error) { return d.openSmall(e) })
	case model.InspectBytes:
		async(d, e.Then, func() (model.EnvelopeInfo, error) { return d.inspectBytes(e) })
	case model.SaveFiles:
		async(d, e.Then, func() (model.Saved, error) { return d.save(e) })
	case model.SaveRecord:
		async(d, e.Then, func() ([]string, error) { return d.saveRecord(e) })
	case model.SaveBytes:
		async(d, e.Then, func() (string, error) { return d.saveBytes(e) })
	case model.ReadBytes:
		async(d, e.Then, func() ([]byte, error) { return d.readBytes(e) })
	case model.Forget:
		d.quietly(func() error { return d.files.forget(d.ctx, e.Files) })
	case model.BringUpdate:
		async(d, e.Then, d.bringUpdate)
	case model.CancelWork:
		d.crypto.cancel()
	default:
		d.runHere(e)
	}
}

// runHere carries out the effects that belong to the document itself.
func (d *document) runHere(e model.Effect) {
	switch e := e.(type) {
	case model.AskPermission:
		promise, err := bridge.RequestPermission(pattern(e.Origin))
		async(d, e.Then, func() (bool, error) { return granted(d.ctx, promise, err) })
	case model.PickFolder:
		promise, err := bridge.PickFolder()
		async(d, e.Then, func() (model.FolderRef, error) { return d.takeFolder(promise, err) })
	case model.LookAround:
		async(d, e.Then, func() (model.Surroundings, error) { return lookAround(d.ctx) })
	case model.AnswerPIN:
		d.answerPIN(e)
	case model.CopyText:
		promise, err := bridge.CopyText(e.Text)
		d.quietly(func() error { return waited(d.ctx, promise, err) })
	case model.ReadFile:
		err := bridge.PickFiles(func(files []bridge.File) { d.send(e.Then(d.files.addAll(files))) })
		d.quietly(func() error { return err })
	case model.After:
		if e.Drawn {
			d.paid = time.Time{}
		}
		async(d, func(struct{}, error) model.Msg { return e.Msg }, func() (struct{}, error) { return struct{}{}, pause(d.ctx, e.Millis) })
	case model.PrintPage:
		d.quietly(bridge.Print)
	case model.CloseWindow:
		d.quietly(bridge.CloseWindow)
	case model.OpenURL:
		d.quietly(func() error { return bridge.OpenTab(d.ctx, e.URL) })
	case model.Focus:
		d.mount.Focus(e.ID)
	default:
		bridge.Log(fault.Newf(fault.Internal, "effect %T", e))
	}
}

// async runs work beside the document and sends what then makes of its end.
func async[R any](d *document, then func(R, error) model.Msg, work func() (R, error)) {
	bridge.Go(func() error {
		result, err := work()
		if then != nil {
			d.send(then(result, err))
		}
		return nil
	}, func(err error) {
		if then != nil {
			var none R
			d.send(then(none, err))
		}
	})
}

// quietly runs what no screen hears about.
func (d *document) quietly(work func() error) { bridge.Go(work, bridge.Log) }

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

func waited(ctx context.Context, p *bridge.Promise, err error) error {
	if err == nil {
		_, err = p.Wait(ctx)
	}
	return err
}

// save stores files one after the other.
func (d *document) save(e model.SaveFiles) (saved model.Saved, err error) {
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
func (d *document) inspectFile(e model.InspectFile) (model.EnvelopeInfo, error) {
	file, err := d.files.get(e.File)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	return d.inspect(file, e.Sum)
}

// maxSmall is the longest envelope that a page may send as bytes.
const maxSmall = 64 << 10

// inspectBytes reads the header of an envelope that a page sent as bytes.
func (d *document) inspectBytes(e model.InspectBytes) (model.EnvelopeInfo, error) {
	if len(e.Envelope) > maxSmall {
		return model.EnvelopeInfo{}, fault.New(fault.EnvelopeTooLarge)
	}
	file, err := bridge.NewBlob(e.Envelope)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	return d.inspect(file, false)
}

func (d *document) inspect(file bridge.File, sum bool) (model.EnvelopeInfo, error) {
	answer, err := d.crypto.call(d.ctx, map[string]any{"verb": "inspect", "file": file.Value(), "sum": sum}, nil)
	if err != nil {
		return model.EnvelopeInfo{}, err
	}
	return decoded[model.EnvelopeInfo](json.RawMessage(bridge.String(answer, "result")))
}

// openSmall opens a challenge in the crypto worker, which is ended since it
// had the content key in its memory.
func (d *document) openSmall(e model.OpenSmall) (string, error) {
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

// openFile decrypts in the crypto worker, into a directory of this document's
// vault that is removed unless everything was good.
func (d *document) openFile(e model.OpenFile) (opened model.Opened, err error) {
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

// decoded reads JSON that the extension wrote itself.
func decoded[R any](raw json.RawMessage) (R, error) {
	var v R
	return v, fault.Wrap(fault.Internal, smalljson.Unmarshal(raw, &v))
}

// callPage runs a function of the page. Files go to the bridge in the page at
// the same time, since the page's function is called when they are there.
func (d *document) callPage(e model.PageCall) (json.RawMessage, error) {
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

func (d *document) askPage(ctx context.Context, call string, name protocol.Call, args any, files int) (bridge.Value, error) {
	body, err := bridge.ToObject(args)
	if err != nil {
		return body, err
	}
	return d.place.Send(ctx, map[string]any{"kind": string(protocol.KindCall), "call": call, "name": string(name), "args": body, "files": files})
}

// fetch has the page deliver an envelope, which comes by the session's
// channel.
func (d *document) fetch(e model.FetchFile) (model.FileRef, error) {
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
func (d *document) reportProgress(e model.PageProgress) error {
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
