package serve

import (
	"context"
	"encoding/json"
	"io"
	"runtime/debug"
	"sync"
	"time"

	"scelle/host/internal/wire"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// maxInFlight is how many requests of one connection are answered at once.
// More wait in the pipe: the next frame is not read before a place is free.
const maxInFlight = 8

// maxID is the longest request id, in bytes.
const maxID = 128

// grace is how long requests that are under way may still take once the
// browser has gone: an import is finished rather than cut.
const grace = 10 * time.Second

// Serve answers requests from in on out until in ends or ctx does, lets the
// requests under way finish, and returns. nil is a clean end: the browser
// closed the port, went away, or ctx ended. Otherwise the stream itself was
// wrong (see wire.Reader), which the peer was told in a response without id.
func (s *Service) Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	c := &conn{service: s, out: wire.NewWriter(out), slots: make(chan struct{}, maxInFlight)}
	defer c.drain()
	if s.window != nil { // whose questions end before the requests that wait for them
		s.window.Connect()
		defer s.window.Disconnect()
	}
	requests := make(chan frame)
	done := make(chan struct{})
	defer close(done)
	go c.read(wire.NewReader(in), requests, done)
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-requests:
			switch {
			case f.err == io.EOF:
				return nil
			case f.err != nil:
				c.answer("", nil, f.err)
				return f.err
			}
			// Requests outlive ctx by the grace period; see drain.
			c.accept(context.WithoutCancel(ctx), f.payload)
		}
	}
}

// conn is one connection.
type conn struct {
	service *Service
	out     *wire.Writer
	slots   chan struct{} // one for each request under way
	running sync.WaitGroup
	greeted bool // host.hello was answered; only the loop's goroutine looks
}

type frame struct {
	payload []byte
	err     error
}

// read passes frames on, one whenever a slot is free, until the stream ends.
func (c *conn) read(r *wire.Reader, to chan<- frame, done <-chan struct{}) {
	for {
		select {
		case c.slots <- struct{}{}:
		case <-done:
			return
		}
		payload, err := r.Next()
		select {
		case to <- frame{payload, err}:
		case <-done:
			return
		}
		if err != nil {
			return
		}
	}
}

// drain waits for requests under way, but not for ever: a store that hangs
// must not keep a host alive whose browser has gone.
func (c *conn) drain() {
	finished := make(chan struct{})
	go func() {
		c.running.Wait()
		close(finished)
	}()
	select {
	case <-finished:
	case <-time.After(grace):
		c.service.log("requests still running %v after the end", grace)
	}
}

// accept starts one request. The slot that read took is given back when the
// request is answered. host.hello is answered before the next frame is looked
// at, so that a browser need not wait for it.
func (c *conn) accept(ctx context.Context, payload []byte) {
	ctx = withTyped(ctx, payload)
	var request protocol.Request
	err := wire.Decode(payload, &request)
	clear(payload) // the words of a protected copy may be in it
	if err != nil {
		c.refuse("", err)
		return
	}
	switch {
	case request.ID == "" || len(request.ID) > maxID:
		c.refuse("", fault.Newf(fault.BadRequest, "id"))
		return
	case !c.greeted && request.Method != protocol.HostHello:
		c.refuse(request.ID, fault.Newf(fault.BadRequest, "%s first", protocol.HostHello))
		return
	case request.Method == protocol.HostHello:
		c.greeted = c.run(ctx, request) || c.greeted
		<-c.slots
		return
	}
	c.running.Go(func() {
		defer func() { <-c.slots }()
		c.run(ctx, request)
	})
}

func (c *conn) refuse(id string, err error) {
	c.answer(id, nil, err)
	<-c.slots
}

// run answers one request and reports whether that was a success.
func (c *conn) run(ctx context.Context, request protocol.Request) bool {
	result, err := c.service.call(ctx, request.Method, request.Params)
	clear(request.Params)
	c.answer(request.ID, result, err)
	return err == nil
}

// call finds the handler and keeps a panic in it from ending the host.
func (s *Service) call(ctx context.Context, m protocol.Method, params json.RawMessage) (result json.RawMessage, err error) {
	defer func() {
		if r := recover(); r != nil {
			// The value may hold data of a person; the stack does not.
			s.log("panic in %s (%T)\n%s", m, r, debug.Stack())
			result, err = nil, fault.New(fault.Internal)
		}
	}()
	h, ok := handlers()[m]
	if !ok {
		return nil, fault.New(fault.UnknownMethod)
	}
	return h.call(s, ctx, params)
}

// answer sends a response; one that is too long for a frame becomes a fault.
// A port that is gone needs no answer.
func (c *conn) answer(id string, result json.RawMessage, err error) {
	sendErr := c.send(id, result, err)
	if fault.CodeOf(sendErr) == fault.MessageTooLarge {
		sendErr = c.out.Send(protocol.Response{ID: id, Fault: protocol.FaultOf(sendErr)})
	}
	clear(result) // it may hold a content key
	if sendErr != nil {
		c.service.log("answer not sent: %s", fault.CodeOf(sendErr))
	}
}

// send writes a protocol.Response. One with a result is put together here, so
// that a content key in it is copied into the frame only, which is wiped.
func (c *conn) send(id string, result json.RawMessage, err error) error {
	if err != nil || len(result) == 0 {
		return c.out.Send(protocol.Response{ID: id, OK: err == nil, Fault: protocol.FaultOf(err)})
	}
	name, err := json.Marshal(id)
	if err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	return c.out.SendJSON([]byte(`{"id":`), name, []byte(`,"ok":true,"result":`), result, []byte(`}`))
}
