// Package downloads knows the installers that a directory holds: what each
// file is for, by its name, and its size and fingerprint.
//
// Nothing is promised that is not there: what the directory does not hold is
// not offered.
package downloads

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// System is an operating system, or the browser for what runs in it alone.
type System string

// The systems.
const (
	Windows System = "windows"
	MacOS   System = "macos"
	Linux   System = "linux"
	Browser System = "browser" // an extension
)

// Systems lists those that have a program, in the order in which they are
// shown.
func Systems() []System { return []System{Windows, MacOS, Linux} }

// Form is what kind of file it is; it decides how it is installed.
type Form string

// The forms, for each system the easiest first.
const (
	Setup    Form = "setup" // Windows, a program with questions
	MSI      Form = "msi"   // Windows, for administrators
	Program  Form = "exe"   // Windows, the program alone
	Package  Form = "pkg"   // macOS
	MacZip   Form = "maczip"
	Debian   Form = "deb"
	RPM      Form = "rpm"
	Binary   Form = "binary" // Linux, the program alone
	Chromium Form = "chrome"
	Firefox  Form = "firefox"
)

// kind is one row of the table of names.
type kind struct {
	system System
	form   Form
	name   *regexp.Regexp
}

// kinds is the table, in the order in which files are offered.
func kinds() []kind {
	row := func(s System, f Form, pattern string) kind {
		return kind{s, f, regexp.MustCompile(`^scelle` + pattern + `$`)}
	}
	return []kind{
		row(Windows, Setup, `-setup.*\.exe`),
		row(Windows, MSI, `.*\.msi`),
		row(Windows, Program, `-windows-[a-z0-9]+\.exe`),
		row(MacOS, Package, `.*\.pkg`),
		row(MacOS, MacZip, `.*\b(macos|darwin)\b.*\.zip`),
		row(Linux, Debian, `_.*\.deb`),
		row(Linux, RPM, `-.*\.rpm`),
		row(Linux, Binary, `-linux-[a-z0-9]+`),
		row(Browser, Chromium, `.*\b(chrome|chromium)\b.*\.zip`),
		row(Browser, Firefox, `.*\bfirefox\b.*\.(zip|xpi)`),
	}
}

// safe is what a name may be made of: it is shown in commands to be copied.
var safe = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+~-]{0,127}$`)

// File is one file that can be downloaded.
type File struct {
	Name    string
	System  System
	Form    Form
	Machine string // "amd64", "arm64", or "" where the name does not say
	Size    int64  // bytes
	SHA256  string // lower-case hex
	changed time.Time
}

// machines are the words for processors in names of files.
func machines() map[string]string {
	return map[string]string{"amd64": "amd64", "x86_64": "amd64", "x64": "amd64", "arm64": "arm64", "aarch64": "arm64"}
}

func machineOf(name string) string {
	for word, machine := range machines() {
		if strings.Contains(name, word) {
			return machine
		}
	}
	return ""
}

// Shelf is one directory of installers. Its methods may be called from several
// goroutines.
type Shelf struct {
	dir string

	mu    sync.Mutex
	known map[string]File // by name, with the fingerprint of that size and time
}

// NewShelf returns the shelf of a directory, which may come and go; "" holds
// nothing.
func NewShelf(dir string) *Shelf { return &Shelf{dir: dir, known: make(map[string]File)} }

// List returns the files that the directory holds now, the easiest form of
// each system first. Of several files of one kind and machine it is the
// newest. Fingerprints are computed once for each state of a file.
func (s *Shelf) List() ([]File, error) {
	if s.dir == "" {
		return nil, nil
	}
	entries, err := os.ReadDir(s.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []File
	for _, k := range kinds() {
		found, err := s.ofKind(k, entries)
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

// ofKind lists the newest file for each machine.
func (s *Shelf) ofKind(k kind, entries []fs.DirEntry) ([]File, error) {
	newest := make(map[string]File)
	for _, e := range entries {
		if !e.Type().IsRegular() || !safe.MatchString(e.Name()) || !k.name.MatchString(e.Name()) {
			continue
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f := File{Name: e.Name(), System: k.system, Form: k.form, Machine: machineOf(e.Name()), Size: info.Size(), changed: info.ModTime()}
		if old, ok := newest[f.Machine]; !ok || f.changed.After(old.changed) {
			newest[f.Machine] = f
		}
	}
	var files []File
	for _, machine := range []string{"", "amd64", "arm64"} {
		f, ok := newest[machine]
		if !ok {
			continue
		}
		var err error
		if f.SHA256, err = s.fingerprint(f); err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// fingerprint hashes a file that is new or was changed.
func (s *Shelf) fingerprint(f File) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if old, ok := s.known[f.Name]; ok && old.Size == f.Size && old.changed.Equal(f.changed) {
		return old.SHA256, nil
	}
	in, err := os.Open(filepath.Join(s.dir, f.Name))
	if err != nil {
		return "", err
	}
	defer in.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, in); err != nil {
		return "", err
	}
	f.SHA256 = hex.EncodeToString(hash.Sum(nil))
	s.known[f.Name] = f
	return f.SHA256, nil
}

// Open opens a file that List would name, and no other. fs.ErrNotExist.
func (s *Shelf) Open(name string) (*os.File, error) {
	files, err := s.List()
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(files, func(f File) bool { return f.Name == name }) {
		return nil, fs.ErrNotExist
	}
	return os.Open(filepath.Join(s.dir, name))
}

// Commands are the lines that a person copies to install the file, in the
// folder where it is: of a shell, or addresses of the browser. Where a double
// click does it there are none.
func (f File) Commands() []string {
	switch f.Form {
	case Debian:
		return []string{"sudo apt install ./" + f.Name}
	case RPM:
		return []string{"sudo dnf install ./" + f.Name}
	case Binary:
		return []string{"chmod +x " + f.Name, "./" + f.Name + " install"}
	case Program:
		return []string{`.\` + f.Name + " install"}
	case MacZip:
		return []string{"xattr -d com.apple.quarantine scelle", "./scelle install"}
	case MSI:
		return []string{"msiexec /i " + f.Name + " /passive"}
	case Chromium:
		return []string{"chrome://extensions"}
	case Firefox:
		return []string{"about:debugging#/runtime/this-firefox"}
	}
	return nil
}
