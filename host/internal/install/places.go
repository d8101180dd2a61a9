//go:build !windows

package install

import (
	"os"
	"path/filepath"
	"strings"
)

// entries are where a browser looks.
func (s System) entries(b Browser, system bool) []Entry {
	p := s.places(b)
	folders := make([]string, 0, 2)
	if system {
		for _, folder := range p.system {
			// Fedora's family has 64-bit programs' folders beside /usr/lib.
			if strings.HasPrefix(folder, "/usr/lib64/") && !isFolder(s.Root+filepath.Dir(folder)) {
				continue
			}
			folders = append(folders, s.Root+folder)
		}
	} else {
		for _, folder := range p.user {
			folders = append(folders, s.under(folder))
		}
	}
	var entries []Entry
	for _, folder := range folders {
		entries = append(entries, Entry{
			Browsers: []string{b.Name}, Family: b.Family, System: system,
			Path: filepath.Join(folder, FileName),
		})
	}
	return entries
}

func (s System) places(b Browser) places {
	if s.os() == "darwin" {
		return b.darwin
	}
	return b.linux
}

// under gives a user's place of the table its folder.
func (s System) under(place string) string {
	switch {
	case s.os() == "darwin":
		return filepath.Join(s.Home, "Library", "Application Support", place)
	case strings.HasPrefix(place, "."):
		return filepath.Join(s.Home, place)
	}
	config := s.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(s.Home, ".config")
	}
	return filepath.Join(config, place)
}

// used reports whether the browser left a folder of its own on this account.
func (s System) used(b Browser) bool {
	p := s.places(b)
	return p.profile != "" && isFolder(s.under(p.profile)) || isFolder(filepath.Dir(s.under(p.user[0])))
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (e Entry) register() error { return nil }

func (e Entry) unregister() error { return nil }

// registered is the manifest that the browser would read.
func (e Entry) registered() (string, bool) { return e.Path, true }
