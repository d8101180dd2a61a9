package firefox

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"scelle/scripts/e2e/browser"
)

// page is a tab, an extension window or the popup, by Firefox's browser id.
type page struct {
	browser.Scripted
	f      *Firefox
	id     int
	window bool // that the extension opened: it closes itself
}

func (f *Firefox) page(id int, window bool) *page {
	p := &page{f: f, id: id, window: window}
	p.Scripted = browser.Scripted{Run: p.run, Where: p.URL}
	return p
}

func (p *page) run(script string) (json.RawMessage, error) {
	var text string
	if err := p.f.command(&text, "run", p.id, script, patience); err != nil {
		return nil, err
	}
	return json.RawMessage(text), nil
}

// Close closes the tab; an extension's window closes itself.
func (p *page) Close() {
	if !p.window {
		_ = p.f.command(nil, "close", p.id)
	}
}

// Goto navigates.
func (p *page) Goto(url string) error {
	return p.Explain("going to "+url, p.f.command(nil, "go", p.id, url, false, patience))
}

// Reload loads the page again.
func (p *page) Reload() error { return p.f.command(nil, "go", p.id, "", true, patience) }

// URL is the address the page shows.
func (p *page) URL() (string, error) {
	var url string
	return url, p.f.command(&url, "url", p.id)
}

// until repeats a question until its answer is yes.
func (p *page) until(what string, ask func() (bool, error)) error {
	deadline := time.Now().Add(browser.Patience)
	for looks := 0; ; looks++ {
		ok, err := ask()
		if ok && err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return p.Explain(what, fmt.Errorf("no such element (last error: %v)", err))
		}
		browser.Pause(looks)
	}
}

// Click waits for an element to be visible and enabled and clicks it with a
// real mouse event.
func (p *page) Click(selector string) error {
	p.f.clicks.Add(1)
	return p.until("clicking "+selector, func() (clicked bool, err error) {
		err = p.f.command(&clicked, "click", p.id, selector)
		if leftDuringClick(err) {
			return true, nil
		}
		return clicked, err
	})
}

// leftDuringClick reports that the document went away under the click that
// asked it to: the click happened.
func leftDuringClick(err error) bool {
	var e *Error
	return errors.As(err, &e) && (strings.Contains(e.Message, "destroyed") || strings.Contains(e.Message, "AbortError"))
}

// Fill replaces the text of a field by typing; it clicks into the field only
// when the focus is elsewhere.
func (p *page) Fill(selector, text string) error {
	err := p.Visible(selector)
	var focused bool
	if err == nil {
		err = p.Eval(fmt.Sprintf(`document.activeElement?.matches(%q) ?? false`, selector), &focused)
	}
	if err == nil && !focused {
		err = p.Click(selector)
	}
	if err == nil {
		err = p.Eval(fmt.Sprintf(`document.querySelector(%q).select?.()`, selector), nil)
	}
	if err == nil {
		err = p.f.command(nil, "type", p.id, selector, text)
	}
	return p.Explain("filling "+selector, err)
}

// Upload chooses files in a file field.
func (p *page) Upload(selector string, paths ...string) error {
	return p.Explain("choosing files in "+selector, p.f.command(nil, "type", p.id, selector, strings.Join(paths, "\n")))
}

// webDriverKeys are the keys that are no characters, as WebDriver names them
// (Keyboard actions, 17.4.2); callers write them as control characters.
var webDriverKeys = strings.NewReplacer("\r", "\uE006", "\t", "\uE004", "\b", "\uE003", "\x1b", "\uE00C")

// Keys types keys into what has the focus.
func (p *page) Keys(keys string) error {
	return p.f.command(nil, "type", p.id, "", webDriverKeys.Replace(keys))
}

// Visible waits for an element.
func (p *page) Visible(selector string) error {
	return p.until("waiting for "+selector, func() (shows bool, err error) {
		return shows, p.f.command(&shows, "shows", p.id, selector)
	})
}

// Screenshot writes a PNG: of a window as it shows, of a tab's whole page.
func (p *page) Screenshot(path string) error {
	var text string
	err := p.f.command(&text, "picture", p.id, !p.window)
	if err == nil {
		var png []byte
		if png, err = base64.StdEncoding.DecodeString(text); err == nil {
			return os.WriteFile(path, png, 0o644)
		}
	}
	return fmt.Errorf("taking the picture %s: %w", filepath.Base(path), err)
}

// Shut closes an extension window or popup from inside, as its own close
// button does, and waits until it is gone.
func (p *page) Shut() error {
	err := p.Eval(`(setTimeout(() => window.close(), 0), true)`, nil)
	return errors.Join(err, p.waitGone())
}

// CloseBy clicks what closes the window and waits until it is gone.
func (p *page) CloseBy(selector string) error {
	if err := p.Visible(selector); err != nil {
		return err
	}
	clickErr := p.Click(selector)
	if err := p.waitGone(); err != nil {
		return errors.Join(clickErr, err)
	}
	return nil
}

func (p *page) waitGone() error {
	return p.until("closing the window", func() (bool, error) {
		var there bool
		err := p.f.command(&there, "there", p.id)
		return !there, err
	})
}
