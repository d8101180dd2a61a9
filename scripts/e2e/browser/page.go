package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// tab is a Page of Chromium.
type tab struct {
	Scripted
	c      *Chromium
	ctx    context.Context
	cancel context.CancelFunc
	id     target.ID // of a window that the browser opened; "" for our own tabs
}

// newTab gives a target's page its scripts.
func (c *Chromium) newTab(ctx context.Context, cancel context.CancelFunc, id target.ID) *tab {
	p := &tab{c: c, ctx: ctx, cancel: cancel, id: id}
	p.Scripted = Scripted{Run: p.run, Where: p.URL}
	return p
}

// run runs a script and returns its value.
func (p *tab) run(script string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	raw, err := chromedp.Run(ctx, chromedp.Evaluate[*runtime.RemoteObject](script, chromedp.EvalAwaitPromise, chromedp.EvalAsValue))
	if err != nil {
		return nil, err
	}
	return json.RawMessage(raw.Value), nil
}

func (p *tab) do(actions ...chromedp.Action[chromedp.Void]) error {
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

// Close closes the tab. A window that the browser opened is only left when its
// context ends, so that looking at one changes nothing, and is closed here.
func (p *tab) Close() {
	if p.id != "" {
		_, _ = chromedp.CallBrowser(p.c.ctx, target.CloseTarget, target.CloseTargetParams{TargetID: p.id}) // it may be gone
	}
	p.cancel()
}

// Goto navigates.
func (p *tab) Goto(url string) error {
	return p.Explain("going to "+url, p.do(chromedp.Navigate(url)))
}

// Reload loads the page again.
func (p *tab) Reload() error { return p.do(chromedp.Reload()) }

// URL is the address the page shows.
func (p *tab) URL() (string, error) {
	ctx, cancel := context.WithTimeout(p.ctx, Patience)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Location())
}

// Click waits for an element to be visible and enabled and clicks it with a
// real mouse event.
func (p *tab) Click(selector string) error {
	p.c.clicks.Add(1)
	err := p.do(chromedp.WaitEnabled(chromedp.CSS(selector)))
	if err == nil {
		err = p.Until(working(selector))
	}
	if err == nil {
		err = p.do(chromedp.Click(chromedp.CSS(selector)))
	}
	return p.Explain("clicking "+selector, err)
}

// working says in JavaScript whether an element shows and is not disabled, in
// either way.
func working(selector string) string {
	return fmt.Sprintf(`((e) => e && !e.matches(":disabled, [aria-disabled=true]") && e.getClientRects().length > 0)(document.querySelector(%q))`, selector)
}

// Fill replaces the text of a field by typing; it clicks into the field only
// when the focus is elsewhere.
func (p *tab) Fill(selector, text string) error {
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
	return p.Explain("filling "+selector, err)
}

// Upload chooses files in a file field.
func (p *tab) Upload(selector string, paths ...string) error {
	return p.Explain("choosing files in "+selector, p.do(chromedp.SetUploadFiles(chromedp.CSS(selector), paths)))
}

// Visible waits for an element.
func (p *tab) Visible(selector string) error {
	return p.Explain("waiting for "+selector, p.do(chromedp.WaitVisible(chromedp.CSS(selector))))
}

// Screenshot writes a PNG: of a window as it shows, of a tab's whole page.
func (p *tab) Screenshot(path string) error {
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
func (p *tab) Keys(keys string) error { return p.do(chromedp.KeyEvent(keys)) }

func (p *tab) bringToFront() error {
	_, err := chromedp.Call(p.ctx, page.BringToFront, cdp.Empty{})
	return err
}

// Shut closes an extension window or popup from inside, as its own close
// button does, and waits until it is gone.
func (p *tab) Shut() error {
	err := p.Eval(`setTimeout(() => window.close(), 0), true`, nil)
	return errors.Join(err, p.waitGone())
}

// CloseBy clicks what closes the window and waits until it is gone. The
// window may go while the click is still being reported.
func (p *tab) CloseBy(selector string) error {
	if err := p.Visible(selector); err != nil {
		return err
	}
	clickErr := p.Click(selector)
	if err := p.waitGone(); err != nil {
		return errors.Join(clickErr, err)
	}
	return nil
}

func (p *tab) waitGone() error {
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
			return errStays
		}
	}
}
