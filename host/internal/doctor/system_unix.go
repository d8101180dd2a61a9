//go:build !windows

package doctor

import "golang.org/x/sys/unix"

// systemVersion is what the kernel calls itself: "Linux 6.1.0-30-amd64".
func systemVersion() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}
