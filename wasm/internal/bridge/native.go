//go:build js && wasm

package bridge

import (
	"context"
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Native is a connection to the native host, by way of the only JavaScript
// that may open one (extension/app/native.js). It connects when the first
// method is sent, after a loss again, and keeps the connection meanwhile: a
// consent of the host lives as long as its connection. One goroutine at a
// time may use it.
type Native struct{ connection Value }

// NewNative returns a connection that is still to be opened.
func NewNative() *Native { return &Native{connection: Undefined()} }

// Call sends a method and waits for its result.
func (n *Native) Call(ctx context.Context, method protocol.Method, params any) (json.RawMessage, error) {
	body, err := ToObject(params)
	if err != nil {
		return nil, err
	}
	if err := n.connect(ctx); err != nil {
		return nil, err
	}
	answer, err := Run(ctx, n.connection, fault.HostUnreachable, "request", string(method), body)
	if err != nil {
		return nil, err
	}
	return Text(answer)
}

// connect opens the connection unless it is open.
func (n *Native) connect(ctx context.Context) error {
	if Present(n.connection) && !Bool(n.connection, "closed") {
		return nil
	}
	seam, ok := Lookup("ScelleNative")
	if !ok {
		return fault.Newf(fault.Internal, "no native.js")
	}
	connection, err := Run(ctx, seam, fault.HostUnreachable, "connect")
	if err != nil {
		return err
	}
	n.connection = connection
	return nil
}

// Close ends the connection; the host's consents end with it.
func (n *Native) Close() {
	if Present(n.connection) {
		_, _ = n.connection.Call("close")
		n.connection = Undefined()
	}
}
