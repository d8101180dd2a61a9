package unwrap

import (
	"errors"
	"time"

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

// readPatiently waits for another process that is giving the file its name:
// until then it cannot be read.
func readPatiently(path string) (secret []byte, err error) {
	for range 100 {
		if secret, err = readSecret(path); !errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return secret, err
}
