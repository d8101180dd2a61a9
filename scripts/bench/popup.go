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
// peer is a page of the same extension with nothing in it but that paint.
func benchPopup(ctx context.Context, dir, build string, n int) error {
	a, err := stack.Built(build)
	if err != nil {
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
	url := c.ExtensionURL("app/popup.html")
	paint, err := median(n, func() (float64, error) {
		return timing(page, url, `performance.getEntriesByType("paint").find(e => e.name === "first-contentful-paint")?.startTime`)
	})
	if err != nil {
		return err
	}
	ready, err := median(n, func() (float64, error) {
		return timing(page, url, `performance.getEntriesByName("scelle-ready")[0]?.startTime`)
	})
	if err != nil {
		return err
	}
	row("popup: first paint", "ms", paint)
	row("popup: ready (WebAssembly running, drawn)", "ms", ready, peer{"its own first paint", paint})
	return nil
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
