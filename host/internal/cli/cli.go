// Package cli is the command line of the host. A browser's start and the
// command serve answer a browser; all other commands do for a person what the
// assistant does, through the same package serve.
//
// Every command writes its result to standard output, everything else to
// standard error, and returns an exit code: 0 done, 1 refused (the fault's
// code and text on standard error), 2 wrong usage.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"scelle/host/internal/confine"
	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/serve"
	"scelle/shared/fault"
)

// Env is the process around a command.
type Env struct {
	In         io.Reader
	Out, Err   io.Writer
	Getenv     func(string) string
	Executable func() (string, error)
	// Frames takes standard output for a browser's frames (wire.Guard).
	Frames func() (*os.File, error)
	// Stores and Secret are those of serve.Options.
	Stores func() []keystore.Store
	Secret func() ([]byte, error)
	// StateDir is the folder of the journal.
	StateDir func() (string, error)
	// Window asks for PINs in the assistant's window, where that is allowed.
	Window *pinentry.Window
	// Confine takes from the process what answering a browser does not need.
	Confine func() confine.State
	// Root is put before the system's places for manifests, "" except in tests.
	Root string
}

// Exit codes.
const (
	Done    = 0
	Refused = 1
	Misused = 2
)

// misuse is wrong usage: what was wrong, for a person.
type misuse string

func (m misuse) Error() string { return string(m) }

// command is one run of the program.
type command struct {
	Env
	lang     string // "fr" or "en"
	name     string // of what runs, "" when it is no command
	confined confine.State
	// reached says that a browser found this program, not a person.
	reached bool
}

// linger is how long a command that was interrupted may take to clean up
// before the process ends anyway; it may be blocked in reading a pipe.
const linger = 2 * time.Second

// Run runs one command line (without the program's name) and returns its exit
// code. When ctx ends, what is under way is given up, temporary files are
// removed and the code is Refused; only a browser's connection ends cleanly.
func Run(ctx context.Context, env Env, args []string) int {
	c := &command{Env: env, lang: language(env.Getenv), confined: confine.Off}
	if serve.BrowserStart(args) {
		return c.exit(c.fromBrowser(ctx, args))
	}
	if len(args) == 0 {
		c.usage(c.Err)
		return Misused
	}
	if purposes()[args[0]].fr != "" {
		c.name = args[0]
	}
	if args[0] == "serve" { // ends by itself, and cleanly, when ctx does
		return c.exit(c.serve(ctx, args[1:]))
	}
	run, ok := commands()[args[0]]
	if !ok {
		return c.exit(misuse(c.text(txtUnknownCommand, args[0])))
	}
	return c.exit(c.watch(ctx, func() error { return run(c, ctx, args[1:]) }))
}

// watch runs f and, once ctx has ended, waits for it no longer than linger.
// What an interrupted command says of its failure is a consequence of that.
func (c *command) watch(ctx context.Context, f func() error) error {
	done := make(chan error, 1)
	go func() { done <- f() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		select {
		case err = <-done:
		case <-time.After(linger):
			err = ctx.Err()
		}
	}
	if err != nil && ctx.Err() != nil {
		return fault.New(fault.Cancelled)
	}
	return err
}

// commands is the table of the command line, but for serve.
func commands() map[string]func(*command, context.Context, []string) error {
	return map[string]func(*command, context.Context, []string) error{
		"list":      (*command).list,
		"check":     (*command).check,
		"import":    (*command).importFile,
		"generate":  (*command).generate,
		"seal":      (*command).seal,
		"open":      (*command).open,
		"inspect":   (*command).inspect,
		"rewrap":    (*command).rewrap,
		"install":   (*command).install,
		"uninstall": (*command).uninstall,
		"status":    (*command).status,
		"doctor":    (*command).doctor,
		"journal":   (*command).journal,
		"version":   (*command).version,
		"help":      (*command).help,
		"--help":    (*command).help,
		"-h":        (*command).help,
		"--version": (*command).version,
	}
}

// exit says what went wrong and returns the code.
func (c *command) exit(err error) int {
	var wrong misuse
	var help helpWanted
	switch {
	case err == nil:
		return Done
	case errors.As(err, &help):
		name, _, _ := strings.Cut(string(help), " ") // “journal verify” is told with “journal”
		c.helpOf(name)
		return Done
	case errors.As(err, &wrong):
		help := "scelle help"
		if c.name != "" {
			help = "scelle " + c.name + " --help"
		}
		fmt.Fprintf(c.Err, "scelle: %s\n%s\n", wrong, c.text(txtSeeHelp, help))
		return Misused
	}
	f := fault.Of(err)
	fmt.Fprintf(c.Err, "%s: %s", f.Code, f.Code.Text(c.lang))
	if f.Detail != "" {
		fmt.Fprintf(c.Err, " (%s)", f.Detail)
	}
	fmt.Fprintf(c.Err, "\n%s\n", f.Code.Remedy(c.lang))
	return Refused
}

// host returns the Service of this command and a function that closes it.
func (c *command) host() (*serve.Service, func()) {
	s := serve.New(serve.Options{Stores: c.Stores, Secret: c.Secret, StateDir: c.StateDir, Computer: c.computer, Package: c.packaged, Window: c.Window, Confined: c.confined, Log: c.log})
	return s, func() {
		if err := s.Close(); err != nil {
			c.log("closing a store: %s", fault.CodeOf(err))
		}
	}
}

// log is for developers; browsers show a host's standard error in their own.
func (c *command) log(format string, args ...any) {
	fmt.Fprintf(c.Err, "scelle: "+format+"\n", args...)
}
