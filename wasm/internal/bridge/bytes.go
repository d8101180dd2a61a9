//go:build js && wasm

package bridge

import (
	"encoding/json"
	"math"

	"scelle/shared/fault"
	"scelle/shared/smalljson"

	"github.com/hack-pad/safejs"
)

// NewBytes makes a Uint8Array of n bytes, all zero.
func NewBytes(n int) (Value, error) { return New("Uint8Array", n) }

// ToJS copies b into a new Uint8Array.
func ToJS(b []byte) (Value, error) {
	array, err := NewBytes(len(b))
	if err != nil {
		return Undefined(), err
	}
	return array, Fill(array, b)
}

// Fill copies b into a Uint8Array of exactly its length.
func Fill(array Value, b []byte) error {
	if n, err := array.Length(); err != nil || n != len(b) {
		return fault.Newf(fault.Internal, "array of %d for %d bytes", n, len(b))
	}
	n, err := safejs.CopyBytesToJS(array, b)
	if err == nil && n != len(b) {
		return fault.Newf(fault.Internal, "copied %d of %d bytes", n, len(b))
	}
	return faultOf(fault.Internal, err)
}

// Read copies a Uint8Array into dst, which must have exactly its length.
func Read(dst []byte, array Value) error {
	if n, err := array.Length(); err != nil || n != len(dst) {
		return fault.Newf(fault.Internal, "array of %d for %d bytes", n, len(dst))
	}
	n, err := safejs.CopyBytesToGo(dst, array)
	if err == nil && n != len(dst) {
		return fault.Newf(fault.Internal, "copied %d of %d bytes", n, len(dst))
	}
	return faultOf(fault.Internal, err)
}

// ToGo copies a Uint8Array of at most limit bytes.
func ToGo(array Value, limit int) ([]byte, error) {
	if !Is(array, "Uint8Array") {
		return nil, fault.Newf(fault.BadRequest, "bytes expected")
	}
	n, err := array.Length()
	if err != nil || n > limit {
		return nil, fault.New(fault.MessageTooLarge)
	}
	b := make([]byte, n)
	return b, Read(b, array)
}

// View makes a Uint8Array over an ArrayBuffer, without a copy.
func View(buffer Value) (Value, error) { return New("Uint8Array", buffer) }

// Free gives the memory of a Uint8Array back at once, instead of some time
// later: chunks that wait for the garbage collector add up to hundreds of MiB,
// and fresh memory is slow. The array is empty afterwards.
func Free(array Value) {
	if !Present(array) {
		return
	}
	buffer, err := Get(array, "buffer")
	if seam, ok := Lookup("scelleWorker"); ok && err == nil {
		_, _ = seam.Call("drop", buffer) // see crypto-worker.js; elsewhere the collector does it
	}
}

// Wipe zeroes a Uint8Array that held a secret.
func Wipe(array Value) {
	if Present(array) {
		_, _ = array.Call("fill", 0)
	}
}

// ToObject makes a JavaScript value of what smalljson makes of v: bytes
// are base64 strings, as everywhere on our wires.
func ToObject(v any) (Value, error) {
	text, err := smalljson.Marshal(v)
	if err != nil {
		return Undefined(), fault.Wrap(fault.Internal, err)
	}
	return Parse(string(text))
}

// Parse is JSON.parse.
func Parse(text string) (Value, error) {
	j, ok := Lookup("JSON")
	if !ok {
		return Undefined(), fault.New(fault.Internal)
	}
	out, err := j.Call("parse", text)
	return out, faultOf(fault.BadRequest, err)
}

// Text is JSON.stringify; undefined becomes nil. What has no JSON, such as a
// function, is fault.BadRequest. The text never is a string of Go's: it may be a
// content key's, and the caller can wipe these bytes.
func Text(v Value) (json.RawMessage, error) {
	if v.IsUndefined() {
		return nil, nil
	}
	text, err := stringify(v)
	if err != nil {
		return nil, err
	}
	encoder, err := New("TextEncoder")
	if err != nil {
		return nil, err
	}
	array, err := Call(encoder, "encode", text)
	if err != nil {
		return nil, err
	}
	defer Wipe(array)
	return ToGo(array, math.MaxInt)
}

// Indented is v as JSON for a file that people open, two spaces a level.
func Indented(v any) (string, error) {
	object, err := ToObject(v)
	if err != nil {
		return "", err
	}
	text, err := stringify(object, nil, 2)
	if err != nil {
		return "", err
	}
	s, err := text.String()
	return s, faultOf(fault.BadRequest, err)
}

// stringify is JSON.stringify: a string of the browser's.
func stringify(args ...any) (Value, error) {
	j, ok := Lookup("JSON")
	if !ok {
		return Undefined(), fault.New(fault.Internal)
	}
	out, err := j.Call("stringify", args...)
	if err == nil && out.Type() != safejs.TypeString {
		return Undefined(), fault.Newf(fault.BadRequest, "no JSON")
	}
	return out, fault.Wrap(fault.BadRequest, err)
}

// Random is n bytes from the browser's generator of secrets. Go's own
// crypto/rand asks the same one, but links ciphers for it. Like that one it
// does not fail: a browser without it ends the module.
func Random(n int) []byte {
	b := make([]byte, n)
	array, err := New("Uint8Array", n)
	if err == nil {
		var generator Value
		if generator, err = Get(Global(), "crypto"); err == nil {
			_, err = Call(generator, "getRandomValues", array)
		}
	}
	if err == nil {
		err = Read(b, array)
	}
	if err != nil {
		panic(err)
	}
	return b
}
