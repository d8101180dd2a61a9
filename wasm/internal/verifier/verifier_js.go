//go:build js && wasm

package verifier

import (
	"context"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/trust"
)

// script is the Worker's, beside the documents and workers of the extension.
const script = "verify-worker.js"

// patience is how long one list may take, with the loading of the module: a
// second on a slow computer, so this is never a good list.
const patience = 30 * time.Second

// Verify has one list verified. No bytes at all are no list: nil without an
// error. Errors: those of signeddata.Verify; fault.ListForged also for a list
// that stops the Worker or keeps it busy, fault.Internal when the Worker cannot
// be started.
func Verify(ctx context.Context, list []byte) (*trust.Signed, error) {
	return verify(ctx, list, script, patience)
}

func verify(ctx context.Context, list []byte, script string, patience time.Duration) (*trust.Signed, error) {
	switch {
	case len(list) == 0:
		return nil, nil
	case len(list) > protocol.MaxSignedList:
		return nil, fault.Newf(fault.ListForged, "%d > %d bytes", len(list), protocol.MaxSignedList)
	}
	answers := make(chan answer, 1)
	settle := func(a answer) {
		select {
		case answers <- a:
		default: // the first one counts
		}
	}
	w, err := bridge.StartWorker(script, func(err error) { settle(answer{err: err}) })
	if err != nil {
		return nil, err
	}
	defer w.End()
	if err := w.Listen(func(data bridge.Value) { settle(read(data)) }); err != nil {
		return nil, err
	}
	array, err := bridge.ToJS(list)
	if err == nil {
		err = w.Post(map[string]any{"list": array})
	}
	if err != nil {
		return nil, err
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case a := <-answers:
		return a.signed, a.err
	case <-late.C:
		return nil, fault.Newf(fault.ListForged, "no answer in %s", patience)
	case <-ctx.Done():
		return nil, bridge.Ended(ctx)
	}
}

// answer is what a Worker says.
type answer struct {
	signed *trust.Signed
	err    error
}

func read(data bridge.Value) answer {
	if !bridge.Bool(data, "ok") {
		return answer{err: bridge.FaultIn(data)}
	}
	var signed trust.Signed
	if err := smalljson.Unmarshal([]byte(bridge.String(data, "result")), &signed); err != nil {
		return answer{err: fault.Wrap(fault.Internal, err)}
	}
	return answer{signed: &signed}
}
