// Package bridge is the one way from Go to the browser: values, promises,
// bytes, ports, files, the origin private file system, locks, downloads and
// the extension's own messages.
//
// It stands on safejs, so a JavaScript exception is an error and never a
// panic, and it adds what safejs leaves to the caller: Go functions that
// JavaScript calls recover their panics, lengths are checked before bytes are
// copied, waiting ends with a context, and every error is a *fault.Fault.
//
// A function that JavaScript calls must not block: the event loop that would
// wake it up is the one it holds. Whatever waits runs in a goroutine ([Go]).
package bridge
