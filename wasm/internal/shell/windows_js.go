//go:build js && wasm

package shell

import (
	"context"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/view"
)

// Window is a screen, how it is drawn, and what it may do.
type Window struct {
	screen  model.Screen
	draw    func() view.Page
	effects []effects
}

// Role makes the window of a document. One that cannot is a document that
// could not start.
type Role func(d *Document) (Window, error)

// Run plays the role that boot.js gave, for as long as the document lives. It
// returns only when the role cannot begin; boot.js then shows the static text.
func Run(roles map[string]Role) error {
	name := bridge.String(bridge.Global(), "scelleRole")
	role, ok := roles[name]
	if !ok {
		return fault.Newf(fault.Internal, "role %s", name)
	}
	d, err := newDocument()
	if err != nil {
		return err
	}
	window, err := role(d)
	if err != nil {
		return err
	}
	d.show(window)
	d.quietly(func() error { return vault.Sweep(d.ctx) })
	select {}
}

func window[S model.Screen](screen S, draw func(S) view.Page, effects ...effects) Window {
	return Window{screen, func() view.Page { return draw(screen) }, effects}
}

// Popup is what the icon opens.
func Popup(d *Document) (Window, error) {
	return window(model.NewPopup(env(""), bridge.CurrentTab(d.ctx)), view.Popup, forPopup), nil
}

// Check tests this computer.
func Check(*Document) (Window, error) {
	return window(model.NewCheck(env("")), view.Check, forCheck), nil
}

// Options shows sites and settings.
func Options(*Document) (Window, error) {
	return window(model.NewOptions(env("")), view.Options), nil
}

// Backup tests a key's protected copy.
func Backup(d *Document) (Window, error) {
	err := bridge.OnDrop(func(files []bridge.File) { d.send(model.CopyPicked{Files: d.files.addAll(files)}) })
	return window(model.NewDrill(env("")), view.Drill, forCopies, forFiles), err
}

// Offline opens plis that the person has as files.
func Offline(d *Document) (Window, error) {
	err := bridge.OnDrop(func(files []bridge.File) { d.send(model.FilesDropped{Files: d.files.addAll(files)}) })
	return window(model.NewOffline(env("")), view.Offline, forPlis, forFiles), err
}

// Keys is the assistant for a page's requests about keys.
func Keys(d *Document) (Window, error) {
	return d.assistant(model.ForKeys, view.ForKeys, forPage, forProofs, forCopies)
}

// Plis is the assistant for a page's requests about plis.
func Plis(d *Document) (Window, error) {
	return d.assistant(model.ForPlis, view.ForPlis, forPage, forPlis, forPortal, forFiles)
}

// assistant asks the worker what the window is for.
func (d *Document) assistant(errands model.Errands, part func(model.Screen) view.Page, effects ...effects) (Window, error) {
	draw := func(a *model.Assistant) view.Page { return view.Assistant(a, part) }
	s, err := session(d.ctx, bridge.Fragment())
	if err != nil {
		return window(model.NewBroken(env(""), err), draw), nil
	}
	d.native.Connected = d.listenForPIN
	d.place = bridge.Place{TabID: s.TabID, FrameID: s.FrameID, DocumentID: s.DocumentID, Document: s.Document, Session: s.Session}
	err = bridge.OnMessage(func(m bridge.Value) {
		if bridge.String(m, "to") == "assistant" && bridge.String(m, "session") == s.Session && bridge.String(m, "kind") == string(protocol.KindCancel) {
			d.send(model.PageCancelled{})
		}
	})
	return window(model.NewAssistant(env(s.Language), s, errands), draw, effects...), err
}

func session(ctx context.Context, id string) (protocol.SessionResult, error) {
	var s protocol.SessionResult
	if !vault.IsName(id) {
		return s, fault.New(fault.SessionLost)
	}
	raw, err := bridge.SendWorker(ctx, protocol.SessionGet, protocol.SessionParams{Session: id})
	if err != nil {
		return s, err
	}
	return decoded[protocol.SessionResult](raw)
}
