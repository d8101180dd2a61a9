package firefox

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/shared/protocol"
)

var _ browser.Browser = (*Firefox)(nil)

// ExtensionURL is the address of a page of the extension, from its path.
func (f *Firefox) ExtensionURL(path string) string {
	return "moz-extension://" + f.host + "/" + path
}

// Clicks is how often Page.Click was called on the browser's pages.
func (f *Firefox) Clicks() int { return int(f.clicks.Load()) }

// First is the tab that the browser starts with.
func (f *Firefox) First() browser.Page {
	var id int
	if err := f.command(&id, "first"); err != nil {
		id = 0 // every use of the page says that it is gone
	}
	return f.page(id, false)
}

// Open opens a tab on an address.
func (f *Firefox) Open(url string) (browser.Page, error) {
	var id int
	if err := f.command(&id, "open"); err != nil {
		return nil, err
	}
	p := f.page(id, false)
	if err := p.Goto(url); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Assistant waits for the extension's assistant window.
func (f *Firefox) Assistant() (browser.Page, error) {
	for deadline := time.Now().Add(browser.Patience); ; time.Sleep(40 * time.Millisecond) {
		id, err := f.findAssistant()
		if err == nil && id != 0 {
			return f.page(id, true), nil
		}
		if time.Now().After(deadline) {
			var open []string
			return nil, errors.Join(err, f.command(&open, "list"), fmt.Errorf("no assistant window appeared; there are: %s", strings.Join(open, ", ")))
		}
	}
}

// HasAssistant reports whether an assistant window is open now.
func (f *Firefox) HasAssistant() (bool, error) {
	id, err := f.findAssistant()
	return id != 0, err
}

// findAssistant finds a window of any of the assistant's documents, 0 without.
func (f *Firefox) findAssistant() (id int, err error) {
	for _, path := range browser.Assistants {
		if err = f.command(&id, "find", f.ExtensionURL(path)); err != nil || id != 0 {
			break
		}
	}
	return id, err
}

// Popup clicks the extension's icon over a page, as a person would, and
// returns the popup.
func (f *Firefox) Popup(over browser.Page) (browser.Page, error) {
	p, ok := over.(*page)
	if !ok {
		return nil, errors.New("a page of another browser")
	}
	var id int
	if err := f.command(&id, "popup", protocol.FirefoxID, p.id, patience); err != nil {
		return nil, fmt.Errorf("clicking the extension's icon: %w", err)
	}
	return f.page(id, true), nil
}

// Grant has the browser say yes by itself when the extension asks for an
// optional permission. Without it, AnswerPrompt is there.
func (f *Firefox) Grant(string) error { return f.command(nil, "prefer", promptPreference, false) }

// AnswerPrompt waits for the browser's permission prompt, clicks « Autoriser »
// or « Refuser » in it and returns its words.
func (f *Firefox) AnswerPrompt(yes bool) (string, error) {
	var words string
	return words, f.command(&words, "answer", yes, patience)
}

// ChooseFiles answers file dialogs from now on: with these files, or by
// closing them when there are none.
func (f *Firefox) ChooseFiles(paths ...string) error {
	if paths == nil {
		paths = []string{}
	}
	return f.command(nil, "choose", paths)
}

// RendererPeak is the highest resident memory, in KiB, that any process with
// pages has had so far. The browser's own process is not among them.
func (f *Firefox) RendererPeak() (float64, error) {
	own := strconv.Itoa(f.Pid)
	return browser.PeakBelow(
		func(pid, _ string) bool { return pid == own },
		func(line string) bool {
			return strings.Contains(line, "-contentproc") && strings.HasSuffix(strings.TrimSpace(line), " tab")
		})
}

// EndBackground ends the extension's background script, as Firefox does after
// half a minute without work; the next message or event starts it again.
func (f *Firefox) EndBackground() error { return f.command(nil, "end", protocol.FirefoxID, patience) }
