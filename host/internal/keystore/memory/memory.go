// Package memory is a certificate store that lives in this process only. It
// serves tests, and one-time keys that must never reach a disk.
package memory

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"sync"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// ID is Status.ID and the scheme of this store's URIs,
// "memory:cert=<lower-case hex SHA-256 of the certificate>".
const ID = "memory"

const uriPrefix = ID + ":cert="

// Store is an in-memory store. Make it with New.
type Store struct {
	mu      sync.RWMutex
	records []record // in order of arrival
	closed  bool
}

type record struct {
	entry keystore.Entry
	key   crypto.Signer // nil for a certificate alone
}

// The powers of this store.
var (
	_ keystore.Store     = (*Store)(nil)
	_ keystore.Importer  = (*Store)(nil)
	_ keystore.Generator = (*Store)(nil)
	_ keystore.Deleter   = (*Store)(nil)
)

// New returns an empty store.
func New() *Store { return &Store{} }

// Status implements keystore.Store.
func (s *Store) Status(context.Context) keystore.Status {
	s.mu.RLock()
	defer s.mu.RUnlock()
	status := keystore.Status{
		ID: ID, Name: "Mémoire", Location: "memory", State: keystore.Ready,
		Certificates: len(s.records),
		Capabilities: keystore.Capabilities{
			Import: true, Generate: true, Delete: true,
			Mechanisms: keystore.AllMechanisms(),
		},
	}
	for _, r := range s.records {
		if r.key != nil {
			status.Keys++
		}
	}
	if s.closed {
		status.State, status.Err = keystore.Failed, keystore.ErrClosed()
	}
	return status
}

// List implements keystore.Store.
func (s *Store) List(ctx context.Context) ([]keystore.Entry, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	list := make([]keystore.Entry, 0, len(s.records))
	for _, r := range s.records {
		list = append(list, r.copy())
	}
	return list, nil
}

// Unwrapper implements keystore.Store.
func (s *Store) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	i := s.find(uri)
	if i < 0 || s.records[i].key == nil {
		return nil, fault.New(fault.KeyNotFound)
	}
	u, err := keystore.Software(s.records[i].key)
	if err != nil {
		return nil, err
	}
	return &unwrapper{SoftwareUnwrapper: u, store: s}, nil
}

// Import implements keystore.Importer.
func (s *Store) Import(ctx context.Context, pair keystore.Pair) (keystore.Entry, error) {
	if _, err := pair.Check(); err != nil {
		return keystore.Entry{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return keystore.Entry{}, err
	}
	uri := uriOf(pair.Certificate)
	if i := s.find(uri); i >= 0 {
		s.records[i].key, s.records[i].entry.HasKey = pair.Key, true
		return s.records[i].copy(), nil
	}
	return s.add(pair.Certificate, pair.Name, pair.Key), nil
}

// AddCertificate stores a certificate without a private key, as people's
// stores hold those of others. Its DER is not looked at.
func (s *Store) AddCertificate(der []byte, name string) keystore.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := s.find(uriOf(der)); i >= 0 {
		return s.records[i].copy()
	}
	return s.add(der, name, nil)
}

// Generate implements keystore.Generator.
func (s *Store) Generate(ctx context.Context, o keystore.GenerateOptions) (keystore.Entry, error) {
	pair, err := selfsign.MakePair(ctx, o)
	if err != nil {
		return keystore.Entry{}, err
	}
	return s.Import(ctx, pair)
}

// Delete implements keystore.Deleter.
func (s *Store) Delete(ctx context.Context, uri string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	i := s.find(uri)
	if i < 0 {
		return fault.New(fault.KeyNotFound)
	}
	s.records = slices.Delete(s.records, i, i+1)
	return nil
}

// Close implements keystore.Store. It forgets every key.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records, s.closed = nil, true
	return nil
}

// unwrapper is a software unwrapper that stops working with its store.
type unwrapper struct {
	keystore.SoftwareUnwrapper
	store *Store
}

func (u *unwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	if err := u.store.open(); err != nil {
		return nil, err
	}
	return u.SoftwareUnwrapper.Decrypt(ctx, m, ciphertext)
}

func (u *unwrapper) DecryptSessionKey(ctx context.Context, ciphertext, key []byte) error {
	if err := u.store.open(); err != nil {
		return err
	}
	return u.SoftwareUnwrapper.DecryptSessionKey(ctx, ciphertext, key)
}

func (u *unwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	if err := u.store.open(); err != nil {
		return nil, err
	}
	return u.SoftwareUnwrapper.Agree(ctx, point)
}

func (s *Store) open() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.usable(context.Background())
}

func (s *Store) add(der []byte, name string, key crypto.Signer) keystore.Entry {
	r := record{key: key, entry: keystore.Entry{
		URI: uriOf(der), Store: ID, Name: s.freeName(name),
		Certificate: slices.Clone(der), HasKey: key != nil,
	}}
	s.records = append(s.records, r)
	return r.copy()
}

// freeName numbers a name that is taken: "x", "x #2", "x #3".
func (s *Store) freeName(name string) string {
	taken := func(n string) bool {
		return slices.ContainsFunc(s.records, func(r record) bool { return r.entry.Name == n })
	}
	return keystore.FreeName(name, taken)
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return keystore.ErrClosed()
	}
	return keystore.Interrupted(ctx)
}

func (s *Store) find(uri string) int {
	if !strings.HasPrefix(uri, uriPrefix) {
		return -1
	}
	return slices.IndexFunc(s.records, func(r record) bool { return r.entry.URI == uri })
}

func (r record) copy() keystore.Entry {
	e := r.entry
	e.Certificate = slices.Clone(e.Certificate)
	return e
}

func uriOf(der []byte) string {
	return uriPrefix + keypair.Thumbprint(der)
}
