//go:build js && wasm

package bridge

import (
	"context"
	"sync"
	"time"

	"scelle/shared/fault"
)

// The hand-over of files between two documents of the extension. A
// BroadcastChannel keeps nothing for a listener that comes late: that one says
// that it listens now, and the sender repeats, also by itself, until the other
// side says that it has them.
const (
	repeatMillis  = 200
	exchangeLimit = 30 * time.Second
)

// ChannelName names the BroadcastChannel of a session.
func ChannelName(session string) string { return "scelle:" + session }

// Exchanges are the hand-overs of one document. Those of a session share one
// channel while they are under way: every channel of a name gets every message,
// and with it handles of its files. The zero value is ready.
type Exchanges struct{ open map[string]*exchange }

// exchange is a session's channel, and who hears the messages of each call.
type exchange struct {
	channel *Port
	calls   map[string]func(data Value)
}

// join has the messages of a call heard, until leave.
func (e *Exchanges) join(session, call string, hear func(data Value)) (channel *Port, leave func(), err error) {
	x := e.open[session]
	if x == nil {
		if x, err = newExchange(session); err != nil {
			return nil, nil, err
		}
		if e.open == nil {
			e.open = map[string]*exchange{}
		}
		e.open[session] = x
	}
	if x.calls[call] != nil {
		return nil, nil, fault.Newf(fault.Internal, "call twice")
	}
	x.calls[call] = hear
	return x.channel, sync.OnceFunc(func() {
		delete(x.calls, call)
		if len(x.calls) == 0 {
			delete(e.open, session)
			x.channel.Close()
		}
	}), nil
}

func newExchange(session string) (*exchange, error) {
	target, err := New("BroadcastChannel", ChannelName(session))
	if err != nil {
		return nil, err
	}
	x := &exchange{NewPort(target), map[string]func(Value){}}
	err = x.channel.Listen(func(data Value) {
		if hear := x.calls[String(data, "call")]; hear != nil {
			hear(data)
		}
	})
	if err != nil {
		x.channel.Close()
		return nil, err
	}
	return x, nil
}

// Offer posts body under a call's id until the other document has taken it.
// It fails with fault.SessionLost when nobody does within 30 seconds.
func (e *Exchanges) Offer(ctx context.Context, session, call string, body map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	taken, wanted := make(chan struct{}, 1), make(chan struct{}, 1)
	channel, leave, err := e.join(session, call, func(data Value) {
		switch {
		case Bool(data, "got"):
			notify(taken)
		case Bool(data, "wanted"):
			notify(wanted)
		}
	})
	if err != nil {
		return err
	}
	defer leave()
	message := map[string]any{"call": call}
	for name, v := range body {
		message[name] = v
	}
	for {
		if err := channel.Post(message); err != nil {
			return err
		}
		if done, err := waitOrRepeat(ctx, taken, wanted); done {
			return exchangeError(err)
		}
	}
}

// waitOrRepeat waits until it is time to send again; done ends the exchange.
func waitOrRepeat(ctx context.Context, taken, wanted <-chan struct{}) (done bool, err error) {
	timer := time.NewTimer(repeatMillis * time.Millisecond)
	defer timer.Stop()
	select {
	case <-taken:
		return true, nil
	case <-ctx.Done():
		return true, Ended(ctx)
	case <-wanted:
		return false, nil
	case <-timer.C:
		return false, nil
	}
}

// Take waits for what the other document offers under a call's id: a message
// that has the property named field.
type Take struct {
	leave   func()
	offered chan Value
}

// Take begins to listen; [Take.Wait] or [Take.Close] must follow. It is made
// before the other side is asked to send, so that nothing has to be repeated.
func (e *Exchanges) Take(session, call, field string) (*Take, error) {
	t := &Take{offered: make(chan Value, 1)}
	var channel *Port
	channel, leave, err := e.join(session, call, func(data Value) {
		body, err := data.Get(field)
		if err != nil || !Present(body) {
			return
		}
		if err := channel.Post(map[string]any{"call": call, "got": true}); err != nil {
			Log(err)
		}
		select {
		case t.offered <- body:
		default: // a repetition that crossed the answer
		}
	})
	if err != nil {
		return nil, err
	}
	t.leave = leave
	if err := channel.Post(map[string]any{"call": call, "wanted": true}); err != nil {
		leave()
		return nil, err
	}
	return t, nil
}

// Wait returns what was offered. It fails with fault.SessionLost after 30
// seconds without an offer.
func (t *Take) Wait(ctx context.Context) (Value, error) {
	defer t.leave()
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	select {
	case body := <-t.offered:
		return body, nil
	case <-ctx.Done():
		return Undefined(), exchangeError(Ended(ctx))
	}
}

// Close gives up waiting.
func (t *Take) Close() { t.leave() }

// exchangeError says what silence means: the other document is gone.
func exchangeError(err error) error {
	if fault.CodeOf(err) == fault.Timeout {
		return fault.New(fault.SessionLost)
	}
	return err
}

func notify(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
