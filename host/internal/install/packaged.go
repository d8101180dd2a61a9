package install

import (
	"os"
	"path/filepath"

	"scelle/shared/update"
)

// packagedLinux is where the Linux packages put the program.
const packagedLinux = "/usr/bin/scelle"

// Packaged tells from which kind of package this program was installed, so
// that an update is of the same kind: another would stand beside it, hidden by
// it or hiding it. "" when it cannot be told.
func (s System) Packaged() update.Kind {
	switch s.os() {
	case "windows":
		switch {
		case samePath(s.Executable, s.Placed(false)):
			return update.Setup
		case samePath(s.Executable, s.Placed(true)):
			return update.MSI
		}
	case "darwin":
		return update.Zip
	case "linux":
		if s.Executable == s.Root+packagedLinux {
			return s.packagedLinux()
		}
	}
	return ""
}

// packagedLinux looks for what dpkg and rpm keep of the packages that they
// installed.
func (s System) packagedLinux() update.Kind {
	for _, sign := range []struct {
		path string
		kind update.Kind
	}{
		{"/var/lib/dpkg/info/scelle.list", update.Deb},
		{"/usr/lib/sysimage/rpm", update.RPM},
		{"/var/lib/rpm", update.RPM},
	} {
		if _, err := os.Stat(filepath.FromSlash(s.Root + sign.path)); err == nil {
			return sign.kind
		}
	}
	return ""
}
