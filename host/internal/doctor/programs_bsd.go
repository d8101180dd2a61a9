//go:build unix && !linux

package doctor

import (
	"os"

	"golang.org/x/sys/unix"
)

// programs lists this user's programs by what the kernel calls them.
func programs() ([]Program, error) {
	all, err := unix.SysctlKinfoProcSlice("kern.proc.uid", os.Getuid())
	if err != nil {
		return nil, err
	}
	var found []Program
	for _, p := range all {
		found = append(found, Program{ID: int(p.Proc.P_pid), Name: unix.ByteSliceToString(p.Proc.P_comm[:])})
	}
	return found, nil
}
