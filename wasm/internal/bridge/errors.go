//go:build js && wasm

package bridge

import (
	"errors"
	"syscall/js"

	"scelle/shared/fault"
	"scelle/shared/protocol"

	"github.com/hack-pad/safejs"
)

// codes maps the names of DOMExceptions (Web IDL 2.8.1) that say something to
// a person. Everything else keeps the code of the place where it was met,
// otherwise.
func codeOf(name string, otherwise fault.Code) (fault.Code, bool) {
	switch name {
	case "QuotaExceededError":
		return fault.DiskFull, true
	case "NotReadableError", "NotFoundError":
		return fault.ReadFailed, true
	case "NoModificationAllowedError":
		return fault.Busy, true
	case "AbortError":
		// Nobody aborts a read: so Firefox calls a file that is gone.
		return fault.Cancelled, otherwise != fault.ReadFailed
	case "TimeoutError":
		return fault.Timeout, true
	}
	return "", false
}

// faultOf gives a JavaScript exception a code: by its name, else otherwise.
// It is nil for nil.
func faultOf(otherwise fault.Code, err error) error {
	if err == nil {
		return nil
	}
	if thrown, ok := errors.AsType[js.Error](err); ok {
		if code, known := codeOf(NameOf(safejs.Safe(thrown.Value)), otherwise); known {
			return fault.Wrap(code, err)
		}
	}
	return fault.Wrap(otherwise, err)
}

// NameOf returns the name of an exception, such as "OperationError"; "" when
// it has none.
func NameOf(reason Value) string {
	if !Present(reason) || reason.Type() != safejs.TypeObject {
		return ""
	}
	return String(reason, "name")
}

// rejection is what a promise was rejected with.
type rejection struct{ name, message string }

func (r rejection) Error() string { return r.name + ": " + r.message }

// rejected turns a promise's reason into a fault; see [Call]. Our own glue
// rejects with {code, detail}, where code is one of package fault.
func rejected(otherwise fault.Code, reason Value) error {
	if Present(reason) && reason.Type() == safejs.TypeObject {
		if code := String(reason, "code"); code != "" {
			return (&protocol.Fault{Code: fault.Code(code), Detail: String(reason, "detail")}).Err()
		}
	}
	r := rejection{name: NameOf(reason)}
	if Present(reason) && reason.Type() == safejs.TypeObject {
		r.message = String(reason, "message")
	}
	if code, known := codeOf(r.name, otherwise); known {
		return fault.Wrap(code, r)
	}
	return fault.Wrap(otherwise, r)
}

// Rejection returns the exception's name and message that err came from, for
// the few places where browsers say things by text only; "", "" otherwise.
func Rejection(err error) (name, message string) {
	if r, ok := errors.AsType[rejection](err); ok {
		return r.name, r.message
	}
	return "", ""
}
