package browser

import (
	"strings"

	"github.com/chromedp/cdproto/target"
)

// Follower is a browser that shows the tabs which pages open: Chromium.
type Follower interface {
	// Opened waits for a tab, opened by a page, whose address begins with
	// prefix. Its CloseBy waits until it is gone.
	Opened(prefix string) (Page, error)
}

// Opened is described at Follower.
func (c *Chromium) Opened(prefix string) (Page, error) {
	return c.attach("tab on "+prefix, func(t *target.Info) bool { return t.Type == "page" && strings.HasPrefix(t.URL, prefix) })
}
