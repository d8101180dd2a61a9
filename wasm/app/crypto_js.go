//go:build js && wasm

package main

import (
	"context"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// cryptoClient is a document's side of its crypto worker. The worker is
// started when it is first needed and again after each end; a key that was in
// it is gone then. The module is compiled once for all of them, and the next
// one may be starting while one works.
type cryptoClient struct {
	worker  *bridge.Worker
	next    *bridge.Worker // nothing was sent to it; nil when none is starting
	module  bridge.Value   // compiled; undefined before the first start
	turn    chan struct{}  // held while a worker is started
	last    int
	waiting map[int]*cryptoCall
}

func newCryptoClient() *cryptoClient {
	return &cryptoClient{module: bridge.Undefined(), turn: make(chan struct{}, 1), waiting: map[int]*cryptoCall{}}
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
	c.last++
	id := c.last
	waiting := &cryptoCall{make(chan cryptoAnswer, 1), progress}
	c.waiting[id] = waiting
	defer delete(c.waiting, id)
	if err := c.start(ctx); err != nil {
		return bridge.Undefined(), err
	}
	if c.waiting[id] == nil { // ended meanwhile
		return bridge.Undefined(), (<-waiting.answer).err
	}
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

// start makes sure that there is a worker.
func (c *cryptoClient) start(ctx context.Context) error {
	if c.worker != nil {
		return nil
	}
	if err := c.prepare(ctx); err != nil || c.worker != nil {
		return err
	}
	if c.next == nil { // it failed at once
		return fault.Newf(fault.Internal, "worker")
	}
	c.worker, c.next = c.next, nil
	return c.worker.Listen(c.receive)
}

// prepare starts the worker that comes after the one that is there, if any.
func (c *cryptoClient) prepare(ctx context.Context) error {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	if c.next != nil {
		return nil
	}
	if !bridge.Present(c.module) {
		compiling, err := bridge.CompileModule("crypto.wasm")
		if err != nil {
			return err
		}
		if c.module, err = compiling.Wait(ctx); err != nil {
			return err
		}
	}
	var w *bridge.Worker
	w, err := bridge.StartGiven("crypto-worker.js", c.module, func(err error) { c.broken(w, err) })
	if err == nil {
		c.next = w
	}
	return err
}

// broken lets go of a worker that failed by itself.
func (c *cryptoClient) broken(w *bridge.Worker, err error) {
	switch w {
	case c.worker:
		c.stop(err)
	case c.next:
		c.next = nil
		w.End()
	}
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

// leave stops all workers.
func (c *cryptoClient) leave() {
	c.end()
	if c.next != nil {
		c.next.End()
		c.next = nil
	}
}

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
