//go:build js && wasm

package shell

import (
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
)

// listenForPIN keeps an ear on a connection whose host may ask for a PIN in
// the middle of the work, for as long as the connection lives.
func (d *Document) listenForPIN(c bridge.Connection) {
	bridge.Go(func() error {
		if !c.AsksPIN(d.ctx) {
			return nil
		}
		for {
			q, err := c.AwaitPIN(d.ctx)
			if err != nil { // the connection ended
				d.send(model.PINOver{})
				return nil
			}
			d.asker = c
			d.send(model.PINAsked{Question: q})
		}
	}, bridge.Log)
}

// answerPIN takes what was typed out of its field, before the screen that has
// the field goes, and sends it to the host that asked.
func (d *Document) answerPIN(e model.AnswerPIN) {
	var typed []byte
	if e.Field != "" {
		var err error
		if typed, err = d.mount.TakeSecret(e.Field); err != nil {
			bridge.Log(fault.Wrap(fault.Internal, err))
			typed = nil // the host hears that it was cancelled
		}
		if len(typed) > protocol.MaxPIN { // the field counts characters
			clear(typed)
			d.send(model.PINTooLong{ID: e.Question})
			return
		}
	}
	asker := d.asker
	d.quietly(func() error { return asker.AnswerPIN(d.ctx, e.Question, typed) })
}
