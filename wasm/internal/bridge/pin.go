//go:build js && wasm

package bridge

import (
	"context"
	"encoding/base64"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
)

// Connection is one connection to the host, which may ask for PINs.
type Connection struct{ value Value }

// AsksPIN says, once the host has introduced itself, whether it may ask.
func (c Connection) AsksPIN(ctx context.Context) bool {
	hello, err := Get(c.value, "hello")
	if err != nil {
		return false
	}
	greeting, err := Await(ctx, hello, fault.HostUnreachable)
	return err == nil && Bool(greeting, "asksPin")
}

// AwaitPIN waits until the host asks for a PIN. It fails when the connection
// ends.
func (c Connection) AwaitPIN(ctx context.Context) (protocol.PINQuestion, error) {
	var q protocol.PINQuestion
	answer, err := c.request(ctx, protocol.HostPINAwait, map[string]any{})
	if err != nil {
		return q, err
	}
	text, err := Text(answer)
	if err != nil {
		return q, err
	}
	return q, fault.Wrap(fault.Internal, smalljson.Unmarshal(text, &q))
}

// AnswerPIN sends what was typed to the host that asked, and wipes it: here,
// where it is bytes. The message itself is a string of the browser's, which
// nobody can wipe. nil says that the person cancelled.
func (c Connection) AnswerPIN(ctx context.Context, question string, typed []byte) error {
	defer clear(typed)
	body := map[string]any{"question": question, "cancelled": true}
	if typed != nil {
		pin, err := base64Text(typed)
		if err != nil {
			return err
		}
		body = map[string]any{"question": question, "pin": pin}
	}
	_, err := c.request(ctx, protocol.HostPINAnswer, body)
	return err
}

func (c Connection) request(ctx context.Context, method protocol.Method, body any) (Value, error) {
	return Run(ctx, c.value, fault.HostUnreachable, "request", string(method), body)
}

// base64Text makes a JavaScript string of bytes without a Go string of them.
func base64Text(b []byte) (Value, error) {
	text := base64.StdEncoding.AppendEncode(make([]byte, 0, base64.StdEncoding.EncodedLen(len(b))), b)
	defer clear(text)
	array, err := ToJS(text)
	if err != nil {
		return Undefined(), err
	}
	defer Wipe(array)
	decoder, err := New("TextDecoder")
	if err != nil {
		return Undefined(), err
	}
	return Call(decoder, "decode", array)
}
