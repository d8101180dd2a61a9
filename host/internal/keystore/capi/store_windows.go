package capi

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// store is one system store of the current user.
type store struct {
	name   string
	window windows.HWND // owner of PIN dialogs, 0 for none
	silent bool
	api    cngAPI
	cng    abilities // of api

	// calls is held for reading by every operation, and for writing by Close.
	calls  sync.RWMutex
	closed bool // under calls

	// writes is held for writing by one import or removal at a time in this
	// process, and for reading by what looks at the store: Wine writes a whole
	// store again, certificate by certificate.
	writes sync.RWMutex

	held atomic.Int64 // certificate contexts, stores and handles not given back
}

var _ powers = (*store)(nil)

// Open returns the current user's store. Nothing is opened yet: what is wrong
// with the store is told by Status. fault.BadRequest for a name that no store
// may have.
func Open(o Options) (powers, error) {
	if o.Store == "" {
		o.Store = Personal
	}
	if !validStore(o.Store) {
		return nil, fault.Newf(fault.BadRequest, "store name")
	}
	s := &store{name: o.Store, silent: o.Silent, api: windowsCNG()}
	s.cng = s.api.abilities()
	if w := windows.HWND(o.ParentWindow); w != 0 && windows.IsWindow(w) {
		s.window = w
	}
	return s, nil
}

// Remove takes a system store of the current user away, with the certificates
// in it. Their keys stay: Delete them first. It never takes away Personal.
func Remove(name string) error {
	if !validStore(name) || name == Personal {
		return fault.Newf(fault.BadRequest, "store name")
	}
	return fault.Wrap(fault.StoreFailed, unregister(name))
}

// Status implements keystore.Store.
func (s *store) Status(ctx context.Context) keystore.Status {
	status := keystore.Status{
		ID: ID, Name: Name, Location: `CurrentUser\` + s.name, State: keystore.Ready,
		Capabilities: keystore.Capabilities{
			Import: true, Generate: true, Delete: true, Mechanisms: s.mechanisms(),
		},
	}
	list, err := s.List(ctx)
	if err != nil {
		status.State, status.Err = keystore.Failed, fault.Of(err)
	}
	for _, e := range list {
		status.Certificates++
		if e.HasKey {
			status.Keys++
		}
	}
	return status
}

// mechanisms is what keys that Import stores can do.
func (s *store) mechanisms() []envelope.Mechanism {
	switch {
	case s.cng.agree:
		return keystore.AllMechanisms()
	case s.cng.decrypt:
		return []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1,
			envelope.RSAOAEPSHA384, envelope.RSAOAEPSHA512}
	}
	return []envelope.Mechanism{envelope.RSAOAEPSHA1, envelope.RSAPKCS1}
}

// List implements keystore.Store.
func (s *store) List(ctx context.Context) ([]keystore.Entry, error) {
	var list []keystore.Entry
	err := s.read(ctx, func(v *view) (err error) {
		list, err = v.entries()
		return err
	})
	return list, err
}

// Generate implements keystore.Generator. The pair is made in this process and
// imported: that way it is the same everywhere, and can be tested before a
// portal seals to it.
func (s *store) Generate(ctx context.Context, o keystore.GenerateOptions) (keystore.Entry, error) {
	if err := s.refuse(ctx, nil); err != nil {
		return keystore.Entry{}, err
	}
	pair, err := selfsign.MakePair(ctx, o)
	if err != nil {
		return keystore.Entry{}, err
	}
	return s.Import(ctx, pair)
}

// Close implements keystore.Store. It waits for running operations;
// unwrappers that are still open stop working.
func (s *store) Close() error {
	s.calls.Lock()
	defer s.calls.Unlock()
	s.closed = true
	return nil
}

// refuse returns err, unless the store is closed or the context has ended.
func (s *store) refuse(ctx context.Context, err error) error {
	s.calls.RLock()
	defer s.calls.RUnlock()
	if unusable := s.usable(ctx); unusable != nil {
		return unusable
	}
	return err
}

// usable reports why no operation may start. Call it with calls held.
func (s *store) usable(ctx context.Context) error {
	if s.closed {
		return keystore.ErrClosed()
	}
	return keystore.Interrupted(ctx)
}

// read runs f on the store, opened for reading.
func (s *store) read(ctx context.Context, f func(*view) error) error {
	s.calls.RLock()
	defer s.calls.RUnlock()
	s.writes.RLock()
	defer s.writes.RUnlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.view(true, f)
}

// write runs f on the store, opened for writing, alone among all hosts.
func (s *store) write(ctx context.Context, f func(*view) error) error {
	s.calls.RLock()
	defer s.calls.RUnlock()
	s.writes.Lock()
	defer s.writes.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	unlock, err := lock(ctx, s.name)
	if err != nil {
		return err
	}
	defer unlock()
	return s.view(false, f)
}
