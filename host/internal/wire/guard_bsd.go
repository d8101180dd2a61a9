//go:build unix && !linux

package wire

import (
	"os"

	"golang.org/x/sys/unix"
)

func replaceStdout(fd int) error {
	return unix.Dup2(fd, int(os.Stdout.Fd()))
}
