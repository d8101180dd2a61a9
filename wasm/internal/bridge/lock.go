//go:build js && wasm

package bridge

import (
	"context"

	"scelle/shared/fault"

	"github.com/hack-pad/safejs"
)

// Lock is a Web Lock that this document or Worker holds. The browser frees it
// when its holder goes, however it goes.
type Lock struct{ release Value }

// TryLock takes the lock of this name among all documents and Workers of the
// extension, or reports at once that somebody has it.
func TryLock(ctx context.Context, name string) (lock *Lock, ok bool, err error) {
	return takeLock(ctx, name, map[string]any{"ifAvailable": true})
}

// WaitLock takes the lock of this name once nobody else has it.
func WaitLock(ctx context.Context, name string) (*Lock, error) {
	lock, _, err := takeLock(ctx, name, map[string]any{})
	return lock, err
}

func takeLock(ctx context.Context, name string, options map[string]any) (lock *Lock, ok bool, err error) {
	locks, there := Lookup("navigator", "locks")
	if !there {
		return nil, false, fault.Newf(fault.Internal, "no locks")
	}
	hold, release, err := newHold()
	if err != nil {
		return nil, false, err
	}
	granted := make(chan bool, 1)
	callback, err := safejs.FuncOf(func(_ Value, args []Value) any {
		got := Present(first(args))
		granted <- got
		if !got {
			return nil
		}
		return hold
	})
	if err != nil {
		return nil, false, faultOf(fault.Internal, err)
	}
	if _, err := Start(locks, fault.Internal, "request", name, options, callback); err != nil {
		callback.Release()
		return nil, false, err
	}
	select {
	case got := <-granted:
		callback.Release()
		return &Lock{release}, got, nil
	case <-ctx.Done():
		_, _ = release.Invoke() // frees the lock should it still be granted
		return nil, false, Ended(ctx)
	}
}

// newHold makes a promise, which keeps a lock while it is pending, and the
// function that fulfils it.
func newHold() (hold, release Value, err error) {
	executor, err := NewFunc(func(args []Value) { release = first(args) })
	if err != nil {
		return hold, release, err
	}
	defer executor.Release()
	hold, err = New("Promise", executor)
	return hold, release, err
}

// Release frees the lock.
func (l *Lock) Release() { _, _ = l.release.Invoke() }
