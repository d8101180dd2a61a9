package install

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// madeName is the file beside a manifest that says how many folders, from the
// manifest's own upwards, were made for it: uninstalling removes those and no
// folder of the browser's or of a distribution's package. There is none when
// no folder had to be made.
const madeName = "." + protocol.HostName + ".folders"

// makeFolders makes the folders above path and notes how many. They belong to
// the owner of the folder that was there before: an administrator may register
// for another user's profile, and that user must be able to remove it. Nothing
// is made outside that folder, even if its owner plays with links meanwhile.
func makeFolders(path string) error {
	dir := filepath.Dir(path)
	made := missing(dir)
	if made == 0 {
		return nil
	}
	there := ancestor(dir, made)
	root, err := os.OpenRoot(there)
	if err != nil {
		return err
	}
	defer root.Close()
	below, err := filepath.Rel(there, dir)
	if err != nil {
		return err
	}
	if err := root.MkdirAll(below, 0o755); err != nil {
		return err
	}
	owner, err := ownerOf(there)
	if err != nil {
		return err
	}
	for n := 0; n < made; n++ {
		if err := owner.giveFolder(root, ancestor(below, n)); err != nil {
			return err
		}
	}
	return writeAside(filepath.Join(dir, madeName), []byte(strconv.Itoa(made)+"\n"), 0o644)
}

// missing counts the folders of dir that are not there.
func missing(dir string) int {
	n := 0
	for {
		if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return n
		}
		n++
		dir = filepath.Dir(dir)
	}
}

// ancestor is the folder n levels above dir.
func ancestor(dir string, n int) string {
	for range n {
		dir = filepath.Dir(dir)
	}
	return dir
}

// removeMadeFolders removes what makeFolders made for path and is empty now.
// Where something else of ours still lies in one of them, its note takes over
// the rest.
func (s System) removeMadeFolders(path string) error {
	dir := filepath.Dir(path)
	note := filepath.Join(dir, madeName)
	data, err := readBounded(note, maxManifest)
	if err != nil {
		return nil // nothing was made
	}
	if err := os.Remove(note); err != nil {
		return fault.Wrap(fault.WriteFailed, err)
	}
	made, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return nil
	}
	for ; made > 0; made-- {
		if err := os.Remove(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s.handOver(dir, made)
		}
		dir = filepath.Dir(dir)
	}
	return nil
}

// handOver notes at what is left of ours below dir that dir and the folders
// above it, made of them in all, were made by us.
func (s System) handOver(dir string, made int) error {
	for _, path := range s.everything() {
		below, err := filepath.Rel(dir, filepath.Dir(path))
		if err != nil || !filepath.IsLocal(below) {
			continue
		}
		if _, err := os.Lstat(path); err != nil {
			continue
		}
		if below != "." {
			made += strings.Count(below, string(filepath.Separator)) + 1
		}
		note := filepath.Join(filepath.Dir(path), madeName)
		return fault.Wrap(fault.WriteFailed, writeAside(note, []byte(strconv.Itoa(made)+"\n"), 0o644))
	}
	return nil
}

// everything is every path at which this program may have put a file.
func (s System) everything() []string {
	var paths []string
	for _, system := range []bool{false, true} {
		paths = append(paths, s.Placed(system))
		entries, err := s.Entries(allNames(), Scope{System: system})
		if err != nil {
			continue
		}
		for _, e := range entries {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

// giveFile gives a file to the owner of the folder that it lies in.
func giveFile(file *os.File, dir string) error {
	owner, err := ownerOf(dir)
	if err != nil {
		return err
	}
	return owner.giveFile(file)
}

// writeAside writes a file of that mode in one step, over any that is there.
func writeAside(path string, data []byte, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	aside, err := os.CreateTemp(dir, "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer os.Remove(aside.Name()) // nothing is there any more after the rename
	defer aside.Close()
	if _, err := aside.Write(data); err != nil {
		return err
	}
	if err := aside.Chmod(mode); err != nil {
		return err
	}
	if err := giveFile(aside, dir); err != nil {
		return err
	}
	if err := aside.Sync(); err != nil {
		return err
	}
	if err := aside.Close(); err != nil {
		return err
	}
	return replace(aside.Name(), path)
}
