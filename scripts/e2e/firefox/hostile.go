package firefox

import (
	"errors"
	"path/filepath"

	"scelle/scripts/e2e/browser"
)

var _ browser.Watched = (*Firefox)(nil)

// Documents are the addresses of every document that is open.
func (f *Firefox) Documents() (urls []string, err error) {
	return urls, f.command(&urls, "documents")
}

// AddExtension installs another unpacked extension for the time that the
// browser runs, which grants it all that it asks for, and returns the address
// of its files.
func (f *Firefox) AddExtension(dir string) (string, error) {
	xpi := filepath.Clean(dir) + ".xpi"
	if err := pack(dir, xpi); err != nil {
		return "", err
	}
	var added struct{ Value string }
	if err := f.conn.call("Addon:Install", map[string]any{"path": xpi, "temporary": true}, &added, browser.Patience); err != nil {
		return "", err
	}
	var host string
	err := f.command(&host, "started", added.Value, patience)
	return "moz-extension://" + host + "/", err
}

// PageProcesses are the processes of a page's documents on the web.
func (f *Firefox) PageProcesses(p browser.Page) (pids []int, err error) {
	own, ok := p.(*page)
	if !ok {
		return nil, errors.New("a page of another browser")
	}
	return pids, f.command(&pids, "processes", own.id)
}
