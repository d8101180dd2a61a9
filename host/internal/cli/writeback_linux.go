package cli

import (
	"os"

	"golang.org/x/sys/unix"
)

// startWriteback begins to put n bytes of a file, from an offset on, on the
// disk. It is a hint: what comes of it shows in the file's Sync.
func startWriteback(f *os.File, from, n int64) {
	unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}
