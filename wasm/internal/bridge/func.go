//go:build js && wasm

package bridge

import (
	"fmt"
	"runtime/debug"

	"scelle/shared/fault"

	"github.com/hack-pad/safejs"
)

// Func is a Go function for JavaScript to call. Release it when JavaScript
// cannot call it any more.
type Func = safejs.Func

// NewFunc wraps fn. It runs inside the JavaScript event, so it must not wait;
// that is also what keeps a click's user activation. A panic in it is told to
// the console and ends that call only: one that reached syscall/js would end
// the whole instance.
func NewFunc(fn func(args []Value)) (Func, error) {
	f, err := safejs.FuncOf(func(_ Value, args []Value) any {
		if err := Guard(func() error { fn(args); return nil }); err != nil {
			Log(err)
		}
		return nil
	})
	return f, faultOf(fault.Internal, err)
}

// Guard runs fn; a panic becomes fault.Internal, whose Detail is the type of
// what was thrown: its text may hold anything.
func Guard(fn func() error) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			logStack()
			err = fault.Newf(fault.Internal, "panic: %T", thrown)
		}
	}()
	return fn()
}

// Go runs fn in a goroutine of its own and tells report how it ended when
// that was an error or a panic.
func Go(fn func() error, report func(error)) {
	go func() {
		if err := Guard(fn); err != nil {
			report(err)
		}
	}()
}

// Log tells developers about an error that nobody else can be told. Codes and
// details only: causes may quote data.
func Log(err error) {
	f := fault.Of(err)
	logText(fmt.Sprintf("scelle: %s %s", f.Code, f.Detail))
}

// logStack writes where a panic came from: names and lines, no values of ours.
func logStack() { logText("scelle: panic\n" + string(debug.Stack())) }

func logText(text string) {
	if console, ok := Lookup("console"); ok {
		_, _ = console.Call("error", text)
	}
}
