package journal

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// A writer holds the lock for the time of one line; longer means that a
// process hangs.
const (
	lockTries = 250
	lockPause = 20 * time.Millisecond
)

// lock waits for the other processes, at most five seconds.
func lock(path string) (unlock func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for range lockTries {
		err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &windows.Overlapped{})
		if err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, windows.ERROR_LOCK_VIOLATION) && !errors.Is(err, windows.ERROR_IO_PENDING) {
			break
		}
		time.Sleep(lockPause)
	}
	return nil, errors.Join(err, f.Close())
}
