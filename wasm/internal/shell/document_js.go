//go:build js && wasm

package shell

import (
	"context"
	"time"

	"scelle/shared/fault"
	"scelle/wasm/internal/bridge"
	"scelle/wasm/internal/dom"
	"scelle/wasm/internal/model"
)

// The ids in every document of extension/app that shows a screen: where it is
// drawn, and the region that a screen reader listens to.
const (
	rootID = "app"
	liveID = "live"
)

// readyMark is the performance entry that says when a screen was first drawn;
// make bench waits for it.
const readyMark = "scelle-ready"

// Document runs one window: it draws its screen, and carries out its effects.
type Document struct {
	ctx       context.Context
	window    Window
	mount     *dom.Mount
	native    *bridge.Native
	files     *fileTable
	folders   folderTable
	downloads bridge.Downloads
	exchanges bridge.Exchanges // with the bridge in the page
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

func newDocument() (*Document, error) {
	d := &Document{ctx: context.Background(), native: bridge.NewNative(), files: newFileTable()}
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

// show begins with a window. One that opens out of sight arms nothing until it
// was seen.
func (d *Document) show(w Window) {
	d.window = w
	d.guarded(func() error {
		if bridge.Hidden() {
			d.runAll(w.screen.Update(model.Lowered{}))
		}
		d.runAll(w.screen.Init())
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
	drawMillis = 400
)

// act gives the screen a message of a person, who sees at once what came of it.
func (d *Document) act(msg any) {
	d.paid = time.Time{}
	d.send(msg)
}

// send gives the screen a message. It may be called from events and from
// goroutines; a message that comes while another is at work waits its turn.
// From a click everything runs inside that click, as permissions need.
func (d *Document) send(msg any) {
	if msg == nil {
		return
	}
	d.queue = append(d.queue, msg)
	if !d.busy {
		d.drain()
	}
}

// drain works the queue off and draws what came of it, at once or a little
// later. What comes before there is a screen waits for it.
func (d *Document) drain() {
	for len(d.queue) > 0 && d.window.screen != nil {
		d.guarded(func() error {
			for len(d.queue) > 0 {
				msg := d.queue[0]
				d.queue = d.queue[1:]
				d.runAll(d.window.screen.Update(msg))
			}
			return d.drawSpaced()
		})
	}
}

// drawSpaced draws, unless that was done often just now: then it follows.
func (d *Document) drawSpaced() error {
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
func (d *Document) guarded(fn func() error) {
	d.busy = true
	defer func() { d.busy = false }()
	if err := bridge.Guard(fn); err != nil {
		bridge.Log(err)
	}
}

func (d *Document) draw() error {
	d.later = false
	if now := time.Now(); d.paid.Before(now) {
		d.paid = now
	}
	d.paid = d.paid.Add(drawMillis * time.Millisecond)
	page := d.window.draw()
	if err := d.mount.Title(page.Title, page.Lang); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	if err := d.mount.Show(page.Body...); err != nil {
		return fault.Wrap(fault.Internal, err)
	}
	return fault.Wrap(fault.Internal, d.mount.Announce(page.Status))
}

func (d *Document) runAll(effects []model.Effect) {
	for _, e := range effects {
		d.run(e)
	}
}

// leave lets go of everything when the document goes away. What is still on
// the disk after that is swept by the next document.
func (d *Document) leave() {
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
