//go:build linux

package pinentry

import (
	"context"
	"testing"
	"time"

	"scelle/shared/fault"
)

// fixed is a prompt that always says the same.
type fixed struct {
	pin   string
	code  fault.Code
	asked int
}

func (f *fixed) PIN(context.Context, Request) ([]byte, error) {
	f.asked++
	if f.code != "" {
		return nil, fault.New(f.code)
	}
	return []byte(f.pin), nil
}

func (f *fixed) Available() bool { return f.code != fault.PINPromptMissing }

// TestInOrder: the first prompt that can ask has the last word.
func TestInOrder(t *testing.T) {
	for name, c := range map[string]struct {
		first, second fixed
		want          string
		code          fault.Code
		asked         int // of the second
	}{
		"typed":     {fixed{pin: "12"}, fixed{pin: "34"}, "12", "", 0},
		"cancelled": {fixed{code: fault.PINCancelled}, fixed{pin: "34"}, "", fault.PINCancelled, 0},
		"timeout":   {fixed{code: fault.Timeout}, fixed{pin: "34"}, "", fault.Timeout, 0},
		"missing":   {fixed{code: fault.PINPromptMissing}, fixed{pin: "34"}, "34", "", 1},
		"none":      {fixed{code: fault.PINPromptMissing}, fixed{code: fault.PINPromptMissing}, "", fault.PINPromptMissing, 1},
	} {
		order := InOrder{&c.first, &c.second}
		pin, err := order.PIN(t.Context(), Request{})
		if string(pin) != c.want || fault.CodeOf(err) != c.code || c.second.asked != c.asked {
			t.Errorf("%s: %q, %v, the second was asked %d times", name, pin, err, c.second.asked)
		}
		if order.Available() != (name != "none") {
			t.Errorf("%s: available %v", name, order.Available())
		}
	}
}

// outcome is what a prompt came back with.
type outcome struct {
	pin []byte
	err error
}

// newWindow returns one that a browser is connected to, and what asks through it.
func newWindow(t *testing.T, patience time.Duration) (*Window, func(context.Context) chan outcome) {
	t.Helper()
	w := NewWindow(func() bool { return true })
	w.start, w.patience = patience, patience
	w.Connect()
	return w, func(ctx context.Context) chan outcome {
		done := make(chan outcome, 1)
		go func() {
			pin, err := w.PIN(ctx, Request{Token: "Carte d'Anne"})
			done <- outcome{pin, err}
		}()
		return done
	}
}

// TestWindow: a question is answered once, by its own name; what was typed
// arrives as it was, in bytes that the answer's sender may wipe.
func TestWindow(t *testing.T) {
	w, ask := newWindow(t, time.Minute)
	done := ask(t.Context())
	id, r, err := w.Await(t.Context())
	if err != nil || r.Token != "Carte d'Anne" {
		t.Fatal(r, err)
	}
	wantFault(t, "another question", w.Answer("0123", []byte("x")), fault.BadRequest)
	wantFault(t, "no question", w.Answer("", []byte("x")), fault.BadRequest)
	typed := []byte("p%1 é 2")
	if err := w.Answer(id, typed); err != nil {
		t.Fatal(err)
	}
	clear(typed)
	if o := <-done; o.err != nil || string(o.pin) != "p%1 é 2" {
		t.Errorf("%q, %v", o.pin, o.err)
	}
	wantFault(t, "a second answer", w.Answer(id, []byte("x")), fault.BadRequest)

	done = ask(t.Context())
	if id, _, err = w.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Answer(id, nil); err != nil {
		t.Fatal(err)
	}
	wantFault(t, "cancelled", (<-done).err, fault.PINCancelled)
}

// TestWindowEnds: a question ends with the connection, the request that wants
// it and the person's time, and its late answer goes nowhere.
func TestWindowEnds(t *testing.T) {
	w, ask := newWindow(t, 30*time.Millisecond)
	wantFault(t, "nobody fetches it", (<-ask(t.Context())).err, fault.PINPromptMissing)
	done := ask(t.Context())
	id, _, err := w.Await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantFault(t, "nobody answers", (<-done).err, fault.Timeout)
	wantFault(t, "too late", w.Answer(id, []byte("1234")), fault.BadRequest)

	w, ask = newWindow(t, time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	done = ask(ctx)
	if _, _, err := w.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	wantFault(t, "the request is given up", (<-done).err, fault.Cancelled)

	done = ask(t.Context())
	if _, _, err := w.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Disconnect()
	wantFault(t, "the browser is gone", (<-done).err, fault.PINCancelled)
	_, _, err = w.Await(t.Context())
	wantFault(t, "nobody can wait", err, fault.PINPromptMissing)
	if w.Available() {
		t.Error("available without a browser")
	}
}

// TestWindowForbidden: without the administrator's word nothing is asked.
func TestWindowForbidden(t *testing.T) {
	w := NewWindow(func() bool { return false })
	w.Connect()
	_, err := w.PIN(t.Context(), Request{})
	wantFault(t, "PIN", err, fault.PINPromptMissing)
	_, _, err = w.Await(t.Context())
	wantFault(t, "Await", err, fault.PINPromptMissing)
	if w.Available() {
		t.Error("available")
	}
}
