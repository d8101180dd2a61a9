package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"scelle/shared/fault"
)

// System is the computer that the host is registered on.
type System struct {
	Executable string              // absolute path of the host, links resolved
	Home       string              // the user's home directory
	Getenv     func(string) string // os.Getenv
	Root       string              // put before the system's places, "" except in tests
}

// Scope says where to register. The zero value is the user's own places.
type Scope struct {
	System      bool   // for all users of the computer; takes an administrator
	UserDataDir string // a Chromium user data directory instead of the browsers' own, "" without
}

// Entry is one place where a browser may find the host.
type Entry struct {
	Browsers []string // names of the browsers that look here
	Family   Family
	Path     string // of the manifest
	Key      string // registry key that names it, Windows only
	System   bool
}

// State says what stands at an entry.
type State string

// The states of an entry.
const (
	Absent  State = "absent"  // nothing is registered
	Current State = "current" // this program, as it would be written now
	Stale   State = "stale"   // this program with other contents, or one that is gone
	Other   State = "other"   // another copy of the host, which is there
	Broken  State = "broken"  // a file that is no manifest of ours
)

// Report is one entry as it stands.
type Report struct {
	Entry
	State State
	Host  string // path that the manifest names, "" without
}

// Entries returns the places of the named browsers, places that several share
// once. No name means those that were used on this account, and all of them
// when none was: a browser may be installed after Scellé.
// fault.BadRequest for an unknown name.
func (s System) Entries(names []string, scope Scope) ([]Entry, error) {
	if scope.UserDataDir != "" {
		dir, err := filepath.Abs(scope.UserDataDir)
		if err != nil {
			return nil, fault.Wrap(fault.BadRequest, err)
		}
		return []Entry{s.inUserDataDir(dir)}, nil
	}
	var chosen []Browser
	for _, name := range names {
		b, ok := Find(name)
		if !ok {
			return nil, fault.Newf(fault.BadRequest, "%s", name)
		}
		chosen = append(chosen, b)
	}
	if len(names) == 0 && !scope.System {
		chosen = slices.DeleteFunc(Browsers(), func(b Browser) bool { return !s.used(b) })
	}
	if len(chosen) == 0 {
		chosen = Browsers()
	}
	var entries []Entry
	for _, b := range chosen {
		e, ok := s.entry(b, scope.System)
		if !ok {
			continue
		}
		if i := slices.IndexFunc(entries, func(o Entry) bool { return o.Path == e.Path && o.Key == e.Key }); i >= 0 {
			entries[i].Browsers = append(entries[i].Browsers, b.Name)
			continue
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// Install registers the host at an entry, over whatever stood there.
// fault.WriteFailed.
func (s System) Install(e Entry) error {
	if err := NewManifest(e.Family, s.Executable).write(e.Path); err != nil {
		return err
	}
	return e.register()
}

// Uninstall removes what this program registered at an entry and reports
// whether something was. What another copy of the host registered stays, as
// long as that copy is there.
func (s System) Uninstall(e Entry) (bool, error) {
	switch r := s.Look(e); r.State {
	case Current, Stale:
	default:
		return false, nil
	}
	if err := e.unregister(); err != nil {
		return false, err
	}
	if err := os.Remove(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fault.Wrap(fault.WriteFailed, err)
	}
	return true, nil
}

// Look tells what stands at an entry.
func (s System) Look(e Entry) Report {
	r := Report{Entry: e, State: Absent}
	path, ok := e.registered()
	if !ok {
		return r
	}
	m, err := readManifest(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if e.Key != "" { // a registry key whose file is gone
			r.State = Stale
		}
		return r
	case err != nil || m.Name != NewManifest(e.Family, "").Name:
		r.State = Broken
		return r
	}
	r.Host = m.Path
	want := NewManifest(e.Family, s.Executable)
	switch _, err := os.Stat(m.Path); {
	case err != nil:
		r.State = Stale
	case !samePath(m.Path, s.Executable):
		r.State = Other
	case !slices.Equal(m.AllowedOrigins, want.AllowedOrigins) || !slices.Equal(m.AllowedExtensions, want.AllowedExtensions) || m.Type != want.Type:
		r.State = Stale
	default:
		r.State = Current
	}
	return r
}

// samePath compares files rather than names where it can.
func samePath(a, b string) bool {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	return a == b || errA == nil && errB == nil && os.SameFile(ia, ib)
}
