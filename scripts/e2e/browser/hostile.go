package browser

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/chromedp/cdproto/extensions"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// Watched is what the hostile tests need to see of a browser beside what
// people do.
type Watched interface {
	Browser
	// Documents are the addresses of every document that is open, of frames
	// in closed shadow roots too.
	Documents() ([]string, error)
	// AddExtension installs another unpacked extension, with all that it asks
	// for, and returns the address of its files, which ends with a slash.
	AddExtension(dir string) (string, error)
	// PageProcesses are the ids of the processes that a page of the web may
	// share, and never those of the extension.
	PageProcesses(p Page) ([]int, error)
}

var _ Watched = (*Chromium)(nil)

// Documents are the addresses of every document that is open.
func (c *Chromium) Documents() ([]string, error) {
	infos, err := chromedp.Targets(c.ctx)
	var urls []string
	for _, t := range infos {
		if t.Type == "page" || t.Type == "iframe" {
			urls = append(urls, c.shown(t))
		}
	}
	return urls, err
}

// shown is the address of what a target shows. A page of the extension that may
// not be opened leaves its address over an error page, which says who it is.
func (c *Chromium) shown(t *target.Info) string {
	if t.Type != "page" || !strings.HasPrefix(t.URL, c.ExtensionURL("")) {
		return t.URL
	}
	ctx, cancel := chromedp.NewContext(c.ctx, chromedp.WithTargetID(t.TargetID), chromedp.WithDetachOnCancel())
	p := c.newTab(ctx, cancel, t.TargetID)
	defer p.cancel()
	if p.do() != nil {
		return t.URL // it is on its way out
	}
	url, err := p.URL()
	if err != nil {
		return t.URL
	}
	return url
}

// AddExtension installs another unpacked extension and returns the address of
// its files.
func (c *Chromium) AddExtension(dir string) (string, error) {
	r, err := chromedp.CallBrowser(c.ctx, extensions.LoadUnpacked, extensions.LoadUnpackedParams{Path: dir})
	return "chrome-extension://" + r.ID + "/", err
}

// PageProcesses are the renderers of the web: which of them a page has is not
// told, so it is all but those of extensions.
func (c *Chromium) PageProcesses(Page) ([]int, error) {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, dir := range entries {
		text, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue // it ended meanwhile
		}
		line := " " + strings.ReplaceAll(string(text), "\x00", " ") + " "
		if !strings.Contains(line, " --type=renderer ") || strings.Contains(line, " --extension-process ") || !c.below(filepath.Base(dir)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			pids = append(pids, pid)
		}
	}
	if len(pids) == 0 {
		return nil, errors.New("no renderer runs")
	}
	return pids, nil
}

// below reports whether a process is the browser with this profile or comes
// from it.
func (c *Chromium) below(pid string) bool {
	for range 6 { // the browser, its zygotes, their children
		line, err := os.ReadFile("/proc/" + pid + "/cmdline")
		if err != nil {
			return false
		}
		if strings.Contains(string(line)+"\x00", "--user-data-dir="+c.userDataDir+"\x00") {
			return true
		}
		pid = field("/proc/"+pid, "PPid:")
	}
	return false
}
