package browser

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// RendererPeak is the highest resident memory, in KiB, that any renderer of
// the Chromium with this profile has had so far.
func RendererPeak(userDataDir string) (float64, error) {
	return PeakBelow(
		func(_, line string) bool { return strings.Contains(line+" ", "--user-data-dir="+userDataDir+" ") },
		func(line string) bool { return strings.Contains(line, "--type=renderer") })
}

// RendererPeak is the highest resident memory, in KiB, that any process with
// pages has had so far.
func (c *Chromium) RendererPeak() (float64, error) { return RendererPeak(c.userDataDir) }

// PeakBelow is the highest resident memory, in KiB (VmHWM of proc(5)), of the
// processes that count, by their command line, among those that root names by
// process id and command line and what they started.
func PeakBelow(root func(pid, line string) bool, counts func(line string) bool) (float64, error) {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	ours := map[string]bool{} // process ids of the browser and what it started
	parents, lines := map[string]string{}, map[string]string{}
	for _, dir := range entries {
		pid := filepath.Base(dir)
		line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
		if err != nil {
			continue // it ended meanwhile
		}
		lines[pid] = string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		parents[pid] = field(dir, "PPid:")
		ours[pid] = root(pid, lines[pid])
	}
	for range 4 { // the browser, its zygotes, their children
		for pid, parent := range parents {
			ours[pid] = ours[pid] || ours[parent]
		}
	}
	var peak float64
	for pid, line := range lines {
		if ours[pid] && counts(line) {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(field("/proc/"+pid, "VmHWM:"), " kB"), 64)
			peak = max(peak, kib)
		}
	}
	if peak == 0 {
		return 0, errors.New("no such process runs")
	}
	return peak, nil
}

// field reads a line of a process's status.
func field(dir, name string) string {
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
