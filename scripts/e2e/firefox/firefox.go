// Package firefox drives a real Firefox for the end-to-end tests through
// Marionette: on a free loopback port that only this program knows of, with
// the extension installed and everything it writes below a temporary profile
// and home.
package firefox

import (
	"archive/zip"
	"bytes"
	"context"
	_ "embed" // driver.js
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/shared/protocol"
)

//go:embed driver.js
var driver string

// Options says how to start Firefox.
type Options struct {
	Path      string   // the executable; "" finds one in the usual places
	Profile   string   // a throw-away profile folder; one that was used before goes on
	Downloads string   // where downloads go; "" is the browser's choice
	Extension string   // the unpacked extension; "" for none
	Env       []string // NAME=value, on top of this process's environment; must set HOME
	Visible   bool     // with a window; otherwise headless
	Language  string   // "fr" (the default) or "en", of pages and extension

	// Log gets what the browser, the host and every page's console say; nil
	// drops it.
	Log io.Writer
}

// Firefox is a running browser. It is a browser.Browser.
type Firefox struct {
	Port int // of Marionette, on 127.0.0.1
	Pid  int

	cmd    *exec.Cmd
	conn   *conn
	ended  chan struct{}
	host   string // of the extension's pages, a random UUID of this profile
	clicks atomic.Int64
	log    bytes.Buffer // what the browser said; read only after ended
}

var places = []string{"/usr/bin/firefox-esr", "/usr/bin/firefox"}

// Find returns the path of an installed Firefox.
func Find() (string, error) {
	for _, p := range places {
		if _, err := os.Stat(p); err == nil {
			return p, nil
		}
	}
	return "", errors.New("no Firefox found: install the package firefox-esr")
}

// Start starts Firefox and installs the extension. The browser ends with ctx
// or with Close.
func Start(ctx context.Context, o Options) (*Firefox, error) {
	if o.Path == "" {
		p, err := Find()
		if err != nil {
			return nil, err
		}
		o.Path = p
	}
	if err := writePreferences(o); err != nil {
		return nil, err
	}
	f, err := launch(ctx, o)
	if err != nil {
		return nil, err
	}
	err = f.connect(o.Profile)
	if err == nil && o.Extension != "" {
		err = f.install(o)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("starting Firefox: %w: %s", err, f.log.Bytes())
	}
	return f, nil
}

func launch(ctx context.Context, o Options) (*Firefox, error) {
	// --remote-allow-system-access: extension pages and the permission prompt
	// are out of WebDriver's reach without it.
	args := []string{"--marionette", "--remote-allow-system-access", "--no-remote", "--profile", o.Profile}
	if !o.Visible {
		args = append(args, "--headless")
	}
	cmd := exec.CommandContext(ctx, o.Path, args...)
	cmd.Env = append(os.Environ(), "MOZ_CRASHREPORTER_DISABLE=1", "MOZ_REMOTE_SETTINGS_DEVTOOLS=1", "MOZ_HEADLESS_WIDTH=1280", "MOZ_HEADLESS_HEIGHT=1150")
	cmd.Env = append(cmd.Env, o.Env...)
	f := &Firefox{cmd: cmd, ended: make(chan struct{})}
	var out io.Writer = &f.log
	if o.Log != nil {
		out = io.MultiWriter(&f.log, o.Log)
	}
	cmd.Stdout, cmd.Stderr = out, out
	// A group of its own, so that Close can end the content processes too; and
	// it ends with the thread that started it, should this program be killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = f.killGroup
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
			close(f.ended)
		}
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	f.Pid = cmd.Process.Pid
	return f, nil
}

func (f *Firefox) killGroup() error { return syscall.Kill(-f.cmd.Process.Pid, syscall.SIGKILL) }

// connect waits for Marionette's port and starts the one session.
func (f *Firefox) connect(profile string) error {
	name := filepath.Join(profile, "MarionetteActivePort")
	for deadline := time.Now().Add(browser.Patience); ; time.Sleep(30 * time.Millisecond) {
		text, err := os.ReadFile(name)
		if err == nil {
			f.Port, err = strconv.Atoi(strings.TrimSpace(string(text)))
		}
		if err == nil {
			f.conn, err = dial(f.Port)
		}
		if err == nil {
			break
		}
		select {
		case <-f.ended:
			return errors.New("it ended at once")
		default:
		}
		if time.Now().After(deadline) {
			return err
		}
	}
	scripts := map[string]any{"script": (2 * browser.Patience).Milliseconds()}
	err := f.conn.call("WebDriver:NewSession", map[string]any{"timeouts": scripts}, nil, browser.Patience)
	return errors.Join(err, f.conn.call("Marionette:SetContext", map[string]any{"value": "chrome"}, nil, browser.Patience))
}

// command runs one of driver.js's commands in the browser's own scope, where
// the driver stays: reading it anew for each takes the browser longer than most
// of them.
func (f *Firefox) command(out any, name string, args ...any) error {
	if args == nil {
		args = []any{}
	}
	script := "return globalThis.commands ? (async () => [await commands[" + strconv.Quote(name) + "](...arguments[0])])() : null"
	var result struct{ Value []json.RawMessage }
	err := f.script(&result, script, args)
	if err == nil && result.Value == nil { // not there yet
		err = errors.Join(f.script(nil, driver+"\nglobalThis.commands = commands", nil), f.script(&result, script, args))
	}
	switch {
	case err != nil || out == nil:
		return err
	case len(result.Value) != 1:
		return fmt.Errorf("%s answers nothing", name)
	}
	return json.Unmarshal(result.Value[0], out)
}

// script runs a script in the browser's own scope, which outlives it.
func (f *Firefox) script(out any, script string, args []any) error {
	return f.conn.call("WebDriver:ExecuteScript", map[string]any{
		"script": script, "args": []any{args}, "sandbox": "system", "newSandbox": false,
	}, out, 3*browser.Patience)
}

// patience is the longest wait in milliseconds, for driver.js.
var patience = browser.Patience.Milliseconds()

// install installs the extension as a file, so that it and what it was allowed
// stay when the browser restarts.
func (f *Firefox) install(o Options) error {
	var there bool
	if err := f.command(&there, "installed", protocol.FirefoxID); err != nil {
		return err
	}
	if !there {
		xpi := filepath.Join(o.Profile, "scelle.xpi")
		if err := pack(o.Extension, xpi); err != nil {
			return err
		}
		if err := f.conn.call("Addon:Install", map[string]any{"path": xpi, "temporary": false}, nil, browser.Patience); err != nil {
			return fmt.Errorf("installing the extension: %w", err)
		}
	}
	return f.command(&f.host, "started", protocol.FirefoxID, patience)
}

// pack zips an unpacked extension, without compressing what the browser would
// have to unpack for each of its windows.
func pack(dir, xpi string) error {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	files := os.DirFS(dir)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		to, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			return err
		}
		_, err = to.Write(content)
		return err
	})
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	return os.WriteFile(xpi, b.Bytes(), 0o600)
}

// Wait blocks until the browser was closed by its user or by ctx.
func (f *Firefox) Wait() { <-f.ended }

// Close ends the browser and waits for it.
func (f *Firefox) Close() {
	if f.conn != nil {
		_ = f.conn.call("Marionette:Quit", map[string]any{"flags": []string{"eForceQuit"}}, nil, 10*time.Second)
		_ = f.conn.c.Close()
	}
	select {
	case <-f.ended:
	case <-time.After(20 * time.Second):
	}
	_ = f.killGroup() // whatever is left of it
	<-f.ended
}
