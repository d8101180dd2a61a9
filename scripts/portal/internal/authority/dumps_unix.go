//go:build unix

package authority

import "syscall"

// forbidDumps keeps a crash from writing the process's memory to disk. If the
// system refuses, the pair is made all the same: the limit is a precaution.
func forbidDumps() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) }
