//go:build js && wasm

package main

import (
	"context"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// cryptoClient is a document's side of its crypto worker. The worker is
// started when it is first needed and again after each end; a key that was in
// it is gone then.
type cryptoClient struct {
	worker  *bridge.Worker
	last    int
	waiting map[int]*cryptoCall
}

// cryptoCall is a request under way.
type cryptoCall struct {
	answer   chan cryptoAnswer
	progress func(done, total int64)
}

type cryptoAnswer struct {
	data bridge.Value
	err  error
}

// call sends a request and waits for its answer {result, files}. A property
// "key" moves to the worker and is gone here.
func (c *cryptoClient) call(ctx context.Context, message map[string]any, progress func(done, total int64)) (bridge.Value, error) {
	if err := c.start(); err != nil {
		return bridge.Undefined(), err
	}
	c.last++
	id := c.last
	waiting := &cryptoCall{make(chan cryptoAnswer, 1), progress}
	c.waiting[id] = waiting
	defer delete(c.waiting, id)
	message["id"] = id
	var transfer []any
	if key, ok := message["key"].(bridge.Value); ok {
		buffer, err := bridge.Get(key, "buffer")
		if err != nil {
			return bridge.Undefined(), err
		}
		transfer = append(transfer, buffer)
	}
	if err := c.worker.Post(message, transfer...); err != nil {
		return bridge.Undefined(), err
	}
	select {
	case a := <-waiting.answer:
		return a.data, a.err
	case <-ctx.Done():
		return bridge.Undefined(), bridge.Ended(ctx)
	}
}

func (c *cryptoClient) start() error {
	if c.worker != nil {
		return nil
	}
	w, err := bridge.StartWorker("crypto-worker.js", func(err error) { c.stop(err) })
	if err != nil {
		return err
	}
	c.worker = w
	return w.Listen(c.receive)
}

// receive takes {id, progress} and {id, ok, ...}.
func (c *cryptoClient) receive(data bridge.Value) {
	waiting := c.waiting[int(bridge.Number(data, "id"))]
	if waiting == nil {
		return
	}
	if p := bridge.List(data, "progress"); len(p) == 2 {
		done, err1 := p[0].Float()
		total, err2 := p[1].Float()
		if err1 == nil && err2 == nil && waiting.progress != nil {
			waiting.progress(int64(done), int64(total))
		}
		return
	}
	answer := cryptoAnswer{data: data}
	if !bridge.Bool(data, "ok") {
		answer.err = bridge.FaultIn(data)
	}
	waiting.settle(answer)
}

// settle gives the answer; only the first one counts.
func (w *cryptoCall) settle(a cryptoAnswer) {
	select {
	case w.answer <- a:
	default:
	}
}

// end stops the worker at once; what it was doing is cancelled.
func (c *cryptoClient) end() { c.stop(fault.New(fault.Cancelled)) }

// stop ends the worker for a reason that everything under way gets.
func (c *cryptoClient) stop(reason error) {
	if c.worker != nil {
		c.worker.End()
		c.worker = nil
	}
	for id, w := range c.waiting {
		delete(c.waiting, id)
		w.settle(cryptoAnswer{err: reason})
	}
}
