package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/stack"
)

// What a document's own clock says, from navigation on, in milliseconds.
const (
	firstPaint = `performance.getEntriesByType("paint").find(e => e.name === "first-contentful-paint")?.startTime`
	drawn      = `performance.getEntriesByName("scelle-ready")[0]?.startTime`               // WebAssembly running, the first screen drawn
	loaded     = `performance.getEntriesByType("navigation")[0]?.loadEventEnd || undefined` // a peer's scripts have run once
)

// screens are what is measured of the extension.
var screens = [...]struct{ name, path string }{
	{"popup", "app/popup.html"},
	{"assistant", "app/assistant.html"},
	{"assistant for plis", "app/opening.html"},
}

// startup measures the popup and the assistant's window in headless Chromium,
// from navigation to the first paint and to the moment when the program drew
// its first screen; warm, which is opened again in the same browser, and cold,
// which is the first document of the extension in a browser with a profile of
// its own, with the extension's files gone from the page cache. Both begin when
// the browser has nothing left to do: its own start, or the end of the page
// before, is no part of the measure. The peers are a page of the same extension
// with a line of text and nothing else, which says when any page could paint;
// the least Go program in the popup's own document, which says when any Go
// program could be ready; and another extension's popup, loaded the same way.
type startup struct {
	ctx   context.Context
	dir   string
	n     int
	ours  string // the folder of our extension, with the peers in it
	other *other // nil when no folder was given
	world *stack.World
}

// other is another extension.
type other struct{ folder, name, popup string }

func benchPopup(ctx context.Context, dir string, o options) error {
	a, err := stack.Built(o.build)
	if err != nil {
		return err
	}
	if a.Extension, err = withPeers(dir, a.Extension); err != nil {
		return err
	}
	s := &startup{ctx: ctx, dir: dir, n: o.n, ours: a.Extension}
	if s.other, err = readOther(o.peer); err != nil {
		return err
	}
	if s.world, err = stack.New(ctx, a, filepath.Join(dir, "world"), os.Stderr); err != nil {
		return err
	}
	defer s.world.Close()
	return s.measure()
}

// readOther reads of a folder's manifest what the extension is called and
// which page is its popup.
func readOther(folder string) (*other, error) {
	if folder == "" {
		fmt.Println("no other extension is measured: give -peer FOLDER, an extension unpacked for Chromium, such as KeePassXC-Browser")
		return nil, nil
	}
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err != nil {
		return nil, err
	}
	var m struct {
		Name, Version string
		Action        struct {
			Popup string `json:"default_popup"`
		}
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	if m.Action.Popup == "" {
		return nil, fmt.Errorf("%s: the manifest names no popup", folder)
	}
	return &other{folder, m.Name + " " + m.Version, m.Action.Popup}, nil
}

// times is the first paint of a page and when it was ready.
type times struct{ paint, ready float64 }

// measure prints warm and cold, each beside the peers of its kind.
func (s *startup) measure() error {
	for _, kind := range []struct {
		name string
		open func(extension, path, ready string) (times, error)
	}{{"again", s.again}, {"cold", s.cold}} {
		bare, err := kind.open(s.ours, "app/"+barePage, firstPaint)
		if err != nil {
			return err
		}
		paints, readies := []peer{{"bare page of the same extension", bare.paint}}, []peer{{"that page's first paint", bare.paint}}
		line, err := kind.open(s.ours, "app/"+linePage, drawn)
		if err != nil {
			return err
		}
		readies = append(readies, peer{"one line drawn by Go", line.ready})
		if o := s.other; o != nil {
			t, err := kind.open(o.folder, o.popup, loaded)
			if err != nil {
				return err
			}
			paints, readies = append(paints, peer{o.name, t.paint}), append(readies, peer{o.name + ", its scripts run", t.ready})
		}
		for _, screen := range screens {
			t, err := kind.open(s.ours, screen.path, drawn)
			if err != nil {
				return err
			}
			row(fmt.Sprintf("%s %s: first paint", screen.name, kind.name), "ms", t.paint, paints...)
			row(fmt.Sprintf("%s %s: ready", screen.name, kind.name), "ms", t.ready, readies...)
		}
	}
	return nil
}

// again opens a page several times in one browser.
func (s *startup) again(extension, path, ready string) (times, error) {
	c, page, err := s.start(extension)
	if err != nil {
		return times{}, err
	}
	defer c.Close()
	return medians(s.n, func() (times, error) { return timing(page, c.ExtensionURL(path), ready, func() error { return nil }) })
}

// cold opens a page once in each of several browsers.
func (s *startup) cold(extension, path, ready string) (times, error) {
	files, err := filesBelow(extension)
	if err != nil {
		return times{}, err
	}
	return medians(min(s.n, 9), func() (times, error) {
		c, page, err := s.start(extension)
		if err != nil {
			return times{}, err
		}
		defer c.Close()
		return timing(page, c.ExtensionURL(path), ready, func() error { return forget(files) })
	})
}

// medians runs f as median does, for both figures.
func medians(n int, f func() (times, error)) (times, error) {
	var readies []float64
	paint, err := median(n, func() (float64, error) {
		t, err := f()
		readies = append(readies, t.ready)
		return t.paint, err
	})
	if err != nil {
		return times{}, err
	}
	readies = readies[1:] // the run that warms up
	slices.Sort(readies)
	return times{paint, readies[len(readies)/2]}, nil
}

// start starts a browser with a fresh profile and this extension.
func (s *startup) start(extension string) (*browser.Chromium, browser.Page, error) {
	profile, err := os.MkdirTemp(s.dir, "profile-")
	if err != nil {
		return nil, nil, err
	}
	c, err := browser.Start(s.ctx, browser.Options{UserDataDir: profile, Extension: extension, Env: s.world.Env()})
	if err != nil {
		return nil, nil, err
	}
	page, err := c.Open("about:blank")
	if err != nil {
		c.Close()
		return nil, nil, err
	}
	return c, page, nil
}

func filesBelow(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = errors.New(dir + " is empty")
	}
	return slices.Clip(files), err
}

// The peers' documents, in app/ of the copy.
const (
	barePage = "bare.html"
	linePage = "line.html"
)

// withPeers copies the extension below dir and adds the peers' files to it.
func withPeers(dir, extension string) (string, error) {
	to := filepath.Join(dir, "extension")
	if err := os.CopyFS(to, os.DirFS(extension)); err != nil {
		return "", err
	}
	app := filepath.Join(to, "app")
	html := "<!doctype html>\n<html lang=\"fr\"><meta charset=\"utf-8\"><title>Scellé</title><p>Scellé</p></html>\n"
	if err := os.WriteFile(filepath.Join(app, barePage), []byte(html), 0o600); err != nil {
		return "", err
	}
	popup, err := os.ReadFile(filepath.Join(app, "popup.html"))
	if err != nil {
		return "", err
	}
	const ours, least = "app.wasm", "line.wasm"
	if !strings.Contains(string(popup), ours) {
		return "", fmt.Errorf("popup.html names no %s", ours)
	}
	line := strings.ReplaceAll(string(popup), ours, least)
	if err := os.WriteFile(filepath.Join(app, linePage), []byte(line), 0o600); err != nil {
		return "", err
	}
	compile := exec.Command("go", "build", "-ldflags", "-s -w", "-o", filepath.Join(app, least), "scelle/scripts/bench/line")
	compile.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if out, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("compiling scripts/bench/line: %w: %s", err, out)
	}
	return to, nil
}

// timing loads a page and waits until it is painted and ready, which an
// expression tells. It begins when the browser is at rest; prepare runs then.
func timing(p browser.Page, url, ready string, prepare func() error) (t times, err error) {
	if err := p.Goto("about:blank"); err != nil {
		return t, err
	}
	if err := errors.Join(atRest(), prepare()); err != nil {
		return t, err
	}
	if err := p.Goto(url); err != nil {
		return t, err
	}
	for _, one := range []struct {
		expression string
		ms         *float64
	}{{firstPaint, &t.paint}, {ready, &t.ready}} {
		if err := p.Until(one.expression); err != nil {
			return t, fmt.Errorf("measuring %s: %w", url, err)
		}
		if err := p.Eval(one.expression, one.ms); err != nil {
			return t, err
		}
	}
	return t, nil
}
