//go:build js && wasm

package bridge

import "scelle/shared/fault"

// Port is an end of a message channel: a MessagePort, a dedicated Worker, a
// BroadcastChannel, or the own scope of a Worker.
type Port struct {
	target   Value
	listener Func
	heard    bool
}

// NewPort takes a JavaScript object that has postMessage and "message" events.
func NewPort(target Value) *Port { return &Port{target: target} }

// Own is the port of the Worker that this runs in, to the document that
// started it.
func Own() *Port { return NewPort(Global()) }

// Listen has fn called with the data of every message, in order, inside the
// event: it must not wait. A MessagePort begins to deliver with this call, so
// nothing that was sent before is lost. It is called once.
func (p *Port) Listen(fn func(data Value)) error {
	if p.heard {
		return fault.Newf(fault.Internal, "port has a listener")
	}
	listener, err := NewFunc(func(args []Value) {
		if data, err := Get(first(args), "data"); err == nil {
			fn(data)
		}
	})
	if err != nil {
		return err
	}
	p.listener, p.heard = listener, true
	return faultOf(fault.Internal, p.target.Set("onmessage", listener))
}

// Post sends a message: values, strings, numbers, bools, []any, map[string]any.
// Objects in transfer (ports, array buffers) move with it and are gone here.
func (p *Port) Post(message any, transfer ...any) error {
	if len(transfer) == 0 {
		_, err := Call(p.target, "postMessage", message)
		return err
	}
	_, err := Call(p.target, "postMessage", message, transfer)
	return err
}

// Close stops listening and closes the channel; for a Worker see [Worker.End].
func (p *Port) Close() {
	if p.heard {
		_ = p.target.Set("onmessage", nil)
		p.listener.Release()
		p.heard = false
	}
	if closer, err := p.target.Get("close"); err == nil && Present(closer) && !Is(p.target, "WorkerGlobalScope") {
		_, _ = p.target.Call("close")
	}
}

// Worker is a dedicated Worker that this document started.
type Worker struct {
	*Port
	failed Func
}

// Target is the JavaScript object of the Worker.
func (w *Worker) Target() Value { return w.target }

// StartWorker starts a script of the extension. broken is called when the
// script cannot be loaded or throws.
func StartWorker(url string, broken func(error)) (*Worker, error) {
	w, err := New("Worker", url)
	if err != nil {
		return nil, err
	}
	return TakeWorker(w, broken)
}

// StartGiven is [StartWorker] for a script that runs a WebAssembly module which
// this document has compiled: it is named "given" and gets {module} first.
func StartGiven(url string, module Value, broken func(error)) (*Worker, error) {
	target, err := New("Worker", url, map[string]any{"name": "given"})
	if err != nil {
		return nil, err
	}
	w, err := TakeWorker(target, broken)
	if err != nil {
		return nil, err
	}
	return w, w.Post(map[string]any{"module": module})
}

// CompileModule begins to compile a WebAssembly module of the extension.
func CompileModule(file string) (*Promise, error) {
	response, err := Call(Global(), "fetch", file)
	if err != nil {
		return nil, err
	}
	wasm, ok := Lookup("WebAssembly")
	if !ok {
		return nil, fault.Newf(fault.Internal, "no WebAssembly")
	}
	return Start(wasm, fault.Internal, "compileStreaming", response)
}

// TakeWorker is [StartWorker] for a Worker that a script has just started.
func TakeWorker(w Value, broken func(error)) (*Worker, error) {
	failed, err := NewFunc(func([]Value) { broken(fault.Newf(fault.Internal, "worker")) })
	if err != nil {
		return nil, err
	}
	if err := w.Set("onerror", failed); err != nil {
		return nil, faultOf(fault.Internal, err)
	}
	return &Worker{Port: NewPort(w), failed: failed}, nil
}

// End stops the Worker at once. Its memory, with every key in it, goes back
// to the browser; the locks that it held are free.
func (w *Worker) End() {
	_ = w.target.Set("onerror", nil)
	_, _ = w.target.Call("terminate")
	w.Port.Close()
	w.failed.Release()
}
