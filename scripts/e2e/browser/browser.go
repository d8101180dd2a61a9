package browser

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Insecure is a name of this computer that no browser takes for loopback: what
// it serves over http is a page that anybody on the way could have written.
const Insecure = "scelle-insecure.example"

// Assistants are the documents of assistant windows: for requests about keys and
// for requests about plis.
var Assistants = [...]string{"app/assistant.html", "app/opening.html"}

// IsAssistant reports whether an address is that of an assistant window, which
// has a session's number behind it.
func IsAssistant(url string) bool {
	return slices.ContainsFunc(Assistants[:], func(path string) bool { return strings.Contains(url, "/"+path+"#") })
}

// Browser is what the journeys need of a browser with the extension in it:
// Chromium here, Firefox in scripts/e2e/firefox.
type Browser interface {
	// Open opens a tab on an address, First is the one it started with.
	Open(url string) (Page, error)
	First() Page
	// ExtensionURL is the address of a page of the extension, from its path
	// such as "app/offline.html".
	ExtensionURL(path string) string
	// Assistant waits for the extension's window; HasAssistant reports
	// whether there is one now.
	Assistant() (Page, error)
	HasAssistant() (bool, error)
	// Popup clicks the extension's icon over a page, as a person would.
	Popup(over Page) (Page, error)
	// Grant sees to it that the extension gets an origin's host permission
	// when it asks, without a prompt that nobody can answer.
	Grant(origin string) error
	// Clicks is how often Page.Click was called.
	Clicks() int
	// RendererPeak is the highest resident memory, in KiB, that any process
	// with pages has had so far.
	RendererPeak() (float64, error)
	// Wait blocks until the person closed the browser, Close ends it.
	Wait()
	Close()
}

// Page is a tab, an extension window or a popup. Selectors are CSS. What
// waits gives up after Patience.
type Page interface {
	Goto(url string) error
	Reload() error
	URL() (string, error)
	// Click waits for an element to be visible and enabled and clicks it with
	// a real mouse event. Fill replaces the text of a field by typing. Upload
	// chooses files in a file field. Keys types into what has the focus.
	Click(selector string) error
	Fill(selector, text string) error
	Upload(selector string, paths ...string) error
	Keys(keys string) error
	// Visible waits for an element, Gone until none matches, Says until an
	// element's text contains some words, Until for a script to be true.
	Visible(selector string) error
	Gone(selector string) error
	Says(selector, words string) error
	Until(expression string) error
	// Text is the visible text of an element. Eval runs a script, awaits its
	// promise and decodes its value into out, which may be nil.
	Text(selector string) (string, error)
	Eval(script string, out any) error
	// Screenshot writes a PNG: of a window as it shows, of a tab's whole page.
	Screenshot(path string) error
	// Shut closes an extension window from inside, CloseBy clicks what closes
	// it; both wait until it is gone. Close closes a tab or lets a window go.
	Shut() error
	CloseBy(selector string) error
	Close()
}

// Scripted is what a page can do with nothing but scripts. Both browsers'
// pages embed it.
type Scripted struct {
	// Run runs a script, awaits its promise and returns its value as JSON.
	Run func(script string) (json.RawMessage, error)
	// Where is the page's address.
	Where func() (string, error)
}

// Eval runs a script, awaits its promise and decodes its value into out,
// which may be nil.
func (s Scripted) Eval(script string, out any) error {
	raw, err := s.Run(script)
	if err != nil {
		return fmt.Errorf("running %.80q: %w", script, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw, out)
}

// Until waits until an expression is true.
func (s Scripted) Until(expression string) error {
	deadline := time.Now().Add(Patience)
	for {
		var ok bool
		err := s.Eval("Boolean("+expression+")", &ok)
		if err == nil && ok {
			return nil
		}
		if time.Now().After(deadline) {
			return s.Explain("waiting until "+expression, fmt.Errorf("it never was (last error: %v)", err))
		}
		time.Sleep(40 * time.Millisecond)
	}
}

// Gone waits until no element matches.
func (s Scripted) Gone(selector string) error {
	return s.Until(fmt.Sprintf(`!document.querySelector(%q)`, selector))
}

// Says waits until the text of an element contains some words.
func (s Scripted) Says(selector, words string) error {
	return s.Until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.innerText.replace(/\s+/g, " ").includes(%q))`, selector, words))
}

// Text is the visible text of an element.
func (s Scripted) Text(selector string) (string, error) {
	var text string
	err := s.Eval(fmt.Sprintf(`document.querySelector(%q).innerText`, selector), &text)
	return text, s.Explain("reading "+selector, err)
}

// Explain adds to a failure what the page showed at that moment: in a test's
// log that is worth more than the selector.
func (s Scripted) Explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var seen string
	if s.Eval(`document.body.innerText.replace(/\s+/g, " ").slice(0, 1500)`, &seen) != nil {
		seen = "(nothing could be read)"
	}
	url, _ := s.Where()
	return fmt.Errorf("%s on %s: %w; the page shows: %s", what, url, err, strings.TrimSpace(seen))
}

// errStays says that a window was to close and did not.
var errStays = errors.New("the window does not close")
