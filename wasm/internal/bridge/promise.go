//go:build js && wasm

package bridge

import (
	"context"
	"errors"

	"scelle/shared/fault"

	"github.com/hack-pad/safejs"
)

// outcome is how a promise was settled.
type outcome struct {
	value Value
	err   error
}

// Promise is a promise that was started and not yet waited for, so that work
// can go on beside it.
type Promise struct{ settled chan outcome }

// Watch follows a promise. otherwise is the code of a rejection that has no
// meaning of its own.
func Watch(promise Value, otherwise fault.Code) (*Promise, error) {
	p := &Promise{settled: make(chan outcome, 1)}
	var done, failed Func
	// Either function can be called once, and only one of them is: both go
	// then, also when nobody waits any more.
	settle := func(o outcome) {
		done.Release()
		failed.Release()
		p.settled <- o
	}
	done, err := NewFunc(func(args []Value) { settle(outcome{value: first(args)}) })
	if err != nil {
		return nil, err
	}
	failed, err = NewFunc(func(args []Value) { settle(outcome{err: rejected(otherwise, first(args))}) })
	if err != nil {
		done.Release()
		return nil, err
	}
	if _, err := promise.Call("then", done, failed); err != nil {
		done.Release()
		failed.Release()
		return nil, faultOf(otherwise, err)
	}
	return p, nil
}

// Wait returns what the promise was settled with. When the context ends first
// that is fault.Cancelled, or fault.Timeout after a deadline, and the
// browser's work goes on unheard.
func (p *Promise) Wait(ctx context.Context) (Value, error) {
	select {
	case o := <-p.settled:
		return o.value, o.err
	case <-ctx.Done():
		return Undefined(), Ended(ctx)
	}
}

// Await waits for a promise; see [Promise.Wait].
func Await(ctx context.Context, promise Value, otherwise fault.Code) (Value, error) {
	p, err := Watch(promise, otherwise)
	if err != nil {
		return Undefined(), err
	}
	return p.Wait(ctx)
}

// Start calls a method that answers with a promise.
func Start(v Value, otherwise fault.Code, method string, args ...any) (*Promise, error) {
	promise, err := v.Call(method, args...)
	if err != nil {
		return nil, faultOf(otherwise, err)
	}
	return Watch(promise, otherwise)
}

// Run calls a method that answers with a promise and waits for it.
func Run(ctx context.Context, v Value, otherwise fault.Code, method string, args ...any) (Value, error) {
	p, err := Start(v, otherwise, method, args...)
	if err != nil {
		return Undefined(), err
	}
	return p.Wait(ctx)
}

// Ended says why a context ended, as a fault; nil while it has not.
func Ended(ctx context.Context) error {
	switch err := ctx.Err(); {
	case err == nil:
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Timeout)
	default:
		return fault.New(fault.Cancelled)
	}
}

func first(args []Value) Value {
	if len(args) == 0 {
		return safejs.Undefined()
	}
	return args[0]
}
