//go:build linux && cgo

package nss

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

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
		return s.lockedElsewhere() != unlocked
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
	case s.lockedElsewhere() != unlocked:
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
