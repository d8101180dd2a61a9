// Command bench measures what people wait for and what the host costs, beside
// peers in the same run on the same machine, as ratios: absolute figures mean
// nothing without the machine, which is printed with them.
//
//	go run ./scripts/bench [-build build] [-n 15] [-size 256] [-largest 4096] [-rounds 5] [-peer folder] [-only host,unwraps,popup,native,browser,memory,session]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

func main() {
	build := flag.String("build", "build", "where make build left its files")
	n := flag.Int("n", 15, "runs of each measure, at least 3; medians are printed")
	size := flag.Int64("size", 256, "MiB that are sealed and opened in the browser")
	largest := flag.Int64("largest", 4096, "MiB up to which growth is measured, from 1 MiB on")
	rounds := flag.Int("rounds", 5, "runs of each measure of sealing and opening in the browser")
	other := flag.String("peer", os.Getenv("SCELLE_PEER"), "folder of another extension, unpacked for Chromium, whose popup is measured beside ours; SCELLE_PEER without")
	only := flag.String("only", "host,unwraps,popup,native,browser,memory,session", "parts to run")
	flag.Parse()
	o := options{build: *build, peer: *other, n: max(*n, 3), size: *size << 20, largest: *largest << 20, rounds: max(*rounds, 1), only: strings.Split(*only, ",")}
	if err := o.run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options say what to measure.
type options struct {
	build, peer   string // folders; no other extension is measured without peer
	n             int    // runs of the small measures
	size, largest int64  // bytes
	rounds        int
	only          []string
}

func (o options) run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "scelle-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Printf("%s, %d CPUs, %s, medians of %d\n\n", cpu(), runtime.NumCPU(), runtime.Version(), o.n)
	var errs []error
	for _, part := range []struct {
		name string
		run  func() error
	}{
		{"host", func() error { return benchHost(dir, o.build, o.n) }},
		{"unwraps", func() error { return benchUnwraps(dir, o.build, o.n) }},
		{"popup", func() error { return benchPopup(ctx, dir, o) }},
		{"native", func() error { return benchEnvelope(dir, o.build, o.largest) }},
		{"browser", func() error { return benchBrowser(ctx, dir, o) }},
		{"memory", func() error { return benchMemory(ctx, dir, o.build) }},
		{"session", func() error { return benchSession(ctx, dir, o.build) }},
	} {
		if slices.Contains(o.only, part.name) {
			errs = append(errs, part.run())
		}
	}
	return errors.Join(errs...)
}

// cpu is the processor's name, since figures without it say nothing.
func cpu() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(b)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.Trim(name, " \t:\n")
		}
	}
	return runtime.GOARCH
}

// median runs f n times after one run to warm the caches.
func median(n int, f func() (float64, error)) (float64, error) {
	if _, err := f(); err != nil {
		return 0, err
	}
	var all []float64
	for range n {
		v, err := f()
		if err != nil {
			return 0, err
		}
		all = append(all, v)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// elapsed is the wall time of a whole process in milliseconds.
func elapsed(cmd *exec.Cmd) (float64, error) {
	start := time.Now()
	err := cmd.Run()
	return float64(time.Since(start).Microseconds()) / 1000, err
}

// row prints one measure and its ratio to each peer.
func row(what, unit string, value float64, peers ...peer) {
	fmt.Printf("%-46s %9.1f %-4s", what, value, unit)
	for _, p := range peers {
		fmt.Printf("  %s %.1f %s (x%.2f)", p.name, p.value, unit, value/p.value)
	}
	fmt.Println()
}

// peer is what a measure is compared with.
type peer struct {
	name  string
	value float64
}
