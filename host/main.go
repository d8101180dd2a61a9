// Scelle is the native-messaging host of Scellé and its command line: a
// browser starts it to reach this computer's certificate store, a person to
// install it, look at keys, and seal or open plis without a browser.
//
// This file is wiring only: it hands the process (streams, environment,
// signals, certificate stores) to package cli and ends with its exit code.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"scelle/host/internal/cli"
	"scelle/host/internal/keystore"
	"scelle/host/internal/unwrap"
	"scelle/host/internal/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once, whatever it is doing.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Run(ctx, environment(), os.Args[1:]))
}

func environment() cli.Env {
	window := assistantWindow()
	return cli.Env{
		In:         os.Stdin,
		Out:        os.Stdout,
		Err:        os.Stderr,
		Getenv:     os.Getenv,
		Executable: os.Executable,
		Frames:     wire.Guard,
		Stores:     func() []keystore.Store { return openStores(window) },
		Window:     window,
		Secret:     installSecret,
		StateDir:   stateDir,
		Confine:    confined,
	}
}

func stateDir() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	return unwrap.StateDir(runtime.GOOS, home, os.Getenv), nil
}

func installSecret() ([]byte, error) {
	dir, err := stateDir()
	if err != nil {
		return nil, err
	}
	return unwrap.LoadOrCreateSecret(dir)
}
