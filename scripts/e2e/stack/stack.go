// Package stack sets up a whole world for the end-to-end tests and the demo:
// a temporary home with its own certificate store, the real host registered
// for a throw-away browser profile, and the real portal on loopback.
//
// Nothing outside the world's folder is touched, and Close ends every process
// that it started.
package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/firefox"
)

// Engine is the browser of a world, by the name that `scelle install` knows.
type Engine string

// The browsers.
const (
	Chromium Engine = "chromium"
	Firefox  Engine = "firefox"
)

// Artifacts are the built programs, as `make build` leaves them.
type Artifacts struct {
	Host      string // the binary
	Portal    string // the binary
	Extension string // the unpacked Chromium extension (demo build: loopback allowed)
	Firefox   string // the same for Firefox
	Page      string // the npm package for portals
	Dist      string // where `make dist` leaves packages; need not be there
	Engine    Engine // whose world it is to be
}

// BuiltFor is Built for a world of another browser than Chromium.
func BuiltFor(engine Engine, dir string) (Artifacts, error) {
	a, err := Built(dir)
	a.Engine = engine
	return a, err
}

// Built returns the artifacts below a build folder, or says which is missing.
func Built(dir string) (Artifacts, error) {
	a := Artifacts{
		Host:      filepath.Join(dir, "scelle"),
		Portal:    filepath.Join(dir, "portal"),
		Extension: filepath.Join(dir, "extension-demo", "chrome"),
		Firefox:   filepath.Join(dir, "extension-demo", "firefox"),
		Page:      filepath.Join(dir, "page"),
		Dist:      filepath.Join(dir, "dist"),
		Engine:    Chromium,
	}
	for _, p := range []string{a.Host, a.Portal, filepath.Join(a.Extension, "manifest.json"), filepath.Join(a.Page, "sealing.js")} {
		if _, err := os.Stat(p); err != nil {
			return a, fmt.Errorf("%s is not built: run make build", p)
		}
	}
	return a, nil
}

// World is one set-up. Home, Downloads and UserDataDir are below Dir.
type World struct {
	Artifacts
	Dir         string
	Home        string
	Downloads   string // where the browser saves
	Installers  string // what the portal offers; Stock fills it
	UserDataDir string
	Origin      string // the portal's, such as http://127.0.0.1:40001
	Language    string // of the browser: "" is French, "en" English
	Display     string // X11 display of visible browsers, "" for this process's own

	// BrowserLog gets what the browser, the host and every page's console say.
	BrowserLog io.Writer

	debugging int // Firefox's port for these tests, which no other Firefox has
	portal    *exec.Cmd
	log       io.Writer
	addr      string
}

// New makes the folders, registers the host and starts the portal. Log gets
// what the programs say.
func New(ctx context.Context, a Artifacts, dir string, log io.Writer) (*World, error) {
	w := &World{
		Artifacts:   a,
		Dir:         dir,
		Home:        filepath.Join(dir, "home"),
		Downloads:   filepath.Join(dir, "home", "Downloads"),
		Installers:  filepath.Join(dir, "installers"),
		UserDataDir: filepath.Join(dir, "profile"),
		log:         log,
		addr:        "127.0.0.1:0",
	}
	for _, d := range []string{w.Home, w.Downloads, w.Installers, w.UserDataDir, filepath.Join(dir, "portal"), filepath.Join(dir, "run")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, err
		}
	}
	if err := w.RegisterHost(); err != nil {
		return nil, err
	}
	return w, w.StartPortal(ctx)
}

// Env is the environment of every program in the world, NAME=value.
func (w *World) Env() []string {
	env := []string{
		"HOME=" + w.Home,
		"XDG_CONFIG_HOME=" + filepath.Join(w.Home, ".config"),
		"XDG_DATA_HOME=" + filepath.Join(w.Home, ".local", "share"),
		"XDG_STATE_HOME=" + filepath.Join(w.Home, ".local", "state"),
		"XDG_CACHE_HOME=" + filepath.Join(w.Home, ".cache"),
		"XDG_RUNTIME_DIR=" + filepath.Join(w.Dir, "run"),
		"LANG=C.UTF-8", "LC_ALL=C.UTF-8",
	}
	if w.Display != "" {
		env = append(env, "DISPLAY="+w.Display)
	}
	return env
}

// Run runs a program in the world and returns what it printed.
func (w *World) Run(name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), w.Env()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s %s: %w: %s", filepath.Base(name), strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// RegisterHost writes the native-messaging manifest: into Chromium's profile,
// for Firefox, which knows no such place, into the home.
func (w *World) RegisterHost() error { return w.register("install") }

// UnregisterHost removes it again, as if the host was not installed.
func (w *World) UnregisterHost() error { return w.register("uninstall") }

func (w *World) register(verb string) error {
	args := []string{verb, "--browser", string(w.Engine)}
	if w.Engine == Chromium {
		args = append(args, "--user-data-dir", w.UserDataDir)
	}
	_, err := w.Run(w.Host, args...)
	return err
}

// StoreDir is the world's NSS database folder: Chromium's rule for a home
// without ~/.pki/nssdb.
func (w *World) StoreDir() string {
	return filepath.Join(w.Home, ".local", "share", "pki", "nssdb")
}

// StartPortal starts the portal; after a stop it comes back on the same
// address with the same data.
func (w *World) StartPortal(ctx context.Context) error {
	// Close ends the portal, not ctx: interrupting the demo is no failure.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), w.Portal, "-addr", w.addr, "-data", filepath.Join(w.Dir, "portal"), "-downloads", w.Installers, "-page", w.Page, "-demo")
	cmd.Env = append(os.Environ(), w.Env()...)
	cmd.Stderr = w.log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	w.portal = cmd
	origin, err := listening(out)
	if err != nil {
		return errors.Join(err, w.StopPortal())
	}
	w.Origin = origin
	w.addr = strings.TrimPrefix(origin, "http://")
	return nil
}

// listening reads the line with which the portal says where it is.
func listening(out io.Reader) (string, error) {
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the portal did not start: %w", err)
	}
	origin, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if !ok {
		return "", fmt.Errorf("the portal said %q", line)
	}
	return origin, nil
}

// StopPortal ends the portal and waits for it.
func (w *World) StopPortal() error {
	if w.portal == nil {
		return nil
	}
	_ = w.portal.Process.Signal(syscall.SIGTERM)
	err := w.portal.Wait()
	w.portal = nil
	return err
}

// Browse starts the browser on the world's profile.
func (w *World) Browse(ctx context.Context, visible bool) (browser.Browser, error) {
	if w.Engine == Firefox {
		f, err := firefox.Start(ctx, firefox.Options{
			Profile:   w.UserDataDir,
			Downloads: w.Downloads,
			Extension: w.Artifacts.Firefox,
			Env:       w.Env(),
			Visible:   visible,
			Language:  w.Language,
			Log:       w.BrowserLog,
		})
		if err != nil {
			return nil, err
		}
		w.debugging = f.Port
		return f, nil
	}
	return browser.Start(ctx, browser.Options{
		UserDataDir: w.UserDataDir,
		Downloads:   w.Downloads,
		Extension:   w.Extension,
		Env:         w.Env(),
		Visible:     visible,
		Language:    w.Language,
		Log:         w.BrowserLog,
	})
}

// Close ends the portal.
func (w *World) Close() error { return w.StopPortal() }
