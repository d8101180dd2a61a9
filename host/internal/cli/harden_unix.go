//go:build unix

package cli

import (
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"
)

// harden keeps content keys out of core files, and a browser that has gone
// from ending the host in the middle of an import.
func harden() {
	signal.Ignore(syscall.SIGPIPE)
	// Both calls only make worse cases less bad; without them the host works.
	_ = unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{})
	undumpable()
}
