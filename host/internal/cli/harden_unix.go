//go:build unix

package cli

import (
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// outliveBrowser keeps a browser that has gone from ending the host in the
// middle of an import: writing to it fails instead.
func outliveBrowser() { signal.Ignore(syscall.SIGPIPE) }

// closeMemory keeps content keys out of core files and away from other
// programs of the same user. It only makes worse cases less bad: without it
// the host works as well.
func closeMemory() {
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	undumpable()
}
