// Package browser drives a real Chromium for the end-to-end tests and the
// demo: over a pipe, so that no debugging port is open, with the unpacked
// extension loaded and everything it writes below one temporary folder.
package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/extensions"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"

	"scelle/shared/protocol"
)

// Options says how to start Chromium.
type Options struct {
	Path        string   // the executable; "" finds one in the usual places
	UserDataDir string   // a throw-away profile
	Downloads   string   // where downloads go
	Extension   string   // the unpacked extension
	Env         []string // NAME=value, on top of this process's environment
	Visible     bool     // with a window; otherwise headless
	Language    string   // "fr" (the default) or "en"

	// Log gets what the browser, the host and every page's console say; nil
	// drops it.
	Log io.Writer
}

// Chromium is a running browser with the extension in it.
type Chromium struct {
	ExtensionID string

	ctx    context.Context
	cancel context.CancelFunc
	clicks atomic.Int64

	userDataDir string
}

// ExtensionURL is the address of a page of the extension, from its path.
func (c *Chromium) ExtensionURL(path string) string {
	return "chrome-extension://" + c.ExtensionID + "/" + path
}

// Clicks is how often Click was called on the browser's pages.
func (c *Chromium) Clicks() int { return int(c.clicks.Load()) }

var places = []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"}

// Find returns the path of an installed Chromium.
func Find() (string, error) {
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", errors.New("no Chromium found: install the package chromium")
}

// Start starts Chromium and loads the extension. The browser ends with ctx or
// with Close.
func Start(ctx context.Context, o Options) (*Chromium, error) {
	if o.Path == "" {
		p, err := Find()
		if err != nil {
			return nil, err
		}
		o.Path = p
	}
	if err := writePreferences(o); err != nil {
		return nil, err
	}
	// Chromium puts a socket there, whose path must be short, and leaves it
	// when it is killed.
	temporary, err := os.MkdirTemp("", "c-")
	if err != nil {
		return nil, err
	}
	o.Env = append(slices.Clone(o.Env), "TMPDIR="+temporary)
	actx, cancelAlloc := chromedp.NewExecAllocator(ctx, flags(o)...)
	bctx, cancel := chromedp.NewContext(actx)
	end := func() {
		cancel()
		cancelAlloc()
		_ = os.RemoveAll(temporary)
	}
	c := &Chromium{ctx: bctx, cancel: end, userDataDir: o.UserDataDir}
	if err := chromedp.Do(bctx); err != nil {
		c.cancel()
		return nil, fmt.Errorf("starting Chromium: %w", err)
	}
	if o.Extension == "" {
		return c, nil
	}
	r, err := chromedp.CallBrowser(bctx, extensions.LoadUnpacked, extensions.LoadUnpackedParams{Path: o.Extension})
	if err != nil {
		c.cancel()
		return nil, fmt.Errorf("loading the extension: %w", err)
	}
	c.ExtensionID = r.ID
	return c, nil
}

// Close ends the browser and waits for it.
func (c *Chromium) Close() { c.cancel() }

// Wait blocks until the browser was closed by its user or by ctx.
func (c *Chromium) Wait() { _ = chromedp.WaitClosed(c.ctx) }

// First is the tab that the browser starts with.
func (c *Chromium) First() Page { return c.newTab(c.ctx, func() {}, "") }

func flags(o Options) []chromedp.ExecAllocatorOption {
	lang := o.Language
	if lang == "" {
		lang = "fr"
	}
	f := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(o.Path),
		chromedp.UserDataDir(o.UserDataDir),
		chromedp.Env(append(slices.Clone(o.Env), "LANGUAGE="+lang)...),
		chromedp.NoFirstRun,
		chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("lang", lang),
		chromedp.Flag("accept-lang", lang),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-features", "Translate"),
		chromedp.Flag("disable-search-engine-choice-screen", true),
		chromedp.Flag("password-store", "basic"),
		chromedp.Flag("enable-unsafe-extension-debugging", true),
		chromedp.Flag("window-size", "1280,1150"),
		chromedp.Flag("host-resolver-rules", "MAP "+Insecure+" 127.0.0.1"),
	}
	if !o.Visible {
		f = append(f, chromedp.Flag("headless", "new"), chromedp.DisableGPU)
	}
	if o.Log != nil {
		f = append(f, chromedp.CombinedOutput(o.Log), chromedp.Flag("enable-logging", "stderr"))
	}
	if os.Geteuid() == 0 { // Chromium's own sandbox refuses to run as root
		f = append(f, chromedp.NoSandbox)
	}
	return f
}

// writePreferences names the download folder: the DevTools way would rename
// files that an extension downloads to a GUID.
func writePreferences(o Options) error {
	if o.Downloads == "" {
		return nil
	}
	path := filepath.Join(o.UserDataDir, "Default", "Preferences")
	if _, err := os.Stat(path); err == nil {
		return nil // a profile that is used again
	}
	prefs, err := json.Marshal(map[string]any{
		"download":   map[string]any{"default_directory": o.Downloads, "prompt_for_download": false},
		"extensions": map[string]any{"ui": map[string]any{"developer_mode": true}, "pinned_extensions": []string{protocol.ChromeID}},
		// Nothing pops up over what is to be seen: no offer to save or translate.
		"credentials_enable_service": false,
		"profile":                    map[string]any{"password_manager_enabled": false},
		"translate":                  map[string]any{"enabled": false},
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, prefs, 0o600)
}

// Open opens a tab on an address.
func (c *Chromium) Open(url string) (Page, error) {
	ctx, cancel := chromedp.NewContext(c.ctx)
	p := c.newTab(ctx, cancel, "")
	// The tab lives as long as the context of its first use: one without a
	// deadline.
	if err := errors.Join(p.do(), p.Goto(url)); err != nil {
		cancel()
		return nil, err
	}
	return p, nil
}

// attach finds a target that match accepts, waiting for it, and drives it.
func (c *Chromium) attach(what string, match func(*target.Info) bool) (*tab, error) {
	deadline := time.Now().Add(Patience)
	for {
		infos, err := chromedp.Targets(c.ctx)
		if err != nil {
			return nil, err
		}
		for _, t := range infos {
			if match(t) {
				ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithTargetID(t.TargetID), chromedp.WithDetachOnCancel())
				p := c.newTab(ctx, cancel, t.TargetID)
				return p, p.do()
			}
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no %s appeared; there are: %s", what, describe(infos))
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func describe(infos []*target.Info) string {
	var s []string
	for _, t := range infos {
		s = append(s, string(t.Type)+" "+t.URL)
	}
	return strings.Join(s, ", ")
}

// Assistant waits for the extension's assistant window.
func (c *Chromium) Assistant() (Page, error) {
	p, err := c.attach("assistant window", c.isExtensionPage(Assistants[:]...))
	if err != nil {
		return nil, err
	}
	// A headless browser gives every window the same size; the extension
	// asks for this one.
	return p, p.do(chromedp.EmulateViewport(560, 760))
}

// HasAssistant reports whether an assistant window is open now.
func (c *Chromium) HasAssistant() (bool, error) {
	infos, err := chromedp.Targets(c.ctx)
	return slices.ContainsFunc(infos, c.isExtensionPage(Assistants[:]...)), err
}

func (c *Chromium) isExtensionPage(paths ...string) func(*target.Info) bool {
	return func(t *target.Info) bool {
		return t.Type == "page" && slices.ContainsFunc(paths, func(path string) bool { return strings.HasPrefix(t.URL, c.ExtensionURL(path)) })
	}
}

// Popup clicks the extension's icon over a page, as a person would, and
// returns the popup.
func (c *Chromium) Popup(page Page) (Page, error) {
	over, ok := page.(*tab)
	if !ok {
		return nil, errors.New("a page of another browser")
	}
	if err := over.bringToFront(); err != nil {
		return nil, err
	}
	tab, err := c.tabOf(over)
	if err != nil {
		return nil, err
	}
	_, err = chromedp.CallBrowser(c.ctx, extensions.TriggerAction, extensions.TriggerActionParams{ID: c.ExtensionID, TargetID: string(tab)})
	if err != nil {
		return nil, fmt.Errorf("clicking the extension's icon: %w", err)
	}
	return c.attach("popup", c.isExtensionPage("app/popup.html"))
}

// tabOf finds the "tab" target whose page is p; actions belong to tabs.
func (c *Chromium) tabOf(p *tab) (target.ID, error) {
	url, err := p.URL()
	if err != nil {
		return "", err
	}
	res, err := chromedp.CallBrowser(c.ctx, target.GetTargets, target.GetTargetsParams{Filter: target.Filter{{}}})
	if err != nil {
		return "", err
	}
	for _, t := range res.TargetInfos {
		if t.Type == "tab" && t.URL == url {
			return t.TargetID, nil
		}
	}
	return "", fmt.Errorf("no tab shows %s", url)
}

// Grant gives the extension the host permission of an origin, as a person
// does on chrome://extensions: in a headless browser nobody can answer the
// prompt of permissions.request, which then sees the permission and says yes.
func (c *Chromium) Grant(origin string) error {
	p, err := c.Open("chrome://extensions")
	if err != nil {
		return err
	}
	defer p.Close()
	return p.Eval(fmt.Sprintf(`new Promise((done, fail) => chrome.developerPrivate.addHostPermission(%q, %q,
		() => chrome.runtime.lastError ? fail(new Error(chrome.runtime.lastError.message)) : done(true)))`, c.ExtensionID, MatchPattern(origin)), nil)
}

// MatchPattern is the host permission of an origin: browsers match hosts,
// not ports.
func MatchPattern(origin string) string {
	scheme, host, _ := strings.Cut(origin, "://")
	if h, _, ok := strings.Cut(host, ":"); ok {
		host = h
	}
	return scheme + "://" + host + "/*"
}
