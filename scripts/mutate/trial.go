package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// outcome is what became of a mutant.
type outcome int

const (
	killed   outcome = iota // a test failed, panicked or did not end
	survived                // all tests passed
	invalid                 // it does not compile
)

// result is one mutant with its outcome.
type result struct {
	mutant
	outcome
}

// trial runs tests on mutants.
type trial struct {
	options
	dir string // for mutated files

	mu    sync.Mutex
	count int
}

// baseline runs the tests on the source as it is: mutants are only told apart
// by tests that pass.
func (t *trial) baseline(ctx context.Context) error {
	for _, target := range targets() {
		if t.only != "" && target.dir != t.only {
			continue
		}
		if out, err := t.test(ctx, target, ""); err != nil {
			return fmt.Errorf("%s fails without any mutant: %w\n%s", target.dir, err, out)
		}
	}
	return nil
}

// test runs a package's quick tests; overlay is the file that replaces
// sources, "" for none.
func (t *trial) test(ctx context.Context, target target, overlay string) ([]byte, error) {
	// The build is outside the tests' own time limit, hence the double.
	ctx, cancel := context.WithTimeout(ctx, 2*t.timeout+time.Minute)
	defer cancel()
	args := []string{"test", "-count=1", "-failfast", "-vet=off", "-timeout", t.timeout.String()}
	if target.skip != "" {
		args = append(args, "-skip", target.skip)
	}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+target.dir)...)
	cmd.Dir = t.root
	// A mutant that forgets an end must not fill the machine's memory.
	cmd.Env = append(os.Environ(), "GOMEMLIMIT=1GiB", "TMPDIR="+t.dir)
	cmd.WaitDelay = time.Second
	return cmd.CombinedOutput()
}

// try tests the mutants of all lots and returns those that compiled.
func (t *trial) try(ctx context.Context, lots []lot) []result {
	var results []result
	var mu sync.Mutex
	for _, lot := range lots {
		waiting, valid := lot.mutants, 0
		next := func() (mutant, bool) {
			mu.Lock()
			defer mu.Unlock()
			if valid == lot.want || len(waiting) == 0 || ctx.Err() != nil {
				return mutant{}, false
			}
			m := waiting[0]
			waiting, valid = waiting[1:], valid+1
			return m, true
		}
		var workers sync.WaitGroup
		for range max(t.workers, 1) {
			workers.Go(func() {
				for m, ok := next(); ok; m, ok = next() {
					r := result{m, t.one(ctx, m)}
					mu.Lock()
					if r.outcome == invalid {
						valid--
					} else {
						results = append(results, r)
					}
					mu.Unlock()
				}
			})
		}
		workers.Wait()
	}
	return results
}

// one tests one mutant.
func (t *trial) one(ctx context.Context, m mutant) outcome {
	overlay, err := t.overlay(m)
	if err != nil {
		return invalid
	}
	out, err := t.test(ctx, m.target, overlay)
	switch {
	case err == nil:
		return survived
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return invalid
	}
	return killed
}

// overlay writes the mutated file and the description that go test reads.
func (t *trial) overlay(m mutant) (string, error) {
	path, err := filepath.Abs(filepath.Join(t.root, filepath.FromSlash(m.file)))
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	if m.end > len(source) {
		return "", errors.New("the source has changed")
	}
	t.mu.Lock()
	t.count++
	base := filepath.Join(t.dir, fmt.Sprint("mutant", t.count))
	t.mu.Unlock()
	text := string(source[:m.start]) + m.with + string(source[m.end:])
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: base + ".go"}})
	if err != nil {
		return "", err
	}
	return base + ".json", errors.Join(
		os.WriteFile(base+".go", []byte(strings.TrimSuffix(text, "\n")+"\n"), 0o600),
		os.WriteFile(base+".json", list, 0o600))
}
