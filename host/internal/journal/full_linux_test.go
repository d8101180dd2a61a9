package journal_test

import (
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"scelle/shared/fault"
)

// A line that does not fit on the disk is taken back whole. The size limit of
// a process stands for a full disk: it stops a write in the middle, too.
func TestFullDisk(t *testing.T) {
	dir, j := written(t, 3)
	info, err := os.Stat(filepath.Join(dir, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	limit := before
	limit.Cur = uint64(info.Size()) + 40
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	failed := j.Add(use(3))
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if fault.CodeOf(failed) != fault.JournalFailed || !errors.Is(failed, unix.EFBIG) {
		t.Errorf("%v", failed)
	}
	if n, err := j.Verify(); n != 3 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if err := j.Add(use(4)); err != nil {
		t.Error(err)
	}
	if n, err := j.Verify(); n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}
