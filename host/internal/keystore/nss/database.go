//go:build linux && cgo

package nss

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// database is the softoken initialised on one directory. Initialisation is
// once per process in NSS, so that at most one database is open at a time.
type database struct {
	lib      *pkcs11.Ctx
	slot     uint
	readOnly bool       // opened without the right to write
	reason   fault.Code // why it is read-only: StoreReadOnly or StoreBusy
	locked   bool       // has a password
	fresh    bool       // was never initialised: its empty password must be set first
}

// userSlot is where softoken puts the database; slot 1 is its generic
// cryptography without one.
const userSlot = 2

// passwordNeeded is the answer of a database with a password, until the host
// can ask for it.
const passwordNeeded = fault.StoreLocked

// How often, and how long apart, an open that met a lock is tried again. Each
// try waits one second inside SQLite by itself.
const (
	openTries = 3
	openPause = 100 * time.Millisecond
)

// loadLibrary loads libsoftokn3.so. The library is never unloaded, not even
// by Close: NSPR leaves thread destructors behind that must stay mapped.
func loadLibrary(override string) (*pkcs11.Ctx, error) {
	candidates := libraryPlaces()
	if override != "" {
		candidates = []string{override}
	}
	for _, c := range candidates {
		if lib := pkcs11.New(c); lib != nil {
			return lib, nil
		}
	}
	return nil, fault.Newf(fault.StoreLibrary, "libsoftokn3.so: %s", strings.Join(candidates, ", "))
}

// libraryPlaces starts with the dynamic loader's own search, which is right on
// current Debian, Ubuntu, Fedora, Arch and openSUSE. The directory nss/ below
// a multiarch path is that of Debian and Ubuntu before NSS 3.72; the last
// place is NixOS's. Browsers' private copies do not load alone.
func libraryPlaces() []string {
	places := []string{"libsoftokn3.so"}
	for _, dir := range []string{
		"/usr/lib/x86_64-linux-gnu/nss", "/usr/lib/x86_64-linux-gnu",
		"/usr/lib/aarch64-linux-gnu/nss", "/usr/lib/aarch64-linux-gnu",
		"/usr/lib64", "/usr/lib64/nss", "/usr/lib", "/run/current-system/sw/lib",
	} {
		places = append(places, filepath.Join(dir, "libsoftokn3.so"))
	}
	return places
}

// exists says whether there is a database in the new format (SQLite).
func (s *store) exists() bool {
	for _, name := range databaseFiles() {
		if _, err := os.Stat(filepath.Join(s.path, name)); err == nil {
			return true
		}
	}
	return false
}

func databaseFiles() []string { return []string{"cert9.db", "key4.db"} }

// open initialises softoken on the database. A reader that meets a lock or
// files it may not write goes on read-only at once; a writer tries again.
func (s *store) open(ctx context.Context, write bool) (*database, error) {
	if err := s.prepare(write); err != nil {
		return nil, err
	}
	var err error
	for try := range openTries {
		if try > 0 {
			if err := pause(ctx, openPause); err != nil {
				return nil, err
			}
		}
		var db *database
		db, err = s.openOnce(write)
		if err == nil {
			return db, nil
		}
		if errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
			continue // another store of this process is at work
		}
		if damaged := s.damage(); damaged != nil {
			return nil, damaged
		}
	}
	return nil, s.openFault(err)
}

// prepare makes sure that there is a directory, and makes it for a writer.
func (s *store) prepare(write bool) error {
	if s.exists() {
		return nil
	}
	if s.existing || !write {
		return fault.Newf(fault.StoreMissing, "no database")
	}
	if err := os.MkdirAll(s.path, 0o700); err != nil {
		if errors.Is(err, os.ErrPermission) {
			return fault.Recode(fault.StoreReadOnly, err)
		}
		return fault.Recode(fault.StoreFailed, err)
	}
	return nil
}

// openOnce tries to open for writing and, where that cannot be, for reading.
// A reader that sees another program write does not try the former, which
// would wait for a second.
func (s *store) openOnce(write bool) (*database, error) {
	reason := fault.StoreBusy
	if write || !s.lockedElsewhere() {
		err := s.initialize("")
		switch {
		case err == nil:
			return s.describe(&database{lib: s.lib, slot: userSlot})
		case errors.Is(err, pkcs11.Error(pkcs11.CKR_TOKEN_WRITE_PROTECTED)):
			reason = fault.StoreReadOnly
		case write, errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)):
			return nil, err
		}
	}
	if err := s.initialize("readOnly"); err != nil {
		return nil, err
	}
	return s.describe(&database{lib: s.lib, slot: userSlot, readOnly: true, reason: reason})
}

func (s *store) initialize(flags string) error {
	parameters := fmt.Appendf(nil, "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags=%s\x00",
		escapeParameter(s.path), flags)
	return s.lib.Initialize(pkcs11.InitializeWithReserved(unsafe.Pointer(&parameters[0])))
}

// escapeParameter writes a value for between single quotes in NSS's parameter
// syntax, where a backslash takes the next character literally.
func escapeParameter(v string) string {
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v)
}

// describe reads the token's flags. A password is there when logging in is
// required and a user PIN exists; without the latter the database is new.
func (s *store) describe(db *database) (*database, error) {
	info, err := s.lib.GetTokenInfo(db.slot)
	if err != nil {
		db.close()
		return nil, err
	}
	login := info.Flags&pkcs11.CKF_LOGIN_REQUIRED != 0
	pin := info.Flags&pkcs11.CKF_USER_PIN_INITIALIZED != 0
	db.locked, db.fresh = login && pin, login && !pin
	return db, nil
}

func (db *database) close() { _ = db.lib.Finalize() }

// writable says why nothing can be written.
func (db *database) writable() error {
	switch {
	case db.readOnly:
		return fault.New(db.reason)
	case db.locked:
		return fault.New(passwordNeeded)
	}
	return nil
}

// pause waits, or returns the fault of a context that ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return keystore.Interrupted(ctx)
	}
}
