package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// enough is how many mutants of one package make its own share meaningful.
const enough = 40

// score counts the mutants of one package.
type score struct{ killed, all int }

func (s score) percent() float64 { return 100 * float64(s.killed) / float64(max(s.all, 1)) }

// report prints survivors and shares; fewer than least percent is an error.
func report(w io.Writer, results []result, least float64) error {
	scores, total := map[string]score{}, score{}
	slices.SortFunc(results, func(a, b result) int {
		if c := strings.Compare(a.file, b.file); c != 0 {
			return c
		}
		return a.start - b.start
	})
	for _, r := range results {
		s := scores[r.target.dir]
		s.all++
		total.all++
		if r.outcome == killed {
			s.killed++
			total.killed++
		} else {
			fmt.Fprintln(w, "survived:", r)
		}
		scores[r.target.dir] = s
	}
	if total.all == 0 {
		return fmt.Errorf("no mutant was tried")
	}
	var weak []string
	for _, t := range targets() {
		s, tried := scores[t.dir]
		if !tried {
			continue
		}
		fmt.Fprintf(w, "%-26s %4d of %4d killed, %5.1f %%\n", t.dir, s.killed, s.all, s.percent())
		if s.all >= enough && s.percent() < least {
			weak = append(weak, t.dir)
		}
	}
	fmt.Fprintf(w, "%-26s %4d of %4d killed, %5.1f %%\n", "all", total.killed, total.all, total.percent())
	if total.percent() < least || len(weak) > 0 {
		return fmt.Errorf("less than %.0f %% killed %s", least, strings.Join(weak, ", "))
	}
	return nil
}

// allowed are the mutants that nobody could notice, by file, kind and marked
// line; the value is the line of equivalent.txt.
type allowed map[key]int

type key struct{ file, kind, marked string }

func (m mutant) key() key { return key{m.file, m.kind, m.marked} }

const allowFile = "scripts/mutate/equivalent.txt"

// readAllowed reads equivalent.txt: file, kind, marked line and reason, with
// tabs between them; lines that start with # are comments.
func readAllowed(root string) (allowed, error) {
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(allowFile)))
	if err != nil {
		return nil, err
	}
	a := allowed{}
	lines := bufio.NewScanner(bytes.NewReader(b))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 4 || strings.TrimSpace(f[3]) == "" {
			return nil, fmt.Errorf("%s:%d: file, kind, line and reason are wanted", allowFile, n)
		}
		a[key{f[0], f[1], f[2]}] = n
	}
	return a, lines.Err()
}

// without removes what is allowed.
func (a allowed) without(list []mutant) []mutant {
	return slices.DeleteFunc(list, func(m mutant) bool { return a[m.key()] > 0 })
}
