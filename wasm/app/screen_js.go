//go:build js && wasm

package main

import (
	"context"
	"sync"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/vault"
	"scelle/wasm/internal/view"
)

// The ids in popup.html, assistant.html, offline.html, check.html, backup.html
// and options.html: where a screen is drawn, and the region that a screen
// reader listens to.
const (
	rootID = "app"
	liveID = "live"
)

// readyMark is the performance entry that says when a screen was first drawn;
// make bench waits for it.
const readyMark = "scelle-ready"

// document runs one screen: it draws it, and carries out its effects.
type document struct {
	ctx       context.Context
	screen    model.Screen
	mount     *dom.Mount
	native    *bridge.Native
	files     *fileTable
	folders   folderTable
	downloads bridge.Downloads
	exchanges bridge.Exchanges // with the bridge in the page
	naming    sync.Mutex       // held while a free name is looked for in a folder
	crypto    *cryptoClient
	place     bridge.Place      // of the page, in an assistant
	asker     bridge.Connection // whose host asked for a PIN last, in an assistant

	queue []model.Msg
	busy  bool
	paid  time.Time // until when what was drawn is paid for
	later bool      // the screen is drawn a little later

	unreported *model.PageProgress // that the page has not heard of
	reporting  bool                // the page is being told
}

func newDocument() (*document, error) {
	d := &document{ctx: context.Background(), native: bridge.NewNative(), files: newFileTable()}
	d.crypto = newCryptoClient()
	var err error
	d.mount, err = dom.NewMount(rootID, liveID, d.act, bridge.Log)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	if err := bridge.OnRaised(func(hidden bool) { d.send(raised(hidden)) }); err != nil {
		return nil, err
	}
	return d, bridge.OnPageHide(d.leave)
}

// raised is what a screen is told of its window's place.
func raised(hidden bool) model.Msg {
	if hidden {
		return model.Lowered{}
	}
	return model.Raised{}
}

// show begins with a screen. A window that opens out of sight arms nothing
// until it was seen.
func (d *document) show(s model.Screen) {
	d.screen = s
	d.guarded(func() error {
		if bridge.Hidden() {
			d.runAll(s.Update(model.Lowered{}))
		}
		d.runAll(s.Init())
		if err := d.draw(); err != nil {
			return err
		}
		return bridge.Mark(readyMark)
	})
	d.drain()
}

// What no person asked for is drawn at once up to drawBurst times, and then
// drawMillis apart: an opening gets a hundred answers a second, nobody sees each
// of them, and showing one takes the browser as long as a tenth of a small pli.
// A button that arms is drawn at once: a person has all of the wait to see it.
const (
	drawBurst  = 8
	drawMillis = 250
)

// act gives the screen a message of a person, who sees at once what came of it.
func (d *document) act(msg any) {
	d.paid = time.Time{}
	d.send(msg)
}

// send gives the screen a message. It may be called from events and from
// goroutines; a message that comes while another is at work waits its turn.
// From a click everything runs inside that click, as permissions need.
func (d *document) send(msg any) {
	if msg == nil {
		return
	}
	d.queue = append(d.queue, msg)
	if !d.busy {
		d.drain()
	}
}

// drain works the queue off and draws what came of it, at once or a little
// later.
func (d *document) drain() {
	for len(d.queue) > 0 {
		d.guarded(func() error {
			for len(d.queue) > 0 {
				msg := d.queue[0]
				d.queue = d.queue[1:]
				d.runAll(d.screen.Update(msg))
			}
			return d.drawSpaced()
		})
	}
}

// drawSpaced draws, unless that was done often just now: then it follows.
func (d *document) drawSpaced() error {
	wait := time.Until(d.paid).Milliseconds() - (drawBurst-1)*drawMillis
	switch {
	case wait <= 0:
		return d.draw()
	case d.later:
		return nil
	}
	d.later = true
	d.quietly(func() error {
		err := pause(d.ctx, int(wait))
		due := d.later && !d.busy // who is at work draws at its end
		d.later = false
		if due {
			d.guarded(d.draw)
			d.drain() // what came while that was at work
		}
		return err
	})
	return nil
}

// guarded keeps a mistake in one message from ending the document.
func (d *document) guarded(fn func() error) {
	d.busy = true
	defer func() { d.busy = false }()
	if err := bridge.Guard(fn); err != nil {
		bridge.Log(err)
	}
}

func (d *document) draw() error {
	d.later = false
	if now := time.Now(); d.paid.Before(now) {
		d.paid = now
	}
	d.paid = d.paid.Add(drawMillis * time.Millisecond)
	page := view.Of(d.screen)
	if err := d.mount.Title(page.Title, page.Lang); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	if err := d.mount.Show(page.Body...); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	return fault.Wrap(fault.Internal, d.mount.Announce(page.Status))
}

func (d *document) runAll(effects []model.Effect) {
	for _, e := range effects {
		d.run(e)
	}
}

// leave lets go of everything when the document goes away. What is still on
// the disk after that is swept by the next document.
func (d *document) leave() {
	d.crypto.leave()
	d.native.Close()
	d.files.leave()
}

// env is what a screen knows about where it runs. lang "" is the browser's.
func env(lang string) model.Env {
	settled, saving := bridge.Managed()
	if settled != "" {
		lang = settled
	}
	own := bridge.Language()
	for _, next := range []string{bridge.Chosen(), own} {
		if lang != "fr" && lang != "en" {
			lang = next
		}
	}
	return model.Env{Lang: lang, BrowserLang: own, Version: bridge.Version(), Zone: bridge.Zone(lang), NoSaving: !saving, Folders: bridge.HasFolders()}
}

// runDocument shows the screen that open makes, for as long as the document
// lives.
func runDocument(open func(d *document) (model.Screen, error)) error {
	d, err := newDocument()
	if err != nil {
		return err
	}
	bridge.Go(func() error { return vault.Sweep(d.ctx) }, bridge.Log)
	screen, err := open(d)
	if err != nil {
		return err
	}
	d.show(screen)
	select {}
}

func openPopup(d *document) (model.Screen, error) {
	return model.NewPopup(env(""), bridge.CurrentTab(d.ctx)), nil
}

// openAssistant asks the worker what the window is for.
func openAssistant(d *document) (model.Screen, error) {
	id := bridge.Fragment()
	s, err := session(d.ctx, id)
	if err != nil {
		return model.NewBroken(env(""), err), nil
	}
	d.native.Connected = d.listenForPIN
	d.place = bridge.Place{TabID: s.TabID, FrameID: s.FrameID, DocumentID: s.DocumentID, Document: s.Document, Session: s.Session}
	err = bridge.OnMessage(func(m bridge.Value) {
		if bridge.String(m, "to") == "assistant" && bridge.String(m, "session") == s.Session && bridge.String(m, "kind") == string(protocol.KindCancel) {
			d.send(model.PageCancelled{})
		}
	})
	return model.NewAssistant(env(s.Language), s), err
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

func openCheck(*document) (model.Screen, error) { return model.NewCheck(env("")), nil }

func openOptions(*document) (model.Screen, error) { return model.NewOptions(env("")), nil }

func openOffline(d *document) (model.Screen, error) {
	err := bridge.OnDrop(func(files []bridge.File) { d.send(model.FilesDropped{Files: d.files.addAll(files)}) })
	return model.NewOffline(env("")), err
}
