package unwrap_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
)

func TestStateDir(t *testing.T) {
	for _, test := range []struct {
		goos, variable, value, want string
	}{
		{"linux", "", "", "/home/anne/.local/state/scelle"},
		{"linux", "XDG_STATE_HOME", "/var/anne", "/var/anne/scelle"},
		{"linux", "XDG_STATE_HOME", "relative", "/home/anne/.local/state/scelle"},
		{"freebsd", "", "", "/home/anne/.local/state/scelle"},
		{"darwin", "XDG_STATE_HOME", "/var/anne", "/home/anne/Library/Application Support/Scelle"},
		{"windows", "LOCALAPPDATA", "/local", "/local/Scelle"},
		{"windows", "", "", "/home/anne/AppData/Local/Scelle"},
	} {
		if runtime.GOOS == "windows" && strings.HasPrefix(test.value, "/") && test.goos != "windows" {
			continue // no absolute path here
		}
		got := unwrap.StateDir(test.goos, "/home/anne", func(name string) string {
			if name == test.variable {
				return test.value
			}
			return ""
		})
		if filepath.ToSlash(got) != test.want {
			t.Errorf("%s %s=%s: %s, want %s", test.goos, test.variable, test.value, got, test.want)
		}
	}
}

func TestSecret(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state", "scelle")
	first, err := unwrap.LoadOrCreateSecret(dir)
	if err != nil || len(first) != unwrap.SecretSize || bytes.Equal(first, make([]byte, unwrap.SecretSize)) {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	second, err := unwrap.LoadOrCreateSecret(dir)
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("another secret, %v", err)
	}
	other, err := unwrap.LoadOrCreateSecret(t.TempDir())
	if err != nil || bytes.Equal(first, other) {
		t.Errorf("two installations, one secret, %v", err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	if runtime.GOOS == "windows" {
		return
	}
	path := filepath.Join(dir, files[0].Name())
	for name, want := range map[string]os.FileMode{dir: 0o700, path: 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if again, err := unwrap.LoadOrCreateSecret(dir); err != nil || !bytes.Equal(again, first) {
		t.Errorf("another secret once its mode was put right, %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a file that others may read stays %v, %v", info.Mode(), err)
	}
}

// TestSecretIsOnlyRead: a secret that is there is not written again, and a
// stricter mode than ours stays.
func TestSecretIsOnlyRead(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes say nothing on Windows")
	}
	dir := t.TempDir()
	first, err := unwrap.LoadOrCreateSecret(dir)
	if err != nil || len(first) != 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(err)
	}
	path := filepath.Join(dir, files[0].Name())
	long := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := errors.Join(os.Chmod(path, 0o400), os.Chtimes(dir, long, long)); err != nil {
		t.Fatal(err)
	}
	if again, err := unwrap.LoadOrCreateSecret(dir); err != nil || !bytes.Equal(again, first) {
		t.Errorf("another secret, %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Stat(dir); err != nil || !info.ModTime().Equal(long) {
		t.Errorf("something was made in the directory at %v, %v", info.ModTime(), err)
	}
}

// TestSecretCannotBeWritten: a directory that takes no files.
func TestSecretCannotBeWritten(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("uses /proc, where even root makes no files")
	}
	_, err := unwrap.LoadOrCreateSecret("/proc/self")
	wantFault(t, "/proc", err, fault.WriteFailed)
	dangling := filepath.Join(t.TempDir(), "dangling")
	if err := os.Symlink("nowhere", dangling); err != nil {
		t.Fatal(err)
	}
	_, err = unwrap.LoadOrCreateSecret(dangling)
	wantFault(t, "dangling link", err, fault.WriteFailed)
}

// TestSecretRefused: what is there and is no secret is not replaced.
func TestSecretRefused(t *testing.T) {
	dir := t.TempDir()
	if _, err := unwrap.LoadOrCreateSecret(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatal(err)
	}
	path := filepath.Join(dir, files[0].Name())
	if err := os.Truncate(path, 31); err != nil {
		t.Fatal(err)
	}
	_, err = unwrap.LoadOrCreateSecret(dir)
	wantFault(t, "cut file", err, fault.ReadFailed)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = unwrap.LoadOrCreateSecret(dir)
	wantFault(t, "directory", err, fault.ReadFailed)

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = unwrap.LoadOrCreateSecret(filepath.Join(file, "scelle"))
	if code := fault.CodeOf(err); code != fault.WriteFailed && code != fault.ReadFailed {
		t.Errorf("below a file: %v", err)
	}
}

// TestSecretRace: hosts that start at once agree on one secret.
func TestSecretRace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "scelle")
	secrets := make([][]byte, 16)
	var all sync.WaitGroup
	for i := range secrets {
		all.Go(func() {
			secret, err := unwrap.LoadOrCreateSecret(dir)
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
			secrets[i] = secret
		})
	}
	all.Wait()
	for i, s := range secrets {
		if !bytes.Equal(s, secrets[0]) {
			t.Errorf("secret %d differs", i)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%d files, %v", len(files), err)
	}
}
