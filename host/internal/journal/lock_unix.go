//go:build !windows

package journal

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
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
		if err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == nil {
			return f.Close, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			break
		}
		time.Sleep(lockPause)
	}
	return nil, errors.Join(err, f.Close())
}
