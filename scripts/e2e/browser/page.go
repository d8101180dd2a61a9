package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Patience is how long a step may take before it counts as failed. It is
// generous: the tests run on small, busy machines.
const Patience = 45 * time.Second

// Page is a tab, an extension window or a popup. Selectors are CSS.
type Page struct {
	c      *Chromium
	ctx    context.Context
	cancel context.CancelFunc
	id     target.ID // of a window that the browser opened; "" for our own tabs
}

func (p *Page) do(actions ...chromedp.Action[chromedp.Void]) error {
	for _, a := range actions {
		ctx, cancel := context.WithTimeout(p.ctx, Patience)
		err := chromedp.Do(ctx, a)
		cancel()
		if err != nil {
			return err
		}
	}
	if len(actions) == 0 {
		return chromedp.Do(p.ctx)
	}
	return nil
}

// Close closes the tab.
func (p *Page) Close() { p.cancel() }

// Goto navigates.
func (p *Page) Goto(url string) error {
	return p.explain("going to "+url, p.do(chromedp.Navigate(url)))
}

// Reload loads the page again.
func (p *Page) Reload() error { return p.do(chromedp.Reload()) }

// URL is the address the page shows.
func (p *Page) URL() (string, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Location())
}

// Click waits for an element to be visible and enabled and clicks it with a
// real mouse event.
func (p *Page) Click(selector string) error {
	p.c.clicks.Add(1)
	err := p.do(chromedp.WaitEnabled(chromedp.CSS(selector)), chromedp.Click(chromedp.CSS(selector)))
	return p.explain("clicking "+selector, err)
}

// Fill replaces the text of a field by typing; it clicks into the field only
// when the focus is elsewhere.
func (p *Page) Fill(selector, text string) error {
	err := p.do(chromedp.WaitVisible(chromedp.CSS(selector)))
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
		err = p.do(chromedp.SendKeys(chromedp.CSS(selector), text))
	}
	return p.explain("filling "+selector, err)
}

// Upload chooses files in a file field.
func (p *Page) Upload(selector string, paths ...string) error {
	return p.explain("choosing files in "+selector, p.do(chromedp.SetUploadFiles(chromedp.CSS(selector), paths)))
}

// Visible waits for an element.
func (p *Page) Visible(selector string) error {
	return p.explain("waiting for "+selector, p.do(chromedp.WaitVisible(chromedp.CSS(selector))))
}

// Gone waits until no element matches.
func (p *Page) Gone(selector string) error {
	return p.Until(fmt.Sprintf(`!document.querySelector(%q)`, selector))
}

// Says waits until the text of an element contains some words.
func (p *Page) Says(selector, words string) error {
	return p.Until(fmt.Sprintf(`[...document.querySelectorAll(%q)].some(e => e.innerText.replace(/\s+/g, " ").includes(%q))`, selector, words))
}

// Text is the visible text of an element.
func (p *Page) Text(selector string) (string, error) {
	var s string
	err := p.Eval(fmt.Sprintf(`document.querySelector(%q).innerText`, selector), &s)
	return s, p.explain("reading "+selector, err)
}

// Until waits until an expression is true.
func (p *Page) Until(expression string) error {
	deadline := time.Now().Add(Patience)
	for {
		var ok bool
		err := p.Eval("Boolean("+expression+")", &ok)
		if err == nil && ok {
			return nil
		}
		if time.Now().After(deadline) {
			return p.explain("waiting until "+expression, fmt.Errorf("it never was (last error: %v)", err))
		}
		time.Sleep(40 * time.Millisecond)
	}
}

// Eval runs a script, awaits its promise and decodes its value into out,
// which may be nil.
func (p *Page) Eval(script string, out any) error {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](script, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	if err != nil {
		return fmt.Errorf("running %.80q: %w", script, err)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(raw.Value, out)
}

// Screenshot writes a PNG: of a window as it shows, of a tab's whole page.
func (p *Page) Screenshot(path string) error {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	shot := chromedp.CaptureScreenshot()
	if p.id == "" {
		shot = chromedp.FullScreenshot(100) // 100 is PNG
	}
	png, err := chromedp.Run(ctx, shot)
	if err != nil {
		return fmt.Errorf("taking the picture %s: %w", filepath.Base(path), err)
	}
	return os.WriteFile(path, png, 0o644)
}

// Keys types keys into what has the focus.
func (p *Page) Keys(keys string) error { return p.do(chromedp.KeyEvent(keys)) }

func (p *Page) bringToFront() error {
	_, err := chromedp.Call(p.ctx, page.BringToFront, cdp.Empty{})
	return err
}

// explain adds to a failure what the page showed at that moment: in a test's
// log that is worth more than the selector.
func (p *Page) explain(what string, err error) error {
	if err == nil {
		return nil
	}
	var seen string
	if p.Eval(`document.body.innerText.replace(/\s+/g, " ").slice(0, 1500)`, &seen) != nil {
		seen = "(nothing could be read)"
	}
	url, _ := p.URL()
	return fmt.Errorf("%s on %s: %w; the page shows: %s", what, url, err, strings.TrimSpace(seen))
}

// Shut closes an extension window or popup from inside, as its own close
// button does, and waits until it is gone.
func (p *Page) Shut() error {
	err := p.Eval(`setTimeout(() => window.close(), 0), true`, nil)
	return errors.Join(err, p.waitGone())
}

// CloseBy clicks what closes the window and waits until it is gone. The
// window may go while the click is still being reported.
func (p *Page) CloseBy(selector string) error {
	if err := p.Visible(selector); err != nil {
		return err
	}
	clickErr := p.Click(selector)
	if err := p.waitGone(); err != nil {
		return errors.Join(clickErr, err)
	}
	return nil
}

func (p *Page) waitGone() error {
	p.cancel()
	for deadline := time.Now().Add(Patience); ; time.Sleep(20 * time.Millisecond) {
		infos, err := chromedp.Targets(p.c.ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(infos, func(t *target.Info) bool { return t.TargetID == p.id }) {
			return nil
		}
		if time.Now().After(deadline) {
			return errors.New("the window does not close")
		}
	}
}
