package browser

import (
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Look is how a page is looked at. Width and Height are of its window, in CSS
// pixels, 0 for what the window has; Scale is 2 on a dense screen or at 200 %.
type Look struct {
	Width, Height int64
	Scale         float64
	Dark          bool   // the person prefers a dark scheme
	Forced        bool   // the system forces its own colours, as Windows' high contrast does
	Still         bool   // the person prefers no motion
	Media         string // "print", "" for the screen
}

// Looker is a page that can be looked at in several ways: Chromium's.
type Looker interface {
	// Look stays until the next Look.
	Look(Look) error
}

// Look is described at Looker.
func (p *tab) Look(l Look) error {
	choose := func(yes bool, value string) string {
		if yes {
			return value
		}
		return ""
	}
	media := emulation.SetEmulatedMediaParams{Media: l.Media, Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: choose(l.Dark, "dark")},
		{Name: "forced-colors", Value: choose(l.Forced, "active")},
		{Name: "prefers-reduced-motion", Value: choose(l.Still, "reduce")},
	}}
	if _, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, media); err != nil {
		return p.Explain("setting the media", err)
	}
	if l.Width == 0 {
		return nil
	}
	return p.Explain("setting the size", p.do(chromedp.EmulateViewport(l.Width, l.Height, chromedp.EmulateScale(max(l.Scale, 1)))))
}

// Overheard is a page whose requests the browser tells this program of: Chromium's.
type Overheard interface {
	// Overhear says whether it does. It does from the start.
	Overhear(yes bool) error
}

// Overhear is described at Overheard.
func (p *tab) Overhear(yes bool) (err error) {
	if yes {
		_, err = chromedp.Call(p.ctx, network.Enable, network.EnableParams{})
	} else {
		_, err = chromedp.Call(p.ctx, network.Disable, cdp.Empty{})
	}
	return p.Explain("watching the requests", err)
}
