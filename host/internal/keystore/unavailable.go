package keystore

import (
	"context"

	"scelle/shared/fault"
)

// Interrupted returns the fault of a context that has ended: fault.Timeout
// past its deadline, fault.Cancelled otherwise, nil while it runs. Stores call
// it before each call that cannot be interrupted.
func Interrupted(ctx context.Context) error {
	switch err := ctx.Err(); err {
	case nil:
		return nil
	case context.DeadlineExceeded:
		return fault.Recode(fault.Timeout, err)
	default:
		return fault.Recode(fault.Cancelled, err)
	}
}

// ErrClosed is the fault of a store or an unwrapper used after its Close.
func ErrClosed() error { return fault.Newf(fault.StoreFailed, "closed") }

// Unavailable returns a store that only explains, in Status and as the error
// of every other call, why the real one could not be opened. The host shows it
// in the place of that store, so that a missing library is a line of the
// status and not a host that does not start.
func Unavailable(id, name string, err error) Store {
	return unavailable{id: id, name: name, err: fault.Of(err)}
}

type unavailable struct {
	id, name string
	err      *fault.Fault
}

func (u unavailable) Status(context.Context) Status {
	return Status{ID: u.id, Name: u.name, State: Failed, Err: u.err}
}

func (u unavailable) List(context.Context) ([]Entry, error) { return nil, u.err }

func (u unavailable) Unwrapper(context.Context, string) (Unwrapper, error) { return nil, u.err }

func (u unavailable) Close() error { return nil }
