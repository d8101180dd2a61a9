//go:build js && wasm

package bridge

import (
	"context"
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

// open makes the session's channel.
func openChannel(session string) (*Port, error) {
	channel, err := New("BroadcastChannel", ChannelName(session))
	if err != nil {
		return nil, err
	}
	return NewPort(channel), nil
}

// Offer posts body under a call's id until the other document has taken it.
// It fails with fault.SessionLost when nobody does within 30 seconds.
func Offer(ctx context.Context, session, call string, body map[string]any) error {
	ctx, cancel := context.WithTimeout(ctx, exchangeLimit)
	defer cancel()
	channel, err := openChannel(session)
	if err != nil {
		return err
	}
	defer channel.Close()
	taken, wanted := make(chan struct{}, 1), make(chan struct{}, 1)
	err = channel.Listen(func(data Value) {
		switch {
		case String(data, "call") != call:
		case Bool(data, "got"):
			notify(taken)
		case Bool(data, "wanted"):
			notify(wanted)
		}
	})
	if err != nil {
		return err
	}
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
	channel *Port
	offered chan Value
}

// NewTake begins to listen; [Take.Wait] must follow. It is made before the
// other side is asked to send, so that nothing has to be repeated.
func NewTake(session, call, field string) (*Take, error) {
	channel, err := openChannel(session)
	if err != nil {
		return nil, err
	}
	t := &Take{channel: channel, offered: make(chan Value, 1)}
	err = channel.Listen(func(data Value) {
		body, err := data.Get(field)
		if String(data, "call") != call || err != nil || !Present(body) {
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
	if err == nil {
		err = channel.Post(map[string]any{"call": call, "wanted": true})
	}
	if err != nil {
		channel.Close()
		return nil, err
	}
	return t, nil
}

// Wait returns what was offered. It fails with fault.SessionLost after 30
// seconds without an offer.
func (t *Take) Wait(ctx context.Context) (Value, error) {
	defer t.channel.Close()
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
func (t *Take) Close() { t.channel.Close() }

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
