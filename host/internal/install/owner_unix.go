//go:build !windows

package install

import (
	"os"
	"path/filepath"
	"syscall"
)

// owner is who gets what root writes; nobody else can give files away.
type owner struct {
	uid, gid int
	give     bool
}

func ownerOf(folder string) (owner, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return owner{}, err
	}
	o, ok := info.Sys().(*syscall.Stat_t)
	if !ok || os.Geteuid() != 0 {
		return owner{}, nil
	}
	return owner{int(o.Uid), int(o.Gid), true}, nil
}

func (o owner) giveFolder(root *os.Root, name string) error {
	if !o.give {
		return nil
	}
	return root.Lchown(name, o.uid, o.gid)
}

func (o owner) giveFile(file *os.File) error {
	if !o.give {
		return nil
	}
	return file.Chown(o.uid, o.gid)
}

// replace moves a finished file to its name in one step.
func replace(from, to string) error { return os.Rename(from, to) }

// keepsRunning says that a program that runs cannot be removed.
const keepsRunning = false

// sweep removes what replace left of programs that ran.
func sweep(string) {}

// exposed reports whether somebody else than the administrator could replace
// the program at path: owns it or a folder above it, or may write there.
// Folders like /tmp, where nobody removes another's files, count by what lies
// in them.
func (s System) exposed(path string) bool {
	for ; ; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			return false // judged elsewhere
		}
		o, ok := info.Sys().(*syscall.Stat_t)
		everybody := info.Mode().Perm()&0o002 != 0 && info.Mode()&os.ModeSticky == 0
		if ok && (int(o.Uid) != 0 && int(o.Uid) != s.administrator() || everybody) {
			return true
		}
		if path == filepath.Dir(path) {
			return false
		}
	}
}

// administrator is root, and in tests who runs them.
func (s System) administrator() int {
	if s.Root != "" {
		return os.Getuid()
	}
	return 0
}
