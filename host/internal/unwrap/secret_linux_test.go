package unwrap_test

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
)

// TestSecretHalfWritten: a disk that takes half of the file. Nothing is left of
// it, and the next call makes a whole secret.
func TestSecretHalfWritten(t *testing.T) {
	dir := t.TempDir()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: unwrap.SecretSize / 2, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := unwrap.LoadOrCreateSecret(dir)
	if e := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); e != nil {
		t.Fatal(e)
	}
	wantFault(t, "half of a file", err, fault.WriteFailed)
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("%v is left, %v", files, err)
	}
	if secret, err := unwrap.LoadOrCreateSecret(dir); err != nil || len(secret) != unwrap.SecretSize {
		t.Errorf("%d bytes afterwards, %v", len(secret), err)
	}
}
