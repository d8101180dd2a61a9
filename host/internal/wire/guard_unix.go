//go:build unix

package wire

import (
	"os"

	"golang.org/x/sys/unix"

	"scelle/shared/fault"
)

// divert moves the real standard output to a new descriptor, which children do
// not inherit, and puts standard error (or nothing, when that is closed) in
// its place.
func divert() (*os.File, error) {
	fd, err := unix.FcntlInt(os.Stdout.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fault.Wrap(fault.WriteFailed, err)
	}
	real := os.NewFile(uintptr(fd), "frames")
	if err := replaceStdout(int(os.Stderr.Fd())); err == nil {
		return real, nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err == nil {
		defer null.Close()
		err = replaceStdout(int(null.Fd()))
	}
	if err != nil {
		real.Close()
		return nil, fault.Wrap(fault.WriteFailed, err)
	}
	return real, nil
}
