package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"scelle/shared/fault"
)

// maxProgram bounds the program that is copied, in bytes.
const maxProgram = 256 << 20

// Placed is where [System.Place] puts the program, for one user or for all:
// a folder of its own that stays when the downloaded file is tidied away.
func (s System) Placed(system bool) string {
	switch s.os() {
	case "windows":
		if system {
			return filepath.Join(s.variable("ProgramFiles", `C:\Program Files`), "Scelle", "scelle.exe")
		}
		return filepath.Join(s.localData(), "Programs", "Scelle", "scelle.exe")
	case "darwin":
		root := s.Home
		if system {
			root = s.Root + "/"
		}
		return filepath.Join(root, "Library", "Application Support", "Scelle", "bin", "scelle")
	}
	if system {
		return filepath.Join(s.Root+"/usr/local/lib", "scelle", "scelle")
	}
	return filepath.Join(s.data(), "scelle", "bin", "scelle")
}

func (s System) variable(name, otherwise string) string {
	if value := s.Getenv(name); value != "" {
		return value
	}
	return otherwise
}

func (s System) localData() string {
	return s.variable("LOCALAPPDATA", filepath.Join(s.Home, "AppData", "Local"))
}

// Place copies this program to where it stays and returns the System whose
// Executable that is. A copy that is running is replaced in one step: browsers
// that have it open go on with the old one and start the new one next time.
// fault.ReadFailed, fault.WriteFailed.
func (s System) Place(system bool) (System, error) {
	to := s.Placed(system)
	placed := s
	placed.Executable = to
	if samePath(s.Executable, to) {
		return placed, nil
	}
	data, err := readBounded(s.Executable, maxProgram)
	if err != nil {
		return s, fault.Recode(fault.ReadFailed, err)
	}
	if err := makeFolders(to); err != nil {
		return s, fault.Wrap(fault.WriteFailed, err)
	}
	sweep(to)
	if err := writeAside(to, data, 0o755); err != nil {
		return s, fault.Wrap(fault.WriteFailed, err)
	}
	return placed, nil
}

// Unplace removes the copy that [System.Place] made, unless a manifest still
// names it or this program is that copy and the system keeps running programs
// (Windows). It returns its path, "" when there was none, and whether it is
// gone.
func (s System) Unplace(system bool) (path string, gone bool, err error) {
	to := s.Placed(system)
	if _, err := os.Stat(to); err != nil || s.named(to) {
		return "", false, nil
	}
	sweep(to)
	switch err := os.Remove(to); {
	case err != nil && keepsRunning && samePath(to, s.Executable):
		return to, false, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return to, false, fault.Wrap(fault.WriteFailed, err)
	}
	return to, true, s.removeMadeFolders(to)
}

// named reports whether a manifest anywhere names the program at path.
func (s System) named(path string) bool {
	for _, system := range []bool{false, true} {
		entries, err := s.Entries(allNames(), Scope{System: system})
		if err != nil {
			return true
		}
		for _, e := range entries {
			if host := s.Look(e).Host; host != "" && samePath(host, path) {
				return true
			}
		}
	}
	return false
}

func allNames() []string {
	var names []string
	for _, b := range Browsers() {
		names = append(names, b.Name)
	}
	return names
}
