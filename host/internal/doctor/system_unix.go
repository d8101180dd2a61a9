//go:build !windows

package doctor

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// systemVersion is what the kernel calls itself: "Linux 6.1.0-30-amd64".
func systemVersion() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

// free is what an ordinary user may still write on the folder's disk, in bytes.
func free(folder string) (uint64, error) {
	var s unix.Statfs_t
	if err := unix.Statfs(folder, &s); err != nil {
		return 0, err
	}
	return s.Bavail * uint64(s.Bsize), nil
}

// ours reports whether a folder belongs to this user and whether others are
// kept from it.
func ours(folder string) (ours, closed, known bool) {
	info, err := os.Stat(folder)
	if err != nil {
		return false, false, false
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(owner.Uid) == os.Getuid(), info.Mode().Perm()&0o077 == 0, ok
}

// registryValues: only Windows has a registry.
func registryValues(bool, string) map[string]any { return nil }
