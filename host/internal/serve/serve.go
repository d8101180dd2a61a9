// Package serve answers the host's side of the protocol: one handler for each
// method that package protocol declares for the host, and the loop that reads
// requests from a browser and writes the answers.
//
// A [Service] is what one caller may use for as long as it is connected; the
// command line uses the same one without a connection, so that both do the
// same thing. Handlers return a result or an error and never end the process.
package serve

import (
	"context"
	"sync"
	"time"

	"scelle/host/internal/confine"
	"scelle/host/internal/doctor"
	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/transport"
	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
)

// Options is what a Service works with.
type Options struct {
	// Stores opens the certificate stores, most important first. It is called
	// once, by the first method that needs a store: a browser that only says
	// hello does not wait for a library to load. A store that cannot be opened
	// is in the list as a keystore.Unavailable.
	Stores func() []keystore.Store
	// Secret reads the install secret (unwrap.LoadOrCreateSecret), when the
	// first private key is to be used.
	Secret func() ([]byte, error)
	// StateDir is the folder of the journal, which need not exist.
	StateDir func() (string, error)
	// Computer is what host.doctor looks at, without what the Service itself
	// knows: stores, keys, tokens, journal. nil: the method does not exist.
	Computer func() (doctor.Computer, error)
	// Package says how the host was installed (protocol.HelloResult); nil says
	// nothing.
	Package func() string
	// Window asks for PINs in the assistant's window; nil is none.
	Window *pinentry.Window
	// Confined is how far the process is confined, for host.status.
	Confined confine.State
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Log takes a line about what went wrong inside, without any secret or
	// name of a person. nil drops it.
	Log func(format string, args ...any)
}

// Service answers the methods of one caller. Its methods may be called from
// several goroutines.
type Service struct {
	stores   func() []keystore.Store
	guard    func() (*unwrap.Guard, error)
	journal  func() (*journal.Journal, error)
	oneTime  *transport.Keys
	system   func() (doctor.Computer, error)
	packed   func() string
	window   *pinentry.Window // nil: none
	confined confine.State
	now      func() time.Time
	log      func(format string, args ...any)
	mu       sync.Mutex                // guards what follows
	opened   bool                      // stores was called
	names    map[keystore.Store]string // what stores call themselves
	known    map[string]holding        // where keys were seen last, by thumbprint
	pages    snapshot                  // of the list that is being read page by page
}

// New returns a Service. Close it.
func New(o Options) *Service {
	s := &Service{now: o.Now, log: o.Log, system: o.Computer, packed: o.Package, window: o.Window, confined: o.Confined, names: make(map[keystore.Store]string), known: make(map[string]holding)}
	if s.packed == nil {
		s.packed = func() string { return "" }
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.confined == "" {
		s.confined = confine.Off
	}
	if s.log == nil {
		s.log = func(string, ...any) {}
	}
	s.oneTime = transport.New(s.now)
	s.journal = sync.OnceValues(func() (*journal.Journal, error) { return openJournal(o, s.now) })
	s.guard = sync.OnceValues(func() (*unwrap.Guard, error) {
		secret, err := o.Secret()
		if err != nil {
			return nil, err
		}
		record, err := s.journal()
		if err != nil {
			return nil, err
		}
		return unwrap.New(secret, record, s.now).Guard(), nil
	})
	open := sync.OnceValue(o.Stores)
	s.stores = func() []keystore.Store {
		s.mu.Lock()
		s.opened = true
		s.mu.Unlock()
		return open()
	}
	return s
}

func openJournal(o Options, now func() time.Time) (*journal.Journal, error) {
	secret, err := o.Secret()
	if err != nil {
		return nil, err
	}
	dir, err := o.StateDir()
	if err != nil {
		return nil, fault.Wrap(fault.JournalFailed, err)
	}
	return journal.New(dir, secret, now), nil
}

// Journal is the user's journal of key uses. Errors: those of the install
// secret, fault.JournalFailed.
func (s *Service) Journal() (*journal.Journal, error) { return s.journal() }

// Close forgets one-time keys and consents, and closes the stores if they
// were opened.
func (s *Service) Close() error {
	s.oneTime.Close()
	s.mu.Lock()
	opened := s.opened
	s.mu.Unlock()
	if !opened {
		return nil
	}
	var first error
	for _, store := range s.stores() {
		if err := store.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// importer is a store that can take a key pair.
type importer interface {
	keystore.Store
	keystore.Importer
}

// importer returns the first store that takes key pairs now, be it after asking
// for its password. Without one, the fault is the first store's reason.
func (s *Service) importer(ctx context.Context) (importer, error) {
	var reason error
	for _, store := range s.stores() {
		status := store.Status(ctx)
		into, ok := store.(importer)
		switch {
		case status.Err != nil:
			reason = first(reason, status.Err)
		case !ok || !status.Capabilities.Import:
		case takesKeys(status.State):
			return into, nil
		default:
			reason = first(reason, fault.New(fault.StoreReadOnly))
		}
	}
	return nil, first(reason, fault.New(fault.StoreUnsupported))
}

// takesKeys says whether a store in this state, without a fault, stores keys:
// one that is locked asks for its password then.
func takesKeys(state keystore.State) bool {
	return state == keystore.Ready || state == keystore.Locked
}

func first(a, b error) error {
	if a != nil {
		return a
	}
	return b
}
