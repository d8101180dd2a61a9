package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// growth seals and opens plis of 1 MiB and more in the browser, as the
// extension does, and prints and plots what they cost.
func (b *browserBench) growth(dir, folder string) error {
	file := filepath.Join(dir, "content-growth")
	defer os.Remove(file)
	var points []point
	for size := int64(1 << 20); size <= b.largest; size *= 4 {
		if err := errors.Join(randomFile(file, size), b.page.Upload("#file", file)); err != nil {
			return err
		}
		p, err := measurePoint(size,
			func() (float64, error) { return b.long("seal-pli") },
			func() (float64, error) { return b.long("open-pli") })
		if err != nil {
			return fmt.Errorf("%d MiB: %w", size>>20, err)
		}
		points = append(points, p)
	}
	return showGrowth(b.name, points, folder)
}

// longest is how often long waits for browser.Patience.
const longest = 20

// long runs a measure that may take longer than one script can, in seconds.
func (b *browserBench) long(part string) (float64, error) {
	start := fmt.Sprintf(`globalThis.ended = null; measure(%q).then((ms) => { ended = { ms }; }, (error) => { ended = { error: String(error) }; }); true`, part)
	if err := b.page.Eval(start, nil); err != nil {
		return 0, err
	}
	return waitEnded(b.page, longest)
}
