//go:build linux && cgo

package nss

import (
	"context"
	"os"
	"path/filepath"
	"sync"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// store is one NSS database.
type store struct {
	path     string // absolute and clean
	existing bool   // never make the database
	lib      *pkcs11.Ctx

	// calls is held for reading by every operation, and for writing by Close,
	// which must not end the library under a running call.
	calls  sync.RWMutex
	closed bool // under calls

	mu    sync.Mutex // guards the two below
	db    *database  // open while users > 0
	users int        // operations running and unwrappers not closed

	imports sync.Mutex // one import or removal at a time in this process
}

var _ powers = (*store)(nil)

// Open finds NSS's library and returns the store. The database itself is
// opened by each operation, so a missing or damaged one is told by Status.
// fault.StoreLibrary when the library is not installed (package libnss3 on
// Debian, nss-softokn on Fedora), fault.BadRequest for a relative path.
func Open(o Options) (powers, error) {
	if o.Path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fault.Recode(fault.StoreMissing, err)
		}
		o.Path = Shared(home, os.Getenv)
	}
	if !filepath.IsAbs(o.Path) {
		return nil, fault.Newf(fault.BadRequest, "relative database path")
	}
	lib, err := loadLibrary(o.Library)
	if err != nil {
		return nil, err
	}
	return &store{path: filepath.Clean(o.Path), existing: o.Existing, lib: lib}, nil
}

// Status implements keystore.Store.
func (s *store) Status(ctx context.Context) keystore.Status {
	status := keystore.Status{
		ID: ID, Name: Name, Location: s.path, State: keystore.Ready,
		Capabilities: keystore.Capabilities{
			Import: true, Delete: true, Exportable: true,
			Mechanisms: keystore.AllMechanisms(),
		},
	}
	err := s.read(ctx, func(v *view) error {
		switch {
		case v.db.locked:
			status.State = keystore.Locked
		case v.db.readOnly && v.db.reason == fault.StoreReadOnly:
			status.State = keystore.ReadOnly
		}
		entries, err := v.entries(s.path)
		for _, e := range entries {
			status.Certificates++
			if e.HasKey {
				status.Keys++
			}
		}
		return err
	})
	if err != nil {
		status.State, status.Err = keystore.Failed, fault.Of(err)
	}
	return status
}

// List implements keystore.Store.
func (s *store) List(ctx context.Context) ([]keystore.Entry, error) {
	var list []keystore.Entry
	err := s.read(ctx, func(v *view) (err error) {
		list, err = v.entries(s.path)
		return err
	})
	return list, err
}

// Close implements keystore.Store. It waits for running operations;
// unwrappers that are still open stop working.
func (s *store) Close() error {
	s.calls.Lock()
	defer s.calls.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.db != nil {
		s.db.close()
		s.db = nil
	}
	return nil
}

// view is one session on the open database: what an operation works with.
type view struct {
	lib     *pkcs11.Ctx
	db      *database
	session pkcs11.SessionHandle
}

// read runs f in a session of its own. A database that does not exist yet is
// left so: f is not called, as there is nothing to see.
func (s *store) read(ctx context.Context, f func(*view) error) error {
	if !s.existing && !s.exists() {
		s.calls.RLock()
		defer s.calls.RUnlock()
		return s.usable(ctx)
	}
	return s.with(ctx, false, f)
}

// with opens the database, if nobody has, and runs f in a session.
func (s *store) with(ctx context.Context, write bool, f func(*view) error) error {
	s.calls.RLock()
	defer s.calls.RUnlock()
	db, err := s.acquire(ctx, write)
	if err != nil {
		return err
	}
	defer s.release()
	return s.inSession(db, write, f)
}

func (s *store) inSession(db *database, write bool, f func(*view) error) error {
	flags := uint(pkcs11.CKF_SERIAL_SESSION)
	if write {
		flags |= pkcs11.CKF_RW_SESSION
	}
	session, err := s.lib.OpenSession(db.slot, flags)
	if err != nil {
		return s.explain(err)
	}
	defer s.lib.CloseSession(session)
	return s.explain(f(&view{lib: s.lib, db: db, session: session}))
}

// acquire returns the open database and counts one more user of it. Call it
// with calls held.
func (s *store) acquire(ctx context.Context, write bool) (*database, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db == nil {
		db, err := s.open(ctx, write)
		if err != nil {
			return nil, err
		}
		s.db = db
	}
	if write {
		if err := s.db.writable(); err != nil {
			s.drop()
			return nil, err
		}
	}
	s.users++
	return s.db, nil
}

// release is the end of one use. It may come after Close.
func (s *store) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	s.drop()
}

// drop closes the database when nobody uses it.
func (s *store) drop() {
	if s.users == 0 && s.db != nil {
		s.db.close()
		s.db = nil
	}
}

// usable reports why no operation may start. Call it with calls held.
func (s *store) usable(ctx context.Context) error {
	if s.closed {
		return keystore.ErrClosed()
	}
	return keystore.Interrupted(ctx)
}
