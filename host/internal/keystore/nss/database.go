//go:build linux && cgo

package nss

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// database is one that softoken has open.
type database struct {
	softoken *softoken
	slot     uint
	readOnly bool       // opened without the right to write
	reason   fault.Code // why it is read-only: StoreReadOnly or StoreBusy
	locked   bool       // has a password
	fresh    bool       // was never initialised: its empty password must be set first
	newer    bool       // its password was set by an NSS that this one cannot follow
	stamp    stamp      // its files as they were

	in      atomic.Bool          // the password was given
	session pkcs11.SessionHandle // keeps it given: softoken forgets it with the last session
}

// stamp is what changes when another program writes to a database.
type stamp [2]struct {
	inode                uint64
	size                 int64
	modified, attributed syscall.Timespec
}

func (s *store) stamp() stamp {
	var all stamp
	for i, name := range databaseFiles() {
		var st syscall.Stat_t
		if syscall.Stat(filepath.Join(s.path, name), &st) == nil {
			all[i].inode, all[i].size = st.Ino, st.Size
			all[i].modified, all[i].attributed = st.Mtim, st.Ctim
		}
	}
	return all
}

// How often an open that failed is tried again, and how long one waits for
// another program's lock: a reader to be able to read, a writer to be alone.
const (
	openTries   = 3
	openPause   = 100 * time.Millisecond
	readPause   = time.Second
	writerPause = 3 * time.Second
)

// exists says whether there is a database in the new format (SQLite).
func (s *store) exists() bool { return anyFile(s.path, databaseFiles()) }

// open opens the database. A reader that meets a lock or files it may not
// write goes on read-only at once; a writer tries again.
func (s *store) open(ctx context.Context, write bool) (*database, error) {
	if err := s.prepare(write); err != nil {
		return nil, err
	}
	if err := s.await(ctx, write); err != nil {
		return nil, err
	}
	before := s.stamp()
	// Not while the database is open here: see damage.
	newer := passwordSalt(s.path) == newerSalt && !s.softoken.readsNewer()
	var err error
	for try := range openTries {
		if try > 0 {
			if err := pause(ctx, openPause); err != nil {
				return nil, err
			}
		}
		var db *database
		if db, err = s.openOnce(write); err == nil {
			db.stamp, db.newer = before, db.locked && newer
			return db, nil
		}
		if damaged := s.damage(); damaged != nil {
			return nil, damaged
		}
	}
	return nil, s.openFault(err)
}

// await waits for another program's lock to go. Softoken would wait too, and
// keep the other databases of this process waiting. fault.StoreBusy when the
// lock stays.
func (s *store) await(ctx context.Context, write bool) error {
	worst, patience := reserved, readPause
	if write {
		worst, patience = unlocked, writerPause
	}
	for start := time.Now(); s.lockedElsewhere() > worst; {
		if time.Since(start) > patience {
			return fault.Newf(fault.StoreBusy, "locked by another program")
		}
		if err := pause(ctx, openPause); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes sure that there is a directory, and makes it for a writer.
// A database in the format before SQLite is left alone: softoken would copy
// it into a new one without a word.
func (s *store) prepare(write bool) error {
	if s.exists() {
		return nil
	}
	if anyFile(s.path, legacyFiles()) {
		return fault.New(fault.StoreLegacy)
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
	if s.looking {
		reason = fault.StoreReadOnly
	} else if write || s.lockedElsewhere() == unlocked {
		slot, err := s.softoken.open(s.path, "")
		switch {
		case err == nil:
			return s.describe(&database{slot: slot})
		case errors.Is(err, pkcs11.Error(pkcs11.CKR_TOKEN_WRITE_PROTECTED)):
			reason = fault.StoreReadOnly
		case write:
			return nil, err
		}
	}
	slot, err := s.softoken.open(s.path, "readOnly")
	if err != nil {
		return nil, err
	}
	return s.describe(&database{slot: slot, readOnly: true, reason: reason})
}

// describe reads the token's flags. A password is there when logging in is
// required and a user PIN exists; without the latter the database is new.
func (s *store) describe(db *database) (*database, error) {
	db.softoken = s.softoken
	info, err := s.softoken.lib.GetTokenInfo(db.slot)
	if err != nil {
		db.close()
		return nil, err
	}
	login := info.Flags&pkcs11.CKF_LOGIN_REQUIRED != 0
	pin := info.Flags&pkcs11.CKF_USER_PIN_INITIALIZED != 0
	db.locked, db.fresh = login && pin, login && !pin
	return db, nil
}

// close forgets the password, if it was given, and gives back the files.
func (db *database) close() { db.softoken.close(db.slot) }

// hidden says whether private keys cannot be seen, for want of a password.
func (db *database) hidden() bool { return db.locked && !db.in.Load() }

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
