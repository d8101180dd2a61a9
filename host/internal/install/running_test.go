package install

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// waits makes this test's program wait for the end of its input: something
// that runs while it is replaced.
const waits = "SCELLE_TEST_WAITS"

func TestMain(m *testing.M) {
	if os.Getenv(waits) != "" {
		io.WriteString(os.Stdout, "running\n")
		io.Copy(io.Discard, os.Stdin)
		io.WriteString(os.Stdout, "still running\n")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// tempDir is t.TempDir with a removal that Wine knows too.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "scelle-install-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		all := append([]string{dir}, tree(t, dir)...)
		slices.Reverse(all)
		for _, path := range all {
			if err := os.Remove(path); err != nil {
				t.Error(err)
			}
		}
	})
	return dir
}

// awkward is a computer whose folders have spaces and accents in their names.
func awkward(t *testing.T) System {
	t.Helper()
	root := filepath.Join(tempDir(t), "Hélène d’Été & fils")
	s := System{
		Executable: filepath.Join(root, "Téléchargements", "scellé (1).exe"),
		Home:       filepath.Join(root, "mes documents"),
		Root:       filepath.Join(root, "racine"),
	}
	vars := map[string]string{"LOCALAPPDATA": filepath.Join(s.Home, "Données locales"), "ProgramFiles": filepath.Join(s.Root, "Programmes à nous")}
	s.Getenv = func(name string) string { return vars[name] }
	return s
}

// copyOfThis puts this test's program at path, with something after its end.
func copyOfThis(t *testing.T, path, mark string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, mark...), 0o755); err != nil {
		t.Fatal(err)
	}
}

func endsWith(t *testing.T, path, mark string) bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.HasSuffix(string(data), mark)
}

// TestUpgradeWhileRunning: the placed program is replaced while a browser has
// it open; that one goes on, the next start is the new one, and nothing of
// either is left in the end.
func TestUpgradeWhileRunning(t *testing.T) {
	s := awkward(t)
	copyOfThis(t, s.Executable, "version 1")
	placed, err := s.Place(false)
	if err != nil {
		t.Fatal(err)
	}
	if placed.Executable != s.Placed(false) || !endsWith(t, placed.Executable, "version 1") {
		t.Fatalf("placed at %s", placed.Executable)
	}
	running := exec.Command(placed.Executable)
	running.Env = append(os.Environ(), waits+"=1")
	in, err := running.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := running.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("running\n"))
	if _, err := io.ReadFull(out, first); err != nil {
		t.Fatal(err)
	}

	copyOfThis(t, s.Executable, "version 2")
	if _, err := s.Place(false); err != nil {
		t.Fatalf("while it runs: %v", err)
	}
	if !endsWith(t, placed.Executable, "version 2") {
		t.Error("the next start would be the old one")
	}
	in.Close()
	rest, err := io.ReadAll(out)
	if err != nil || string(rest) != "still running\n" || running.Wait() != nil {
		t.Errorf("the one that ran said %q, %v", rest, err)
	}

	path, gone, err := s.Unplace(false)
	if path != placed.Executable || !gone || err != nil {
		t.Errorf("%s, %v, %v", path, gone, err)
	}
	if left := tree(t, s.Home); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}

// tree lists every file and folder below dir; dir itself may be missing.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if path != dir {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestAwkwardNames: spaces and accents in every path, for one user and for
// all; registered twice, looked at, removed without a trace.
func TestAwkwardNames(t *testing.T) {
	s := registryFor(t, awkward(t))
	copyOfThis(t, s.Executable, "")
	if err := os.MkdirAll(s.Home, 0o755); err != nil {
		t.Fatal(err)
	}
	before := len(tree(t, filepath.Dir(s.Home)))
	for _, system := range []bool{false, true} {
		entries, err := s.Entries(allNames(), Scope{System: system})
		if err != nil || len(entries) < 4 {
			t.Fatalf("%d entries, %v", len(entries), err)
		}
		for range 2 {
			for _, e := range entries {
				if err := s.Install(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, e := range entries {
			if r := s.Look(e); r.State != Current || r.Host != s.Executable || r.Reason != "" {
				t.Errorf("%+v", r)
			}
			if runtime.GOOS == "windows" && e.Key == "" {
				t.Errorf("no registry key: %+v", e)
			}
		}
		for _, e := range entries {
			if removed, err := s.Uninstall(e); !removed || err != nil {
				t.Errorf("%+v: removed %v, %v", e, removed, err)
			}
			if r := s.Look(e); r.State != Absent {
				t.Errorf("afterwards: %+v", r)
			}
		}
	}
	if after := tree(t, filepath.Dir(s.Home)); len(after) != before {
		t.Errorf("left behind: %q", after)
	}
	if left := keysLeft(t, s); len(left) != 0 {
		t.Errorf("left in the registry: %q", left)
	}
}

// TestPlacedCopyIsOurs: who installs with a copy may throw the download away,
// and either of the two can uninstall.
func TestPlacedCopyIsOurs(t *testing.T) {
	s := registryFor(t, awkward(t))
	copyOfThis(t, s.Executable, "")
	placed, err := s.Place(false)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := placed.Entries([]string{"firefox", "chromium"}, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := placed.Install(e); err != nil {
			t.Fatal(err)
		}
	}
	if path, gone, err := s.Unplace(false); path != "" || gone || err != nil {
		t.Errorf("a program in use: %s, %v, %v", path, gone, err)
	}
	for _, e := range entries {
		if r := s.Look(e); r.State != Current || r.Host != placed.Executable {
			t.Errorf("%+v", r)
		}
		if removed, err := s.Uninstall(e); !removed || err != nil {
			t.Errorf("removed %v, %v", removed, err)
		}
	}
	if _, gone, err := s.Unplace(false); !gone || err != nil {
		t.Errorf("%v, %v", gone, err)
	}
	if left := tree(t, s.Home); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
	if left := keysLeft(t, s); len(left) != 0 {
		t.Errorf("left in the registry: %q", left)
	}
}
