package browser

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// RendererPeak is the highest resident memory, in KiB, that any renderer of
// the browser with this profile has had so far (VmHWM of proc(5)).
func RendererPeak(userDataDir string) (float64, error) {
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
		if strings.Contains(lines[pid]+" ", "--user-data-dir="+userDataDir+" ") {
			ours[pid] = true
		}
	}
	for range 4 { // the browser, its zygotes, their children
		for pid, parent := range parents {
			if ours[parent] {
				ours[pid] = true
			}
		}
	}
	var peak float64
	for pid := range ours {
		if strings.Contains(lines[pid], "--type=renderer") {
			kib, _ := strconv.ParseFloat(strings.TrimSuffix(field("/proc/"+pid, "VmHWM:"), " kB"), 64)
			peak = max(peak, kib)
		}
	}
	if peak == 0 {
		return 0, fmt.Errorf("no renderer of the profile %s runs", userDataDir)
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
