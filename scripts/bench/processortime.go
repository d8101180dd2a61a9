package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// processorTime is how many seconds a process and all that it started have had
// of the processors: utime, stime and those of children that ended, proc(5), in
// ticks of 10 ms. Unlike time on a clock it says nearly the same on a machine
// that is busy.
func processorTime(root int) (float64, error) {
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	processes := map[int]process{}
	for _, path := range paths {
		if line, err := os.ReadFile(path); err == nil { // else it ended meanwhile
			p := parseStat(string(line))
			processes[p.id] = p
		}
	}
	if _, ok := processes[root]; !ok {
		return 0, errors.New("no such process runs")
	}
	ticks := 0
	for id := range processes {
		for p := processes[id]; p.id > 1; p = processes[p.parent] {
			if p.id == root {
				ticks += processes[id].ticks
				break
			}
		}
	}
	return float64(ticks) / 100, nil
}

// atRest waits until this program and all that it started have hardly used the
// processors for a while: browsers go on starting after they have answered.
func atRest() error {
	const (
		look   = 500 * time.Millisecond
		least  = 0.025 // seconds of the processors within a look
		longer = time.Minute
	)
	before, err := processorTime(os.Getpid())
	if err != nil {
		return err
	}
	for start := time.Now(); time.Since(start) < longer; {
		time.Sleep(look)
		now, err := processorTime(os.Getpid())
		if err != nil {
			return err
		}
		// Less than before: a process ended while they were read.
		if used := now - before; used >= 0 && used <= least {
			return nil
		}
		before = now
	}
	return fmt.Errorf("the processors were busy for %s: nothing can be measured", longer)
}

// process is what /proc/PID/stat says of one.
type process struct{ id, parent, ticks int }

// parseStat reads a line of proc(5). The name, in parentheses, may hold
// anything.
func parseStat(line string) (p process) {
	open, end := strings.Index(line, "("), strings.LastIndex(line, ")")
	if open < 0 || end < open {
		return p
	}
	const parent, firstTime, lastTime = 1, 11, 14 // after the name; ppid, utime to cstime
	fields := strings.Fields(line[end+1:])
	if len(fields) <= lastTime {
		return p
	}
	p.id, _ = strconv.Atoi(strings.TrimSpace(line[:open]))
	p.parent, _ = strconv.Atoi(fields[parent])
	for _, f := range fields[firstTime : lastTime+1] {
		ticks, _ := strconv.Atoi(f)
		p.ticks += ticks
	}
	return p
}
