package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/stack"
)

// benchMemory seals plis of growing size with the packed extension and looks
// at the most memory that the renderer ever had. A browser each, because the
// kernel only keeps the highest value.
func benchMemory(ctx context.Context, dir, build string) error {
	a, err := stack.Built(build)
	if err != nil {
		return err
	}
	k, err := newKeys(dir)
	if err != nil {
		return err
	}
	fmt.Println("\nrenderer memory while a pli is sealed, by the packed extension")
	var peaks []float64
	for _, size := range []int64{16 << 20, 256 << 20, 2 << 30} {
		peak, rate, err := sealAndLook(ctx, dir, a.Extension, k, size)
		if err != nil {
			return fmt.Errorf("%d MiB: %w", size>>20, err)
		}
		peaks = append(peaks, peak)
		fmt.Printf("%-46s %9.1f MiB  at %.0f MB/s\n", fmt.Sprintf("peak with %d MiB", size>>20), peak, rate)
	}
	growth := slices.Max(peaks) / peaks[0]
	fmt.Printf("%-46s %9.2f  (bar 1.3: %s)\n", "2 GiB against 16 MiB", growth, met(growth < 1.3))
	more := slices.Max(peaks) - peaks[0]
	fmt.Printf("%-46s %9.1f MiB  (bar 128: %s)\n", "growth", more, met(more < 128))
	return nil
}

func met(ok bool) string {
	if ok {
		return "reached"
	}
	return "MISSED"
}

// sealAndLook seals one file and returns the renderer's peak in MiB and the
// speed in MB/s.
func sealAndLook(ctx context.Context, dir, extension string, k *keys, size int64) (peak, rate float64, err error) {
	profile := filepath.Join(dir, fmt.Sprintf("memory-%d", size>>20))
	file := filepath.Join(dir, "content-memory")
	if err := randomFile(file, size); err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.Remove(file), os.RemoveAll(profile)) }()
	c, err := browser.Start(ctx, browser.Options{UserDataDir: profile, Extension: extension, Env: []string{"HOME=" + dir}})
	if err != nil {
		return 0, 0, err
	}
	defer c.Close()
	p, err := c.Open("chrome-extension://" + c.ExtensionID + "/app/bridge.html")
	if err != nil {
		return 0, 0, err
	}
	script, err := page.ReadFile("page/product.js")
	if err != nil {
		return 0, 0, err
	}
	setUp := string(script) + `; document.body.innerHTML = '<input type="file" id="file">'; true`
	if err := errors.Join(p.Eval(setUp, nil), p.Upload("#file", file)); err != nil {
		return 0, 0, err
	}
	start := fmt.Sprintf(`sealed(document.querySelector("#file").files[0], %q, "offre"), true`, k.certificate)
	if err := p.Eval(start, nil); err != nil {
		return 0, 0, err
	}
	seconds, err := waitEnded(p, 4)
	if err != nil {
		return 0, 0, err
	}
	kib, err := browser.RendererPeak(profile)
	return kib / 1024, float64(size) / 1e6 / seconds, err
}

// waitEnded waits for globalThis.ended, {ms} or {error}, some times as long as
// browser.Patience, and returns seconds.
func waitEnded(p browser.Page, times int) (float64, error) {
	var err error
	for range times {
		if err = p.Until("globalThis.ended"); err == nil {
			break
		}
	}
	var ended struct {
		MS    float64
		Error string
	}
	if err = errors.Join(err, p.Eval("globalThis.ended", &ended)); err != nil {
		return 0, err
	}
	if ended.Error != "" {
		return 0, errors.New(ended.Error)
	}
	return ended.MS / 1000, nil
}
