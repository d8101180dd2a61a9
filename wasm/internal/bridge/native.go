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
// consent of the host lives as long as its connection.
type Native struct {
	// Connected, if set, is called with each connection that was opened.
	Connected func(Connection)

	connection Value
	ended      *Func // what native.js calls at an end that nobody asked for
}

// NewNative returns a connection that is still to be opened.
func NewNative() *Native { return &Native{connection: Undefined()} }

// Call sends a method and waits for its result.
func (n *Native) Call(ctx context.Context, method protocol.Method, params any) (json.RawMessage, error) {
	body, err := ToObject(params)
	if err != nil {
		return nil, err
	}
	if err := n.connect(); err != nil {
		return nil, err
	}
	answer, err := Run(ctx, n.connection, fault.HostUnreachable, "request", string(method), body)
	if err != nil {
		return nil, err
	}
	return Text(answer)
}

// connect opens the connection unless it is open.
func (n *Native) connect() error {
	if Present(n.connection) {
		return nil
	}
	seam, ok := Lookup("ScelleNative")
	if !ok {
		return fault.Newf(fault.Internal, "no native.js")
	}
	connection, err := Call(seam, "connect", "app")
	if err != nil {
		return err
	}
	ended, err := NewFunc(func([]Value) { n.forget(connection) })
	if err != nil {
		return err
	}
	n.connection, n.ended = connection, &ended
	if n.Connected != nil {
		n.Connected(Connection{connection})
	}
	return faultOf(fault.Internal, connection.Set("onClose", ended))
}

// forget drops a connection that ended; the next call makes a new one.
func (n *Native) forget(connection Value) {
	if n.connection.Equal(connection) {
		n.connection = Undefined()
	}
}

// Close ends the connection; the host's consents end with it.
func (n *Native) Close() {
	if !Present(n.connection) {
		return
	}
	_, _ = n.connection.Call("close")
	_ = n.connection.Set("onClose", nil)
	n.ended.Release()
	n.connection = Undefined()
}
