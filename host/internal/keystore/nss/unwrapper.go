//go:build linux && cgo

package nss

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"sync"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/cryptoki"
	"scelle/host/internal/keystore/scrub"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// unwrapper keeps the database open until it is closed, so that a series of
// plis pays for opening it once. Each call has a session of its own: a PKCS#11
// session does one thing at a time, an unwrapper need not.
type unwrapper struct {
	store  *store
	db     *database
	key    pkcs11.ObjectHandle
	public crypto.PublicKey

	life   sync.RWMutex // held for reading by calls, for writing by Close
	closed bool
}

// Unwrapper implements keystore.Store. The password of a database that has one
// is asked for when the certificate is there; errors are then unlock's too.
func (s *store) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	u, err := s.parse(uri)
	if err != nil {
		return nil, s.refuse(ctx, err)
	}
	s.calls.RLock()
	defer s.calls.RUnlock()
	db, err := s.acquire(ctx, false)
	if err != nil {
		return nil, err
	}
	w := &unwrapper{store: s, db: db}
	err = s.inSession(db, false, func(v *view) error { return w.find(v, u) })
	if err == nil {
		err = s.unlock(ctx, db)
	}
	if err == nil {
		err = s.inSession(db, false, func(v *view) error { return w.bind(v, u) })
	}
	if err != nil {
		s.release()
		return nil, err
	}
	return w, nil
}

// parse reads a URI of this store's keys; fault.KeyNotFound for others.
func (s *store) parse(uri string) (keyURI, error) {
	u, err := parseURI(s.id, uri)
	if err == nil && (u.path != s.path || !s.exists()) {
		err = fault.New(fault.KeyNotFound)
	}
	return u, err
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

// find finds the certificate that a URI names.
func (w *unwrapper) find(v *view, u keyURI) error {
	c, found, err := v.certificate(u)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.KeyNotFound)
	}
	parsed, err := keypair.Parse(c.der)
	if err != nil {
		return err
	}
	w.public, err = parsed.PublicKey()
	return err
}

// bind finds the private key that a URI names.
func (w *unwrapper) bind(v *view, u keyURI) error {
	keys, err := v.Keys(pkcs11.CKO_PRIVATE_KEY, u.id)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return fault.New(fault.KeyNotFound)
	}
	w.key = keys[0]
	return nil
}

func (w *unwrapper) Public() crypto.PublicKey { return w.public }

func (w *unwrapper) Close() error {
	w.life.Lock()
	defer w.life.Unlock()
	if !w.closed {
		w.closed = true
		w.store.release()
	}
	return nil
}

// session runs f with unwrapper and store kept from closing: a handle of a
// database that was closed may name another key in the next one.
func (w *unwrapper) session(ctx context.Context, f func(*view) error) error {
	w.life.RLock()
	defer w.life.RUnlock()
	if w.closed {
		return keystore.ErrClosed()
	}
	s := w.store
	s.calls.RLock()
	defer s.calls.RUnlock()
	if err := s.usable(ctx); err != nil {
		return err
	}
	return s.inSession(w.db, false, f)
}

// Decrypt implements keystore.Unwrapper. Softoken answers malformed PKCS#1
// v1.5 padding with other bytes that depend on the ciphertext and the key only
// (implicit rejection).
func (w *unwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	public, isRSA := w.public.(*rsa.PublicKey)
	mechanism, known := cryptoki.RSA(m)
	switch {
	case !isRSA || !known:
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	case len(ciphertext) != public.Size():
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	var plain []byte
	err := w.session(ctx, func(v *view) (err error) {
		if err := v.lib.DecryptInit(v.Handle, []*pkcs11.Mechanism{mechanism}, w.key); err != nil {
			return keyFault(err, m)
		}
		plain, err = scrub.After(func() ([]byte, error) { return v.lib.Decrypt(v.Handle, ciphertext) })
		return w.store.decryptFault(err)
	})
	return plain, err
}

// Agree implements keystore.Unwrapper. The point is checked to be on the
// key's curve before the library sees it (invalid-curve attacks).
func (w *unwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	public, err := keystore.CheckPoint(w.public, point)
	if err != nil {
		return nil, err
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	var z []byte
	err = w.session(ctx, func(v *view) (err error) {
		z, err = v.Derive(w.key, point, size)
		return keyFault(err, envelope.ECDH)
	})
	return z, err
}

// keyFault explains why an operation with a key could not begin.
func keyFault(err error, m envelope.Mechanism) error {
	if errors.Is(err, pkcs11.Error(pkcs11.CKR_KEY_HANDLE_INVALID)) || errors.Is(err, pkcs11.Error(pkcs11.CKR_OBJECT_HANDLE_INVALID)) {
		return fault.Recode(fault.KeyNotFound, err)
	}
	return cryptoki.Refused(err, m)
}
