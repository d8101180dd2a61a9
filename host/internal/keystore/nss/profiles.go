package nss

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"

	"scelle/shared/keypair"
)

// Profile is a Firefox profile that has a database of its own.
type Profile struct {
	Name string // for people: "Firefox (default-release)"
	Path string // its folder, absolute and clean
}

// ProfileRoots are the folders of a home directory that may hold a
// profiles.ini: since Firefox 147 and before, those of the Snap and those of
// the Flatpak. getenv is os.Getenv.
func ProfileRoots(home string, getenv func(string) string) []Profile {
	config := getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(config) {
		config = filepath.Join(home, ".config")
	}
	snap, flatpak := filepath.Join(home, "snap/firefox/common"), filepath.Join(home, ".var/app/org.mozilla.firefox")
	return []Profile{
		{"Firefox", filepath.Join(config, "mozilla/firefox")},
		{"Firefox", filepath.Join(home, ".mozilla/firefox")},
		{"Firefox Snap", filepath.Join(snap, ".config/mozilla/firefox")},
		{"Firefox Snap", filepath.Join(snap, ".mozilla/firefox")},
		{"Firefox Flatpak", filepath.Join(flatpak, "config/mozilla/firefox")},
		{"Firefox Flatpak", filepath.Join(flatpak, ".mozilla/firefox")},
	}
}

// Profiles finds the Firefox profiles of this home directory that have a
// database, in whatever format, each once. Errors leave profiles out: there is
// nothing to say about a profile that nobody can name. home is the user's home
// directory; getenv is os.Getenv.
func Profiles(home string, getenv func(string) string) []Profile {
	var found []Profile
	var seen []os.FileInfo
	for _, root := range ProfileRoots(home, getenv) {
		f, err := os.Open(filepath.Join(root.Path, "profiles.ini"))
		if err != nil {
			continue
		}
		all := readProfiles(f)
		f.Close()
		for _, p := range all {
			if !filepath.IsAbs(p.Path) {
				p.Path = filepath.Join(root.Path, p.Path)
			}
			info, err := os.Stat(p.Path)
			if err != nil || !anyFile(p.Path, databaseFiles()) && !anyFile(p.Path, legacyFiles()) || contains(seen, info) {
				continue
			}
			seen = append(seen, info)
			found = append(found, Profile{Name: root.Name + " (" + p.Name + ")", Path: filepath.Clean(p.Path)})
		}
	}
	return found
}

func contains(seen []os.FileInfo, info os.FileInfo) bool {
	for _, s := range seen {
		if os.SameFile(s, info) {
			return true
		}
	}
	return false
}

// Bounds of a profiles.ini: in bytes, and in profiles, each of which is looked
// at whenever keys are listed.
const (
	maxProfilesFile = 256 << 10
	maxProfiles     = 32
)

// readProfiles reads a profiles.ini, of which only [Profile0], [Profile1], ...
// matter. A path is as it stands there, absolute or below the file's folder.
func readProfiles(r io.Reader) []Profile {
	var all []Profile
	var current *Profile
	lines := bufio.NewScanner(io.LimitReader(r, maxProfilesFile))
	lines.Buffer(nil, maxProfilesFile)
	for lines.Scan() {
		line := string(bytes.TrimSpace(lines.Bytes()))
		if strings.HasPrefix(line, "[") {
			current = nil
			if strings.HasPrefix(line, "[Profile") && len(all) < maxProfiles {
				all = append(all, Profile{})
				current = &all[len(all)-1]
			}
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		switch {
		case current == nil:
		case key == "Name":
			current.Name = keypair.Clean(value)
		case key == "Path" && !strings.Contains(value, "\x00"):
			current.Path = value
		}
	}
	named := all[:0]
	for _, p := range all {
		if p.Path == "" {
			continue
		}
		if p.Name == "" {
			p.Name = keypair.Clean(filepath.Base(p.Path))
		}
		named = append(named, p)
	}
	return named
}
