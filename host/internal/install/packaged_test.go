package install

import (
	"os"
	"path/filepath"
	"testing"

	"scelle/shared/update"
)

func TestPackaged(t *testing.T) {
	root := t.TempDir()
	none := func(string) string { return "" }
	at := func(os, executable string) System {
		return System{OS: os, Executable: executable, Home: filepath.Join(root, "home"), Getenv: none, Root: root}
	}
	linux := at("linux", root+packagedLinux)
	check := func(what string, s System, want update.Kind) {
		t.Helper()
		if got := s.Packaged(); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	windows := at("windows", "")
	windows.Executable = windows.Placed(false)
	check("the setup's place", windows, update.Setup)
	windows.Executable = windows.Placed(true)
	check("the MSI's place", windows, update.MSI)
	windows.Executable = filepath.Join(root, "scelle.exe")
	check("anywhere on Windows", windows, "")
	check("macOS", at("darwin", "/x/scelle"), update.Zip)
	check("a program that no package put there", linux, "")
	for _, step := range []struct {
		folder string
		want   update.Kind
	}{{"/var/lib/rpm", update.RPM}, {"/var/lib/dpkg/info/scelle.list", update.Deb}} {
		if err := os.MkdirAll(root+step.folder, 0o755); err != nil {
			t.Fatal(err)
		}
		check(step.folder, linux, step.want)
	}
	check("elsewhere on Linux", at("linux", root+"/usr/local/lib/scelle/scelle"), "")
}
