// Command mutate measures how much the tests of the most delicate packages
// notice. It makes small mistakes in their source, one at a time (a condition
// negated, a boundary moved, a constant off by one, a statement dropped), runs
// the package's own quick tests on each through `go test -overlay`, and counts
// the mistakes that no test saw. Nothing in the work tree is written.
//
//	go run ./scripts/mutate [-n 60] [-seed 1] [-only host/internal/wire]
//
// Mutants are drawn at random with a seed, the same ones for the same seed and
// source. Those that do not compile are not counted and replaced by others.
// Those that change nothing anyone could see are listed, each with its reason,
// in equivalent.txt; they are not drawn. Less than -min percent killed, in all
// or in one package with enough mutants to say so, is a failure.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

// options are the command's flags.
type options struct {
	root    string
	n       int           // mutants in all
	seed    uint64        // of the draw
	workers int           // mutants tested at a time
	timeout time.Duration // for one mutant's tests; running longer counts as noticed
	min     float64       // percent
	only    string        // one package, "" is all
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", ".", "the project's root")
	flag.IntVar(&o.n, "n", 60, "mutants to try")
	flag.Uint64Var(&o.seed, "seed", 1, "of the draw")
	flag.IntVar(&o.workers, "j", runtime.NumCPU(), "mutants tested at a time")
	flag.DurationVar(&o.timeout, "timeout", 30*time.Second, "for the tests of one mutant")
	flag.Float64Var(&o.min, "min", 90, "percent that must be killed")
	flag.StringVar(&o.only, "only", "", "one package, such as shared/cms")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// target is a package with the tests that are quick enough to be run for
// every mutant.
type target struct {
	dir  string // below the root
	skip string // tests that are left out, as go test -skip
}

// targets are the packages under trial.
func targets() []target {
	return []target{
		{"shared/cms", ""},
		// Live peers, what measures memory over many megabytes, and thousands of
		// public-key operations.
		{"shared/envelope", "OpenSSL|BouncyCastle|FlatMemory|TestPeer$|Wycheproof(ECDH|OAEP|PKCS1)"},
		{"shared/envelope/ghash", ""},
		{"host/internal/wire", ""},
		{"host/internal/unwrap", ""},
	}
}

func run(ctx context.Context, o options) error {
	allowed, err := readAllowed(o.root)
	if err != nil {
		return err
	}
	var all [][]mutant
	total := 0
	for _, t := range targets() {
		if o.only != "" && t.dir != o.only {
			continue
		}
		list, err := mutantsOf(o.root, t)
		if err != nil {
			return err
		}
		list = allowed.without(list)
		all, total = append(all, list), total+len(list)
	}
	if total == 0 {
		return errors.New("no mutant was found")
	}
	dir, err := os.MkdirTemp("", "scelle-mutate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := &trial{options: o, dir: dir}
	if err := t.baseline(ctx); err != nil {
		return err
	}
	fmt.Printf("%d possible mutants, %d drawn with seed %d\n", total, min(o.n, total), o.seed)
	results := t.try(ctx, draw(all, o.n, o.seed))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return report(os.Stdout, results, o.min)
}
