//go:build unix

package cli

import (
	"context"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// askPassword reads a line from the terminal without showing it, wherever
// standard input comes from. It fails without a terminal.
func askPassword(ctx context.Context, prompt string) ([]byte, error) {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer tty.Close()
	fd := int(tty.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, err
	}
	silent := *before
	silent.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(fd, setTermios, &silent); err != nil {
		return nil, err
	}
	restore := sync.OnceFunc(func() { unix.IoctlSetTermios(fd, setTermios, before) })
	defer restore()
	// Whoever interrupts the question must not be left with a mute terminal.
	defer context.AfterFunc(ctx, restore)()
	return askLine(tty, prompt)
}

// isTerminal reports whether people look at w.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	_, err := unix.IoctlGetTermios(int(file.Fd()), getTermios)
	return err == nil
}
