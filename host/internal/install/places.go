//go:build !windows

package install

import (
	"os"
	"path/filepath"
)

// entry is where a browser looks, if it has such a place.
func (s System) entry(b Browser, system bool) (Entry, bool) {
	p := b.places()
	e := Entry{Browsers: []string{b.Name}, Family: b.Family, System: system}
	switch {
	case system && p.system != "":
		e.Path = filepath.Join(s.Root+p.system, FileName)
	case !system && p.user != "":
		e.Path = filepath.Join(s.under(p.user), FileName)
	}
	return e, e.Path != ""
}

func (s System) inUserDataDir(dir string) Entry {
	return Entry{
		Browsers: []string{"chromium"},
		Family:   Chromium,
		Path:     filepath.Join(dir, "NativeMessagingHosts", FileName),
	}
}

// used reports whether the browser left a folder of its own on this account.
func (s System) used(b Browser) bool {
	p := b.places()
	for _, dir := range []string{filepath.Dir(s.under(p.user)), s.under(p.profile)} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && (p.profile != "" || dir != s.under("")) {
			return true
		}
	}
	return false
}

func (e Entry) register() error { return nil }

func (e Entry) unregister() error { return nil }

// registered is the manifest that the browser would read.
func (e Entry) registered() (string, bool) { return e.Path, true }
