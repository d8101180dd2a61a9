package install

import (
	"crypto/rand"
	"os"
	"path/filepath"
)

// owner: files on Windows inherit who may do what from their folder.
type owner struct{}

func ownerOf(string) (owner, error) { return owner{}, nil }

func (owner) giveFolder(*os.Root, string) error { return nil }

func (owner) giveFile(*os.File) error { return nil }

// keepsRunning says that a program that runs cannot be removed.
const keepsRunning = true

// oldSuffix ends the names of programs that ran when they were replaced.
const oldSuffix = ".scelle-old"

// replace moves a finished file to its name. A program that runs cannot be
// replaced on Windows, but it can be renamed; it is swept away next time.
func replace(from, to string) error {
	err := os.Rename(from, to)
	if err == nil || filepath.Ext(to) != ".exe" {
		return err
	}
	old := to + "-" + rand.Text()[:8] + oldSuffix
	if os.Rename(to, old) != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		os.Rename(old, to)
		return err
	}
	os.Remove(old) // succeeds where it did not run
	return nil
}

// sweep removes what replace left of programs that ran.
func sweep(program string) {
	left, err := filepath.Glob(program + "-*" + oldSuffix)
	if err != nil {
		return
	}
	for _, old := range left {
		os.Remove(old)
	}
}

// exposed would take reading access lists: the MSI package installs where only
// administrators write, and nothing else registers for the whole computer.
func (s System) exposed(string) bool { return false }
