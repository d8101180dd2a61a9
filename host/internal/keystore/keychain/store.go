//go:build darwin || linux

package keychain

import (
	"context"
	"slices"
	"sync"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
)

// powers of the store that Open returns, besides keystore.Store.
type powers interface {
	keystore.Store
	keystore.Importer
	keystore.Generator
	keystore.Deleter
}

// store is the keychains that the user's search list names; new keys go into
// the default one.
type store struct {
	f *frameworks

	// calls is held for reading by every operation, and for writing by Close.
	calls  sync.RWMutex
	closed bool // under calls

	changes sync.Mutex // one import or removal at a time in this process
}

var _ powers = (*store)(nil)

// Status implements keystore.Store. A user without a default keychain has a
// store that takes no new key.
func (s *store) Status(ctx context.Context) keystore.Status {
	status := keystore.Status{
		ID: ID, Name: Name, Location: "keychain", State: keystore.Ready,
		Capabilities: keystore.Capabilities{
			Import: true, Generate: true, Delete: true,
			Mechanisms: keystore.AllMechanisms(),
		},
	}
	err := s.with(ctx, func(p *pool) error {
		path, err := p.keychainPath()
		switch {
		case fault.CodeOf(err) == fault.StoreReadOnly:
			status.State = keystore.ReadOnly
		case err != nil:
			return err
		case path != "":
			status.Location = path
		}
		entries, err := p.entries()
		status.Certificates = len(entries)
		for _, e := range entries {
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
	err := s.with(ctx, func(p *pool) (err error) {
		list, err = p.entries()
		return err
	})
	return list, err
}

// Close implements keystore.Store. It waits for running operations;
// unwrappers that are still open stop working.
func (s *store) Close() error {
	s.calls.Lock()
	defer s.calls.Unlock()
	s.closed = true
	return nil
}

// with runs f with a pool of its own, unless the store is closed or ctx has
// ended.
func (s *store) with(ctx context.Context, f func(*pool) error) error {
	s.calls.RLock()
	defer s.calls.RUnlock()
	if s.closed {
		return keystore.ErrClosed()
	}
	if err := keystore.Interrupted(ctx); err != nil {
		return err
	}
	p := s.f.pool()
	defer p.drain()
	return f(p)
}

// defaultKeychain is where new items go. fault.StoreReadOnly when the user
// has none.
func (p *pool) defaultKeychain() (ref, error) {
	var keychain ref
	status := p.f.keychainDefault(&keychain)
	p.own(keychain)
	if err := statusFault(status); err != nil {
		return 0, err
	}
	if keychain == 0 {
		return 0, fault.Newf(fault.StoreReadOnly, "%d", noDefault)
	}
	return keychain, nil
}

// keychainPath is the file of the default keychain, "" when it is not told.
func (p *pool) keychainPath() (string, error) {
	keychain, err := p.defaultKeychain()
	if err != nil {
		return "", err
	}
	path := make([]byte, 1024) // PATH_MAX of macOS
	length := uint32(len(path))
	if p.f.keychainPath(keychain, &length, &path[0]) != 0 || int(length) >= len(path) {
		return "", nil
	}
	if end := slices.Index(path, 0); end >= 0 {
		path = path[:end]
	}
	return string(path), nil
}
