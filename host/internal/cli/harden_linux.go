package cli

import "golang.org/x/sys/unix"

// undumpable keeps other programs of the same user from attaching to the
// process or reading its memory.
func undumpable() {
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}
