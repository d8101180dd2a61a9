package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"scelle/shared/fault"
)

// System is the computer that the host is registered on.
type System struct {
	Executable string              // absolute path of the host, links resolved
	Home       string              // the user's home directory
	Getenv     func(string) string // os.Getenv
	Root       string              // put before the system's places, "" except in tests
	Hive       string              // put before registry keys, "" except in tests, else ends in a backslash
	OS         string              // runtime.GOOS when ""; tests look at macOS's places on Linux
}

func (s System) os() string {
	if s.OS != "" {
		return s.OS
	}
	return runtime.GOOS
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
	State    State
	Reason   Reason   // why the state is Stale, Other or Broken, "" otherwise
	Manifest string   // the file that the browser reads: Path, or what the registry key names
	Host     string   // path that the manifest names, "" without
	Foreign  []string // extensions that the manifest lets in and that are not Scellé's
}

// Reason says what is wrong with an entry.
type Reason string

// The reasons.
const (
	ManifestGone     Reason = "manifest-gone"     // the registry key names a file that is not there
	ManifestUnread   Reason = "manifest-unread"   // no JSON, too large, not a file, not permitted
	ManifestForeign  Reason = "manifest-foreign"  // another name than the host's
	ExecutableGone   Reason = "executable-gone"   // the program it names is not there
	ExecutableOther  Reason = "executable-other"  // it starts another copy of the program
	ExtensionsDiffer Reason = "extensions-differ" // it lets in other extensions than Scellé's
)

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
	chosen, err := s.choose(names, scope.System)
	if err != nil {
		return nil, err
	}
	var entries []Entry
	for _, b := range chosen {
		for _, e := range s.entries(b, scope.System) {
			if i := slices.IndexFunc(entries, func(o Entry) bool { return o.Path == e.Path && o.Key == e.Key }); i >= 0 {
				entries[i].Browsers = append(entries[i].Browsers, b.Name)
				continue
			}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

func (s System) choose(names []string, system bool) ([]Browser, error) {
	var chosen []Browser
	for _, name := range names {
		b, ok := Find(name)
		if !ok {
			return nil, fault.Newf(fault.BadRequest, "%s", name)
		}
		chosen = append(chosen, b)
	}
	if len(names) == 0 && !system {
		chosen = slices.DeleteFunc(Browsers(), func(b Browser) bool { return !s.used(b) })
	}
	if len(chosen) == 0 {
		chosen = Browsers()
	}
	return chosen, nil
}

// inUserDataDir is where Chromium looks when it is started with
// --user-data-dir. On Windows it only reads the registry; the file is written
// for tests that look at it.
func (s System) inUserDataDir(dir string) Entry {
	return Entry{
		Browsers: []string{"chromium"},
		Family:   Chromium,
		Path:     filepath.Join(dir, "NativeMessagingHosts", FileName),
	}
}

// Install registers the host at an entry, over whatever stood there.
// fault.WriteFailed.
func (s System) Install(e Entry) error {
	return s.register(e, s.Executable)
}

func (s System) register(e Entry, executable string) error {
	if err := NewManifest(e.Family, executable).write(e.Path); err != nil {
		return err
	}
	return e.register()
}

// Uninstall removes what this program registered at an entry, with the
// folders and registry keys that it made for it, and reports whether something
// was. What another copy of the host registered stays, as long as that copy is
// there.
func (s System) Uninstall(e Entry) (bool, error) {
	r := s.Look(e)
	if r.State == Other || r.State == Broken && r.Manifest == e.Path {
		return false, nil
	}
	there := r.State != Absent
	if there {
		if err := e.unregister(); err != nil {
			return false, err
		}
	}
	// On Windows a manifest may be left whose key is gone.
	if m, err := readManifest(e.Path); err == nil && s.ours(m) {
		there = true
		if err := os.Remove(e.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, fault.Wrap(fault.WriteFailed, err)
		}
	}
	return there, s.removeMadeFolders(e.Path)
}

// ours reports whether a manifest is one that this program wrote, or one whose
// program is gone.
func (s System) ours(m Manifest) bool {
	if m.Name != NewManifest(Chromium, "").Name {
		return false
	}
	_, err := os.Stat(m.Path)
	return err != nil || s.own(m.Path)
}

// own reports whether path is this program, or the copy of it that
// [System.Place] made.
func (s System) own(path string) bool {
	return samePath(path, s.Executable) || samePath(path, s.Placed(false)) || samePath(path, s.Placed(true))
}

// Look tells what stands at an entry.
func (s System) Look(e Entry) Report {
	r := Report{Entry: e, State: Absent}
	path, ok := e.registered()
	if !ok {
		return r
	}
	m, err := readManifest(path)
	if e.Key != "" && err == nil && !filepath.IsAbs(m.Path) {
		m.Path = filepath.Join(filepath.Dir(path), m.Path) // browsers on Windows take it so
	}
	if errors.Is(err, fs.ErrNotExist) && e.Key == "" {
		return r
	}
	r.Manifest = path
	if err == nil && m.Name == NewManifest(e.Family, "").Name {
		r.Host = m.Path
		r.Foreign = m.foreign(e.Family)
	}
	r.State, r.Reason = s.judge(e, m, err)
	return r
}

// judge says what to think of a manifest that was read, or could not be.
func (s System) judge(e Entry, m Manifest, err error) (State, Reason) {
	want := NewManifest(e.Family, "")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Stale, ManifestGone
	case err != nil:
		return Broken, ManifestUnread
	case m.Name != want.Name:
		return Broken, ManifestForeign
	}
	_, gone := os.Stat(m.Path)
	switch {
	case gone != nil || !filepath.IsAbs(m.Path):
		return Stale, ExecutableGone
	case !s.own(m.Path):
		return Other, ExecutableOther
	case !slices.Equal(m.AllowedOrigins, want.AllowedOrigins) || !slices.Equal(m.AllowedExtensions, want.AllowedExtensions) || m.Type != want.Type:
		return Stale, ExtensionsDiffer
	}
	return Current, ""
}

// samePath compares files rather than names where it can.
func samePath(a, b string) bool {
	ia, errA := os.Stat(a)
	ib, errB := os.Stat(b)
	return a == b || errA == nil && errB == nil && os.SameFile(ia, ib)
}
