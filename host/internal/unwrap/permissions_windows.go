package unwrap

import (
	"errors"

	"golang.org/x/sys/windows"
)

// permissionsMatter is false on Windows: access is by the lists that a file
// inherits from the user's own profile directory, and Go's modes say nothing.
const permissionsMatter = false

// publish gives a file its final name unless something has it, which is
// fs.ErrExist. The old name goes: a second one, as Link would leave, cannot be
// removed while another process reads the file by the first.
func publish(from, to string) error {
	old, err := windows.UTF16PtrFromString(from)
	if err != nil {
		return err
	}
	name, err := windows.UTF16PtrFromString(to)
	if err != nil {
		return err
	}
	return windows.MoveFileEx(old, name, windows.MOVEFILE_WRITE_THROUGH)
}

// beingNamed says whether a file cannot be read while publish names it.
func beingNamed(err error) bool { return errors.Is(err, windows.ERROR_SHARING_VIOLATION) }
