package cli

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/shared/fault"
)

// TestCancelledWhileTheFileIsMade: a signal may come at the very moment at which
// an output begins; it leaves no file, and no panic.
func TestCancelledWhileTheFileIsMade(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 300 {
		o, err := createOutput(ctx, filepath.Join(dir, "out.p7m"), 0o600, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := o.commit(); err != nil && fault.CodeOf(err) != fault.Cancelled {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "out.p7m")); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err) // where commit came first
		}
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d files are left, such as %s", len(left), left[0])
		}
	}
}
