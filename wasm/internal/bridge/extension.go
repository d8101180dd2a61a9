//go:build js && wasm

package bridge

import (
	"context"
	"encoding/json"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// api is one of the browser's extension interfaces, such as "tabs". Firefox
// and Chromium both have promises under one of these names.
func api(name string) (Value, error) {
	for _, root := range []string{"browser", "chrome"} {
		if v, ok := Lookup(root, name); ok {
			return v, nil
		}
	}
	return Undefined(), fault.Newf(fault.Internal, "no %s", name)
}

// SendWorker sends an App or Bridge method to the extension's worker.
func SendWorker(ctx context.Context, method protocol.Method, params any) (json.RawMessage, error) {
	body, err := ToObject(params)
	if err != nil {
		return nil, err
	}
	runtime, err := api("runtime")
	if err != nil {
		return nil, err
	}
	message := map[string]any{"to": "worker", "method": string(method), "params": body}
	answer, err := Run(ctx, runtime, fault.Internal, "sendMessage", message)
	if err != nil {
		return nil, err
	}
	return Result(answer)
}

// Result reads an answer {ok, result?|fault?}.
func Result(answer Value) (json.RawMessage, error) {
	if !Present(answer) {
		return nil, fault.Newf(fault.Internal, "no answer")
	}
	if Bool(answer, "ok") {
		result, err := Get(answer, "result")
		if err != nil {
			return nil, err
		}
		return Text(result)
	}
	return nil, FaultIn(answer)
}

// FaultIn reads the property fault, {code, detail}, of an answer that is no
// success.
func FaultIn(answer Value) error {
	body, err := Get(answer, "fault")
	if err != nil {
		return err
	}
	code := String(body, "code")
	if code == "" {
		code = string(fault.Internal)
	}
	return (&protocol.Fault{Code: fault.Code(code), Detail: String(body, "detail")}).Err()
}

// Place is the document of a page that a session belongs to.
type Place struct {
	TabID      int
	FrameID    int
	DocumentID string // "" in browsers that have none
	Document   string // the content script's own random name
	Session    string
}

// Send sends a message to the content script of that document and returns its
// answer. A document that is gone is fault.SessionLost.
func (p Place) Send(ctx context.Context, message map[string]any) (Value, error) {
	tabs, err := api("tabs")
	if err != nil {
		return Undefined(), err
	}
	message["to"], message["document"], message["session"] = "content", p.Document, p.Session
	target := map[string]any{"frameId": p.FrameID}
	if p.DocumentID != "" {
		target = map[string]any{"documentId": p.DocumentID}
	}
	answer, err := Run(ctx, tabs, fault.SessionLost, "sendMessage", p.TabID, message, target)
	if err != nil {
		return Undefined(), err
	}
	if !Present(answer) {
		return Undefined(), fault.New(fault.SessionLost)
	}
	return answer, nil
}

// OnMessage has fn called with every message that is sent to this document of
// the extension, inside the event. Nothing is answered.
func OnMessage(fn func(message Value)) error {
	runtime, err := api("runtime")
	if err != nil {
		return err
	}
	listener, err := NewFunc(func(args []Value) { fn(first(args)) })
	if err != nil {
		return err
	}
	event, err := Get(runtime, "onMessage")
	if err == nil {
		_, err = Call(event, "addListener", listener)
	}
	return err
}

// RequestPermission asks for a host permission, one match pattern. The prompt
// comes only when this is called inside the event of a click; the answer is
// waited for apart.
func RequestPermission(pattern string) (*Promise, error) {
	permissions, err := api("permissions")
	if err != nil {
		return nil, err
	}
	return Start(permissions, fault.SiteNotAllowed, "request", map[string]any{"origins": []any{pattern}})
}

// OpenTab opens an address in a tab: https, or the path of a page of the
// extension. Any other is fault.BadRequest.
func OpenTab(ctx context.Context, url string) error {
	tabs, err := api("tabs")
	if err != nil {
		return err
	}
	if !strings.HasPrefix(url, "https://") {
		if strings.Contains(url, ":") {
			return fault.Newf(fault.BadRequest, "url")
		}
		if url, err = pageURL(url); err != nil {
			return err
		}
	}
	_, err = Run(ctx, tabs, fault.Internal, "create", map[string]any{"url": url})
	return err
}

// pageURL is the address of a page of the extension, from its path.
func pageURL(path string) (string, error) {
	runtime, err := api("runtime")
	if err != nil {
		return "", err
	}
	url, err := Call(runtime, "getURL", path)
	if err != nil {
		return "", err
	}
	text, err := url.String()
	return text, faultOf(fault.Internal, err)
}
