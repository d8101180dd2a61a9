//go:build linux && cgo

package nss

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cryptoki"
	"scelle/host/internal/pinentry"
	"scelle/shared/fault"
)

// reader is one NSS database that is looked at and used.
type reader struct {
	store
}

// writer is one that takes new keys, too.
type writer struct {
	store
}

// store is one NSS database.
type store struct {
	id, name string
	path     string // absolute and clean
	existing bool   // never make the database
	looking  bool   // never write to it
	prompt   pinentry.Prompt
	linger   time.Duration
	softoken *softoken

	// calls is held for reading by every operation, and for writing by Close,
	// which must not close the database under a running call. life ends when
	// Close begins, so that it does not wait for a person who is asked.
	calls  sync.RWMutex
	closed bool // under calls
	life   context.Context
	end    context.CancelFunc

	mu    sync.Mutex // guards the three below
	db    *database  // open while users > 0, and for a moment afterwards
	users int        // operations running and unwrappers not closed
	uses  int        // counts the times that users fell to 0, so that a late close knows

	asking  chan struct{}               // holds one while a password is asked for and tried
	refused atomic.Pointer[fault.Fault] // the last person's no, which is that of all who waited for it
	imports sync.Mutex                  // one import or removal at a time in this process
}

var (
	_ powers         = (*writer)(nil)
	_ keystore.Store = (*reader)(nil)
)

// Open finds NSS's library and returns the store of the shared database. The
// database itself is opened by each operation, so a missing or damaged one is
// told by Status. fault.StoreLibrary when the library is not installed
// (package libnss3 on Debian, nss-softokn on Fedora), fault.BadRequest for a
// relative path.
func Open(o Options) (powers, error) {
	if o.Path == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return nil, fault.Recode(fault.StoreMissing, err)
		}
		o.Path = Shared(home, os.Getenv)
	}
	w := new(writer)
	if err := w.init(o); err != nil {
		return nil, err
	}
	return w, nil
}

// OpenProfile returns the store of a Firefox profile's own database, which is
// looked at and used but never written: what is imported goes to the shared
// one. Options.Path is the profile's folder. Errors are Open's.
func OpenProfile(o Options, name string) (keystore.Store, error) {
	r := new(reader)
	if err := r.init(o); err != nil {
		return nil, err
	}
	r.id, r.name, r.existing, r.looking = FirefoxID, name, true, true
	return r, nil
}

func (s *store) init(o Options) error {
	if !filepath.IsAbs(o.Path) {
		return fault.Newf(fault.BadRequest, "relative database path")
	}
	softoken, err := loadLibrary(o.Library)
	if err != nil {
		return err
	}
	s.id, s.name, s.path = ID, Name, filepath.Clean(o.Path)
	s.existing, s.prompt, s.linger, s.softoken = o.Existing, o.Prompt, o.Linger, softoken
	s.asking = make(chan struct{}, 1)
	s.life, s.end = context.WithCancel(context.Background())
	return nil
}

// Status implements keystore.Store.
func (s *store) Status(ctx context.Context) keystore.Status {
	status := keystore.Status{
		ID: s.id, Name: s.name, Location: s.path, State: keystore.Ready,
		Capabilities: keystore.Capabilities{
			Import: !s.looking, Delete: !s.looking, Exportable: true,
			Mechanisms: keystore.AllMechanisms(),
		},
	}
	err := s.read(ctx, func(v *view) error {
		switch {
		case v.db.hidden():
			status.State, status.Err = keystore.Locked, s.unlockable(v.db)
		case !s.looking && v.db.readOnly && v.db.reason == fault.StoreReadOnly:
			status.State = keystore.ReadOnly
		}
		entries, err := v.entries(s)
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
		list, err = v.entries(s)
		return err
	})
	return list, err
}

// Close implements keystore.Store. It waits for running operations;
// unwrappers that are still open stop working.
func (s *store) Close() error {
	s.end()
	s.calls.Lock()
	defer s.calls.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.db != nil {
		s.db.close()
		s.db = nil
	}
	s.softoken.leave()
	return nil
}

// view is one session on the open database: what an operation works with.
type view struct {
	cryptoki.Session
	lib *pkcs11.Ctx
	db  *database
}

// read runs f in a session of its own. A database that does not exist yet is
// left so: f is not called, as there is nothing to see.
func (s *store) read(ctx context.Context, f func(*view) error) error {
	if !s.existing && !s.exists() {
		s.calls.RLock()
		defer s.calls.RUnlock()
		if err := s.usable(ctx); err != nil {
			return err
		}
		if err := s.prepare(false); fault.CodeOf(err) != fault.StoreMissing {
			return err
		}
		return nil
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
	session, err := db.softoken.lib.OpenSession(db.slot, flags)
	if err != nil {
		return s.explain(err)
	}
	defer db.softoken.lib.CloseSession(session)
	return s.explain(f(&view{Session: cryptoki.Session{Lib: db.softoken.lib, Handle: session}, lib: db.softoken.lib, db: db}))
}

// acquire returns the open database and counts one more user of it. A database
// that nobody uses now is opened anew when another program wrote to it, and
// for a writer, who must find out about locks. Call it with calls held.
func (s *store) acquire(ctx context.Context, write bool) (*database, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.db != nil && s.users == 0 && s.stale(write) {
		s.drop()
	}
	if s.db == nil {
		db, err := s.open(ctx, write)
		if err != nil {
			return nil, err
		}
		s.db = db
	}
	if write && s.db.readOnly {
		reason := s.db.reason
		if s.users == 0 {
			s.drop()
		}
		return nil, fault.New(reason)
	}
	s.users++
	return s.db, nil
}

// stale says whether the open database must be opened anew: because another
// program wrote to it, or is about to, which softoken would wait for many times
// over in a database that is open for writing. One whose password was given
// stays as long as its files are the same ones, or the person would be asked
// again whenever a browser stores something. Call it with mu held.
func (s *store) stale(write bool) bool {
	now := s.stamp()
	if s.db.in.Load() {
		return now[0].inode != s.db.stamp[0].inode || now[1].inode != s.db.stamp[1].inode
	}
	return write || now != s.db.stamp || s.lockedElsewhere() != unlocked
}

// moment is how long a database stays open after its last use, so that a
// series of plis pays for opening it once.
const moment = 2 * time.Second

// release is the end of one use. It may come after Close.
func (s *store) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users--
	if s.users > 0 || s.db == nil {
		return
	}
	wait := moment
	if s.db.in.Load() {
		wait = s.linger
	}
	if wait <= 0 {
		s.drop()
		return
	}
	s.uses++
	uses := s.uses
	time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.db != nil && s.users == 0 && s.uses == uses {
			s.drop()
		}
	})
}

// drop closes the database. Call it with mu held, and no users.
func (s *store) drop() {
	s.db.close()
	s.db = nil
}

// usable reports why no operation may start. Call it with calls held.
func (s *store) usable(ctx context.Context) error {
	if s.closed {
		return keystore.ErrClosed()
	}
	return keystore.Interrupted(ctx)
}

// Title implements keystore.Titled.
func (s *store) Title() string { return s.name }
