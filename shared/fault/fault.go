// Package fault is the one vocabulary of failures.
//
// Every error that can reach a person, a page or a log carries a [Code]. Code
// branches on codes, never on text; people see the [Text] and [Remedy] of the
// code in their language. Causes stay inside the process that met them: they
// are for developers, are never sent over a wire, and may be dropped.
package fault

import (
	"errors"
	"fmt"
)

// Fault is an error with a code. The cause is optional and never leaves the
// process; Detail is one short technical value that is safe to show and to
// send (an algorithm's name, a number, a file's base name), never a secret.
type Fault struct {
	Code   Code
	Detail string
	cause  error
}

// New returns a fault without a cause.
func New(code Code) *Fault { return &Fault{Code: code} }

// Newf returns a fault whose Detail is formatted like fmt.Sprintf.
func Newf(code Code, format string, args ...any) *Fault {
	return &Fault{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Wrap gives err a code. It returns nil for a nil err, and keeps the code of
// an err that already is a fault, so that the first and most precise code wins.
func Wrap(code Code, err error) error {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Code: code, cause: err}
}

// Recode gives err this code whatever it carried before. It is for the places
// where every cause must look the same, such as a failed decryption.
func Recode(code Code, err error) error {
	if err == nil {
		return nil
	}
	return &Fault{Code: code, cause: err}
}

// Error is the English text, the detail and the cause, for developers' eyes.
func (f *Fault) Error() string {
	s := string(f.Code)
	if f.Detail != "" {
		s += " (" + f.Detail + ")"
	}
	if f.cause != nil {
		s += ": " + f.cause.Error()
	}
	return s
}

// Unwrap returns the cause, if there is one.
func (f *Fault) Unwrap() error { return f.cause }

// Is reports whether target is a fault with the same code, so that
// errors.Is(err, fault.New(code)) works.
func (f *Fault) Is(target error) bool {
	t, ok := target.(*Fault)
	return ok && t.Code == f.Code
}

// Of returns the fault inside err; an error without a code is Internal.
// It returns nil for a nil err.
func Of(err error) *Fault {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	return &Fault{Code: Internal, cause: err}
}

// CodeOf returns the code of err, "" for nil and Internal for an error
// without a code.
func CodeOf(err error) Code {
	if f := Of(err); f != nil {
		return f.Code
	}
	return ""
}
