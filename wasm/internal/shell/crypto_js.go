//go:build js && wasm

package shell

import (
	"context"
	"sync"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
)

// cryptoClient is a document's side of its crypto worker. The worker is
// started when it is first needed and again after each end; a key that was in
// it is gone then. The module is compiled once for all of them, and the next
// one may be starting while one works.
//
// A worker wipes each content key when its pli is done. It is ended as well,
// for what wiping may have missed: after maxOpened plis, or when none followed
// within idleMillis. Starting one takes longer than opening a small pli, so it
// opens those that follow each other.
type cryptoClient struct {
	worker  *bridge.Worker
	next    *bridge.Worker // nothing was sent to it; nil when none is starting
	module  bridge.Value   // compiled; undefined before the first start
	turn    chan struct{}  // held while a worker is started
	last    int
	waiting map[int]*cryptoCall
	opened  int           // content keys that the worker got
	opening int           // plis that it is opening
	free    chan struct{} // told when it opens none any more
	given   int           // how often everything was given up
	shared  sync.RWMutex  // held for writing by a pli that is opened alone
}

const (
	maxOpened  = 25
	idleMillis = 500
)

// errBroken is the end of a worker that failed by itself.
var errBroken = &fault.Fault{Code: fault.Internal, Detail: "worker"}

func newCryptoClient() *cryptoClient {
	return &cryptoClient{module: bridge.Undefined(), turn: make(chan struct{}, 1), free: make(chan struct{}, 1), waiting: map[int]*cryptoCall{}}
}

// open is call for a message with a content key, which is made by message,
// unless everything was given up since the run, a value of given. A pli that
// breaks the worker takes those beside it along: each of them is opened once
// more, alone.
func (c *cryptoClient) open(ctx context.Context, run int, message func() (map[string]any, error), progress func(done, total int64)) (bridge.Value, error) {
	c.shared.RLock()
	answer, err := c.openIn(ctx, run, message, progress)
	c.shared.RUnlock()
	if err != error(errBroken) {
		return answer, err
	}
	c.shared.Lock()
	defer c.shared.Unlock()
	return c.openIn(ctx, run, message, progress)
}

// openIn opens a pli in the worker that is there, or in a new one when that
// has opened enough, unless everything was given up since the run began.
func (c *cryptoClient) openIn(ctx context.Context, run int, message func() (map[string]any, error), progress func(done, total int64)) (bridge.Value, error) {
	for c.opened >= maxOpened {
		if c.opening == 0 {
			c.end()
			break
		}
		select {
		case <-c.free:
		case <-ctx.Done():
			return bridge.Undefined(), bridge.Ended(ctx)
		}
	}
	c.tell() // also when this one goes no further: who waits holds a content key
	if c.given != run {
		return bridge.Undefined(), fault.New(fault.Cancelled)
	}
	body, err := message()
	if err != nil {
		return bridge.Undefined(), err
	}
	c.opened++
	c.opening++
	if c.opened == maxOpened {
		bridge.Go(func() error { return c.prepare(ctx) }, bridge.Log)
	}
	answer, err := c.call(ctx, body, progress)
	c.opening--
	if c.opening == 0 {
		c.tell()
		bridge.Go(func() error { return c.endIdle(ctx) }, bridge.Log)
	}
	return answer, err
}

// tell wakes one of those who wait until nothing is being opened.
func (c *cryptoClient) tell() {
	select {
	case c.free <- struct{}{}:
	default:
	}
}

// endIdle ends a worker that opens nothing more.
func (c *cryptoClient) endIdle(ctx context.Context) error {
	n := c.opened
	err := pause(ctx, idleMillis)
	if c.opened == n && len(c.waiting) == 0 {
		c.end()
	}
	return err
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
	var transfer []any
	if key, ok := message["key"].(bridge.Value); ok {
		defer bridge.Wipe(key) // where it did not move
		buffer, err := bridge.Get(key, "buffer")
		if err != nil {
			return bridge.Undefined(), err
		}
		transfer = append(transfer, buffer)
	}
	if err := c.start(ctx); err != nil {
		return bridge.Undefined(), err
	}
	if c.waiting[id] == nil { // ended meanwhile
		return bridge.Undefined(), (<-waiting.answer).err
	}
	message["id"] = id
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
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	if c.worker != nil {
		return nil
	}
	if err := c.startNext(ctx); err != nil {
		return err
	}
	if c.next == nil { // it failed at once
		return errBroken
	}
	c.worker, c.next = c.next, nil
	return c.worker.Listen(c.receive)
}

// prepare starts the worker that comes after the one that is there, if any.
func (c *cryptoClient) prepare(ctx context.Context) error {
	c.turn <- struct{}{}
	defer func() { <-c.turn }()
	return c.startNext(ctx)
}

// startNext is prepare for who holds the turn.
func (c *cryptoClient) startNext(ctx context.Context) error {
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
		bridge.Log(err)
		c.stop(errBroken)
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

// cancel gives up what the worker does, and what waits for it.
func (c *cryptoClient) cancel() {
	c.given++
	c.end()
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
	c.opened = 0
	for id, w := range c.waiting {
		delete(c.waiting, id)
		w.settle(cryptoAnswer{err: reason})
	}
}
