package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/stack"
)

// benchPopup measures the popup in headless Chromium, from navigation to the
// first paint and to the moment when the program drew its first screen. The
// peer is a page of the same extension with a line of text and nothing else.
func benchPopup(ctx context.Context, dir, build string, n int) error {
	a, err := stack.Built(build)
	if err != nil {
		return err
	}
	if a.Extension, err = withBarePage(dir, a.Extension); err != nil {
		return err
	}
	w, err := stack.New(ctx, a, filepath.Join(dir, "world"), os.Stderr)
	if err != nil {
		return err
	}
	defer w.Close()
	c, err := w.Browse(ctx, false)
	if err != nil {
		return err
	}
	defer c.Close()
	page, err := c.Open("about:blank")
	if err != nil {
		return err
	}
	const firstPaint = `performance.getEntriesByType("paint").find(e => e.name === "first-contentful-paint")?.startTime`
	bare, err := median(n, func() (float64, error) { return timing(page, c.ExtensionURL("app/"+barePage), firstPaint) })
	if err != nil {
		return err
	}
	url := c.ExtensionURL("app/popup.html")
	paint, err := median(n, func() (float64, error) { return timing(page, url, firstPaint) })
	if err != nil {
		return err
	}
	ready, err := median(n, func() (float64, error) {
		return timing(page, url, `performance.getEntriesByName("scelle-ready")[0]?.startTime`)
	})
	if err != nil {
		return err
	}
	empty := peer{"bare page of the same extension, first paint", bare}
	row("popup: first paint", "ms", paint, empty)
	row("popup: ready (WebAssembly running, drawn)", "ms", ready, empty)
	return nil
}

// barePage is the peer's file, in app/ of the copy.
const barePage = "bare.html"

// withBarePage copies the extension below dir and adds the peer to it.
func withBarePage(dir, extension string) (string, error) {
	to := filepath.Join(dir, "extension")
	if err := os.CopyFS(to, os.DirFS(extension)); err != nil {
		return "", err
	}
	html := "<!doctype html>\n<html lang=\"fr\"><meta charset=\"utf-8\"><title>Scellé</title><p>Scellé</p></html>\n"
	return to, os.WriteFile(filepath.Join(to, "app", barePage), []byte(html), 0o600)
}

// timing loads a page and waits for a performance entry.
func timing(p browser.Page, url, expression string) (float64, error) {
	if err := p.Goto("about:blank"); err != nil {
		return 0, err
	}
	if err := p.Goto(url); err != nil {
		return 0, err
	}
	if err := p.Until(expression); err != nil {
		return 0, fmt.Errorf("measuring %s: %w", url, err)
	}
	var ms float64
	err := p.Eval(expression, &ms)
	return ms, err
}
