package pinentry

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scelle/shared/fault"
)

// Options says where to look for pinentry programs. The zero value is right
// for a desktop.
type Options struct {
	// Language is "fr" or "en"; that of the locale when "".
	Language string
	// TTY is a terminal's device, such as /dev/pts/3, for programs started
	// from one. Without it only programs with a window of their own are tried.
	TTY string
	// Dirs are the folders of pinentry programs: the system's when nil. PATH
	// is not asked, since whoever starts the host chooses it.
	Dirs []string
	// Getenv is os.Getenv when nil.
	Getenv func(string) string
	// Start bounds what comes before the question, for each program: 5 s when 0.
	Start time.Duration
	// Patience bounds the wait for the person: 2 min when 0.
	Patience time.Duration
}

// Asker asks for PINs, one window at a time as far as it is concerned. Make it
// with New.
type Asker struct {
	o    Options
	turn chan struct{} // holds one while a window is open
}

// New returns an Asker. It looks for programs only when it asks.
func New(o Options) *Asker {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Language == "" {
		o.Language = language(o.Getenv)
	}
	if o.Dirs == nil {
		o.Dirs = []string{"/usr/bin", "/usr/local/bin", "/run/current-system/sw/bin"}
	}
	if o.Start <= 0 {
		o.Start = 5 * time.Second
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Minute
	}
	return &Asker{o: o, turn: make(chan struct{}, 1)}
}

// PIN shows the request and returns what was typed, as the bytes of its UTF-8
// text; the caller clears them. Programs are tried in order until one asks;
// one that asked and was cancelled is the person's answer, and no other is
// tried. Errors: fault.PINCancelled; fault.PINPromptMissing when no program
// can ask here; fault.Timeout when nobody answered or the context's deadline
// passed; fault.Cancelled when the context was cancelled.
func (a *Asker) PIN(ctx context.Context, r Request) ([]byte, error) {
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return nil, ended(ctx)
	}
	var tried []string
	for _, path := range a.candidates() {
		if ctx.Err() != nil {
			return nil, ended(ctx)
		}
		ask := a.ask
		if slices.Contains(a.dialogs(), filepath.Base(path)) {
			ask = a.dialog
		}
		pin, settled, err := ask(ctx, path, r)
		if settled {
			return pin, err
		}
		tried = append(tried, filepath.Base(path))
	}
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	return nil, fault.Newf(fault.PINPromptMissing, "%s", strings.Join(tried, ", "))
}

// Available reports whether a program that can ask here is installed.
func (a *Asker) Available() bool { return len(a.candidates()) > 0 }

// candidates are the programs that are installed, in the order of the
// desktops' own. Those with windows need a display, that for terminals a
// terminal; where there is no pinentry, zenity and kdialog do. The name
// "pinentry" alone is not tried: it may be any of them.
func (a *Asker) candidates() []string {
	var names []string
	if a.o.Getenv("WAYLAND_DISPLAY") != "" || a.o.Getenv("DISPLAY") != "" {
		names = []string{"pinentry-gnome3", "pinentry-qt", "pinentry-qt6", "pinentry-qt5", "pinentry-gtk-2", "pinentry-fltk"}
		if strings.Contains(a.o.Getenv("XDG_CURRENT_DESKTOP"), "KDE") {
			names = append(names[1:], names[0])
		}
		names = append(names, a.dialogs()...)
	}
	if a.o.TTY != "" {
		names = append(names, "pinentry-curses")
	}
	var paths []string
	for _, name := range names {
		i := slices.IndexFunc(a.o.Dirs, func(dir string) bool { return executable(filepath.Join(dir, name)) })
		if i >= 0 {
			paths = append(paths, filepath.Join(a.o.Dirs[i], name))
		}
	}
	return paths
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// environment is what a pinentry needs to find the screen and the person's
// language, and nothing that would let whoever started the host load code
// into it or take over its configuration.
func (a *Asker) environment() []string {
	env := []string{"PATH=/usr/bin:/bin"}
	for _, name := range []string{
		"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE", "XDG_CURRENT_DESKTOP",
		"DBUS_SESSION_BUS_ADDRESS", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "LC_MESSAGES", "TERM",
	} {
		if v := a.o.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func ended(ctx context.Context) error {
	if ctx.Err() == context.DeadlineExceeded {
		return fault.New(fault.Timeout)
	}
	return fault.New(fault.Cancelled)
}

// language is "fr" where the locale is French, otherwise "en": the first of
// the three variables that is set decides, as everywhere on Unix.
func language(getenv func(string) string) string {
	locale := firstOf(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"))
	if locale == "fr" || strings.HasPrefix(locale, "fr_") || strings.HasPrefix(locale, "fr.") {
		return "fr"
	}
	return "en"
}

// Terminal is the device of the terminal that this process reads from, ""
// when it was not started from one, as by a browser.
func Terminal() string {
	device, err := os.Readlink("/proc/self/fd/0")
	if err != nil || !strings.HasPrefix(device, "/dev/pts/") && !strings.HasPrefix(device, "/dev/tty") {
		return ""
	}
	return device
}
