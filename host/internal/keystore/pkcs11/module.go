//go:build linux && cgo

package pkcs11

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// library is what this package calls of a module; *pkcs11.Ctx has it, and
// tests put faults between.
type library interface {
	Initialize(...pkcs11.InitializeOption) error
	Finalize() error
	GetSlotList(tokenPresent bool) ([]uint, error)
	GetTokenInfo(slot uint) (pkcs11.TokenInfo, error)
	OpenSession(slot uint, flags uint) (pkcs11.SessionHandle, error)
	CloseSession(pkcs11.SessionHandle) error
	GetSessionInfo(pkcs11.SessionHandle) (pkcs11.SessionInfo, error)
	Login(s pkcs11.SessionHandle, user uint, pin string) error
	Logout(pkcs11.SessionHandle) error
	FindObjectsInit(pkcs11.SessionHandle, []*pkcs11.Attribute) error
	FindObjects(pkcs11.SessionHandle, int) ([]pkcs11.ObjectHandle, bool, error)
	FindObjectsFinal(pkcs11.SessionHandle) error
	GetAttributeValue(pkcs11.SessionHandle, pkcs11.ObjectHandle, []*pkcs11.Attribute) ([]*pkcs11.Attribute, error)
	DecryptInit(pkcs11.SessionHandle, []*pkcs11.Mechanism, pkcs11.ObjectHandle) error
	Decrypt(pkcs11.SessionHandle, []byte) ([]byte, error)
	DeriveKey(pkcs11.SessionHandle, []*pkcs11.Mechanism, pkcs11.ObjectHandle, []*pkcs11.Attribute) (pkcs11.ObjectHandle, error)
	DestroyObject(pkcs11.SessionHandle, pkcs11.ObjectHandle) error
}

// module is one PKCS#11 module. Its calls run one at a time (a card does one
// thing at a time anyway, and not every vendor's module may be called from
// several threads), each on a goroutine that is left behind when it hangs.
type module struct {
	path   string
	turn   chan struct{} // holds one while a call runs; guards what follows
	lib    library       // nil until loaded
	ours   bool          // initialised by us, and to be finalised by us
	ready  bool          // initialised
	closed bool
	held   map[tokenName]*held // tokens that are logged in, or about to be

	stuck  atomic.Bool           // a call has missed its deadline and not come back
	asking chan struct{}         // holds one while a PIN is asked for and tried
	last   atomic.Pointer[sight] // what the last look saw
	load   func(path string) library
}

func newModule(path string) *module {
	return &module{
		path: path, turn: make(chan struct{}, 1), asking: make(chan struct{}, 1),
		held: make(map[tokenName]*held), load: load,
	}
}

// load loads a module, nil when it cannot be. It is never unloaded: threads
// of its own may still run in it.
func load(path string) library {
	if lib := pkcs11.New(path); lib != nil {
		return lib
	}
	return nil
}

// answer is what a call of a module came back with.
type answer[T any] struct {
	value T
	err   error
}

// call runs f in its turn with the module initialised, and gives up on it
// after limit or when the context ends: then f goes on alone, undo (if any)
// gets what it returns, and the module answers fault.TokenNotResponding to
// everybody until f is back. What f returns belongs to the caller; f must
// write to nothing else that the caller reads.
func call[T any](ctx context.Context, m *module, limit time.Duration, undo func(T), f func(library) (T, error)) (T, error) {
	var none T
	if err := keystore.Interrupted(ctx); err != nil {
		return none, err
	}
	if m.stuck.Load() {
		return none, fault.Newf(fault.TokenNotResponding, "%s", m.name())
	}
	clock := time.NewTimer(limit)
	defer clock.Stop()
	select {
	case m.turn <- struct{}{}:
	case <-clock.C:
		return none, fault.Newf(fault.TokenNotResponding, "%s", m.name())
	case <-ctx.Done():
		return none, keystore.Interrupted(ctx)
	}
	back, gone := make(chan answer[T]), make(chan struct{})
	go run(m, f, undo, back, gone)
	select {
	case a := <-back:
		return a.value, a.err
	case <-clock.C:
		m.stuck.Store(true)
		close(gone)
		return none, fault.Newf(fault.TokenNotResponding, "%s", m.name())
	case <-ctx.Done():
		close(gone)
		return none, keystore.Interrupted(ctx)
	}
}

// run is the part of call that may hang. It ends the turn.
func run[T any](m *module, f func(library) (T, error), undo func(T), back chan<- answer[T], gone <-chan struct{}) {
	defer func() {
		m.stuck.Store(false)
		<-m.turn
	}()
	var a answer[T]
	if a.err = m.open(); a.err == nil {
		a.value, a.err = f(m.lib)
	}
	select {
	case back <- a:
	case <-gone:
		if a.err == nil && undo != nil {
			undo(a.value)
		}
	}
}

// open loads and initialises the module, once. Call it in turn.
func (m *module) open() error {
	switch {
	case m.closed:
		return keystore.ErrClosed()
	case m.ready:
		return nil
	}
	if m.lib == nil {
		if m.lib = m.load(m.path); m.lib == nil {
			return fault.Newf(fault.StoreLibrary, "%s", m.name())
		}
	}
	err := m.lib.Initialize()
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED)) {
		m.ready = true // by another part of this process, whose it stays
		return nil
	}
	if err != nil {
		return fault.Recode(fault.StoreFailed, err)
	}
	m.ours, m.ready = true, true
	return nil
}

// later runs f in turn, however long that takes, unless the module is closed.
func (m *module) later(f func()) {
	m.turn <- struct{}{}
	defer func() { <-m.turn }()
	if !m.closed {
		f()
	}
}

// close ends the module when its turn comes within the limit. One that hangs
// is left as it is; it ends with the process.
func (m *module) close(limit time.Duration) {
	if m.stuck.Load() {
		return
	}
	clock := time.NewTimer(limit)
	defer clock.Stop()
	select {
	case m.turn <- struct{}{}:
	case <-clock.C:
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.finish()
		<-m.turn
	}()
	select {
	case <-done:
	case <-clock.C:
	}
}

func (m *module) finish() {
	if m.closed {
		return
	}
	m.closed = true
	for name := range m.held {
		m.logout(name)
	}
	if m.ours {
		_ = m.lib.Finalize()
	}
}
