package cli

import (
	"context"
	"os"
	"sync"

	"golang.org/x/sys/windows"
)

// askPassword reads a line from the console without showing it.
func askPassword(ctx context.Context, prompt string) ([]byte, error) {
	console, err := os.OpenFile("CONIN$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer console.Close()
	out, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	handle := windows.Handle(console.Fd())
	var before uint32
	if err := windows.GetConsoleMode(handle, &before); err != nil {
		return nil, err
	}
	if err := windows.SetConsoleMode(handle, before&^windows.ENABLE_ECHO_INPUT); err != nil {
		return nil, err
	}
	restore := sync.OnceFunc(func() { windows.SetConsoleMode(handle, before) })
	defer restore()
	// Whoever interrupts the question must not be left with a mute console.
	defer context.AfterFunc(ctx, restore)()
	return askLine(twoWays{console, out}, prompt)
}

type twoWays struct{ in, out *os.File }

func (t twoWays) Read(b []byte) (int, error) { return t.in.Read(b) }

func (t twoWays) Write(b []byte) (int, error) { return t.out.Write(b) }

// isTerminal reports whether people look at w.
func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	var mode uint32
	return windows.GetConsoleMode(windows.Handle(file.Fd()), &mode) == nil
}
