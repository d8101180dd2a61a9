//go:build js && wasm

package main

import (
	"context"
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/verifier"
)

// desk asks the bridge's document, which can reach the extension's worker, what
// is settled for its site; see bridge.js.
type desk struct {
	own     *bridge.Port
	last    int
	waiting map[int]chan bridge.Value
}

// site is the portal of an origin, which bridge.js has from the worker.
func (d *desk) site(origin string) site {
	return site{
		origin: origin,
		settle: func(ctx context.Context) (protocol.TrustResult, error) {
			var t protocol.TrustResult
			raw, err := d.ask(ctx, map[string]any{"verb": "trust"})
			if err == nil {
				err = fault.Wrap(fault.Internal, json.Unmarshal(raw, &t))
			}
			return t, err
		},
		pin: func(ctx context.Context, pin string) error {
			_, err := d.ask(ctx, map[string]any{"verb": "pin", "pin": pin})
			return err
		},
		verify: verifier.Verify,
	}
}

func (d *desk) ask(ctx context.Context, message map[string]any) (json.RawMessage, error) {
	d.last++
	id, answer := d.last, make(chan bridge.Value, 1)
	d.waiting[id] = answer
	defer delete(d.waiting, id)
	message["id"] = id
	if err := d.own.Post(message); err != nil {
		return nil, err
	}
	select {
	case data := <-answer:
		return bridge.Result(data)
	case <-ctx.Done():
		return nil, bridge.Ended(ctx)
	}
}

// receive takes {id, ok, result | fault}; an id serves once.
func (d *desk) receive(id int, data bridge.Value) {
	if answer := d.waiting[id]; answer != nil {
		delete(d.waiting, id)
		answer <- data
	}
}
