//go:build linux && cgo

package nss

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/miekg/pkcs11"

	"scelle/shared/fault"
)

// explain gives an error of softoken the code that people can act on.
func (s *store) explain(err error) error {
	if fault.CodeOf(err) != fault.Internal {
		return err // nil, or explained already
	}
	var rv pkcs11.Error
	if !errors.As(err, &rv) {
		return fault.Recode(fault.StoreFailed, err)
	}
	switch rv {
	case pkcs11.CKR_TOKEN_WRITE_PROTECTED, pkcs11.CKR_SESSION_READ_ONLY:
		return fault.Recode(fault.StoreReadOnly, err)
	case pkcs11.CKR_USER_NOT_LOGGED_IN:
		return fault.Recode(fault.StoreLocked, err)
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_INVALID:
		return fault.Recode(fault.StorePassword, err)
	}
	if s.busy(rv) {
		return fault.Recode(fault.StoreBusy, err)
	}
	return fault.Recode(fault.StoreFailed, err)
}

// decryptFault explains why a decryption that had begun failed: as a rule the
// ciphertext is to blame, whatever softoken calls it. A lock that kept it from
// reading the key is another matter, and has nothing to do with the padding.
func (s *store) decryptFault(err error) error {
	var rv pkcs11.Error
	if errors.As(err, &rv) && s.busy(rv) {
		return fault.Recode(fault.StoreBusy, err)
	}
	return fault.Recode(fault.EnvelopeUnreadable, err)
}

// busy says whether an error of softoken is that of a lock.
func (s *store) busy(rv pkcs11.Error) bool {
	switch rv {
	case pkcs11.CKR_GENERAL_ERROR, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_FUNCTION_FAILED:
		return s.lockedElsewhere()
	}
	return false
}

// openFault explains why a database could not be opened after all tries.
func (s *store) openFault(err error) error {
	switch {
	case fault.CodeOf(err) != fault.Internal:
		return err
	case errors.Is(err, pkcs11.Error(pkcs11.CKR_TOKEN_WRITE_PROTECTED)):
		return fault.Recode(fault.StoreReadOnly, err)
	case s.lockedElsewhere():
		return fault.Recode(fault.StoreBusy, err)
	case s.unreadable():
		return fault.Recode(fault.StoreFailed, os.ErrPermission)
	case !s.exists():
		// Softoken could not make its files: the directory is not ours to write.
		return fault.Recode(fault.StoreReadOnly, err)
	}
	return fault.Recode(fault.StoreDamaged, err)
}

// damage returns fault.StoreDamaged when a file of the database does not begin
// as every SQLite file does. An empty file is a database not yet written.
//
// It opens and closes the files, and closing drops this process's POSIX locks
// on them (fcntl(2)): only call it while softoken has the database not open.
func (s *store) damage() error {
	for _, name := range databaseFiles() {
		f, err := os.Open(filepath.Join(s.path, name))
		if err != nil {
			continue
		}
		head, err := io.ReadAll(io.LimitReader(f, 16))
		f.Close()
		if err == nil && len(head) > 0 && !bytes.Equal(head, []byte("SQLite format 3\x00")) {
			return fault.Newf(fault.StoreDamaged, "%s", name)
		}
	}
	return nil
}

// unreadable says whether a file of the database may not even be read. Like
// damage it must not run while the database is open here.
func (s *store) unreadable() bool {
	for _, name := range databaseFiles() {
		f, err := os.Open(filepath.Join(s.path, name))
		if errors.Is(err, os.ErrPermission) {
			return true
		}
		if err == nil {
			f.Close()
		}
	}
	return false
}

// lockedElsewhere says whether another process holds a write lock on the
// database.
// SQLite reports a lock and a broken file by the same error through softoken;
// this tells them apart. The kernel's list is read, proc_locks(5), since
// asking with fcntl would need the file to be opened and closed.
func (s *store) lockedElsewhere() bool {
	inodes := s.inodes()
	f, err := os.Open("/proc/locks")
	if err != nil {
		return false
	}
	defer f.Close()
	own := strconv.Itoa(os.Getpid())
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// 1: POSIX  ADVISORY  WRITE 1234 fe:01:12345 1073741824 1073741825
		field := strings.Fields(lines.Text())
		if len(field) < 6 || field[3] != "WRITE" || field[4] == own {
			continue
		}
		inode := field[5][strings.LastIndexByte(field[5], ':')+1:]
		if inodes[inode] {
			return true
		}
	}
	return false
}

func (s *store) inodes() map[string]bool {
	inodes := make(map[string]bool)
	for _, name := range databaseFiles() {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(s.path, name), &st) == nil {
			inodes[strconv.FormatUint(st.Ino, 10)] = true
		}
	}
	return inodes
}
