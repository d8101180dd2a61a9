//go:build !windows

package install

import (
	"os"
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
