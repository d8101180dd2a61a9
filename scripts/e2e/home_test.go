package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a home's fingerprint takes in at most: beyond that only names, sizes
// and times count, so that a large home costs seconds and not minutes.
const (
	maxHomeFiles = 50_000
	maxHomeBytes = 512 << 20
)

// homePlaces are where a stray host, browser or certificate tool would write.
func homePlaces() []string {
	return []string{
		".pki", ".local/share/pki", ".local/state/scelle", ".local/share/scelle", ".cache/scelle", ".config/scelle", "Downloads",
		".config/chromium", ".config/google-chrome", ".config/microsoft-edge", ".config/BraveSoftware", ".config/vivaldi", ".config/opera",
		".cache/chromium", ".mozilla", ".config/mozilla", ".cache/mozilla",
	}
}

// homeListing is a fingerprint of everything below those places of the real
// home, one line each, for comparing before and after. A browser that somebody
// uses meanwhile writes into its own folders: of such a one only what
// registers hosts counts.
func homeListing(t *testing.T) string {
	t.Helper()
	home, err := os.UserHomeDir()
	must(t, err)
	var lines strings.Builder
	for _, place := range homePlaces() {
		root := filepath.Join(home, place)
		only := ""
		if inUse(root) || strings.HasPrefix(place, ".cache/") && inUse(filepath.Join(home, ".config", filepath.Base(place))) {
			only = "messaging"
			t.Logf("%s belongs to a browser that is running: only its messaging hosts are compared", root)
		}
		fmt.Fprintf(&lines, "%s %s\n", place, treeHash(t, root, only))
	}
	return lines.String()
}

// inUse reports whether a browser runs on a folder: Chromium's or Firefox's
// own sign of it.
func inUse(root string) bool {
	for _, pattern := range []string{"SingletonLock", "*/SingletonLock", "firefox/*/lock"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err == nil && slices.ContainsFunc(found, func(name string) bool { _, err := os.Lstat(name); return err == nil }) {
			return true
		}
	}
	return false
}

// treeHash hashes names, modes and contents below a folder, of paths that
// contain only in lower case.
func treeHash(t *testing.T, root, only string) string {
	t.Helper()
	sum := sha256.New()
	files, left := 0, int64(maxHomeBytes)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.Contains(strings.ToLower(path[len(root):]), only) {
			return ignoreGone(err)
		}
		info, err := d.Info()
		if err != nil {
			return ignoreGone(err)
		}
		if files++; files > maxHomeFiles {
			return fs.SkipAll
		}
		fmt.Fprintf(sum, "%q %s\n", path[len(root):], info.Mode())
		if !info.Mode().IsRegular() {
			return nil
		}
		if left -= info.Size(); left < 0 {
			fmt.Fprintf(sum, "%d %d\n", info.Size(), info.ModTime().UnixNano())
			return nil
		}
		return hashFile(sum, path)
	})
	must(t, err)
	if files == 0 {
		return "absent"
	}
	return fmt.Sprintf("%d %s", files, hex.EncodeToString(sum.Sum(nil)))
}

func hashFile(sum io.Writer, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return ignoreGone(err)
	}
	defer f.Close()
	_, err = io.Copy(sum, f)
	return err
}

// ignoreGone lets files go between being listed and being read.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

// TestHomeListing: a changed byte deep down, a new file and one that is gone
// are seen, so the comparison compares.
func TestHomeListing(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "NativeMessagingHosts")
	if got := treeHash(t, filepath.Join(root, "none"), ""); got != "absent" {
		t.Errorf("a folder that is not there: %s", got)
	}
	must(t, os.MkdirAll(deep, 0o700))
	seen := map[string]bool{}
	step := func(what string) {
		t.Helper()
		hash := treeHash(t, root, "")
		if seen[hash] {
			t.Errorf("%s is not seen", what)
		}
		seen[hash] = true
	}
	step("an empty tree")
	name := filepath.Join(deep, "host.json")
	must(t, os.WriteFile(name, []byte("1"), 0o600))
	step("a new file")
	info, err := os.Stat(name)
	must(t, err)
	must(t, os.WriteFile(name, []byte("2"), 0o600))
	must(t, os.Chtimes(name, info.ModTime(), info.ModTime()))
	step("a changed byte with the time as it was")
	must(t, os.Symlink("host.json", filepath.Join(deep, "link")))
	step("a new link")
	before := treeHash(t, root, "messaging")
	must(t, os.WriteFile(filepath.Join(root, "a", "History"), []byte("x"), 0o600))
	if treeHash(t, root, "messaging") != before {
		t.Error("a browser's own file counts while it runs")
	}
	must(t, os.Symlink("this-computer-1234", filepath.Join(root, "SingletonLock")))
	if !inUse(root) || inUse(deep) {
		t.Error("a running browser is not told from one that is not")
	}
}
