//go:build unix && !linux

package doctor

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// synchronised is not known here.
func synchronised() (yes, known bool) { return false, false }

// minMacOS is what Go's programs need (go.dev/wiki/MinimumRequirements).
const minMacOS = 12

func outdated() (tooOld bool, version string) {
	version, err := unix.Sysctl("kern.osproductversion")
	if err != nil {
		return false, ""
	}
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n < minMacOS, "macOS " + version
}
