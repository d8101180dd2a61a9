package doctor

import "golang.org/x/sys/unix"

// synchronised is the kernel's word (adjtimex(2)); containers may not ask.
func synchronised() (yes, known bool) {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	return state != unix.TIME_ERROR, err == nil
}

// outdated: a Linux is judged by its C library, not by its kernel.
func outdated() (tooOld bool, version string) { return false, "" }
