//go:build linux && cgo

package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/miekg/pkcs11"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// unwrapper uses one private key. It keeps the token logged in until it is
// closed. Each call finds the key anew in a session of its own: a card that
// was taken out and put back has other handles, and may sit in another slot.
type unwrapper struct {
	store  *store
	module *module
	token  tokenName
	id     []byte
	public crypto.PublicKey
	closed atomic.Bool
}

// Unwrapper implements keystore.Store. It asks for the PIN where the token
// wants one. fault.TokenRemoved when the token is not there, fault.KeyNotFound
// when it is there without this certificate or key.
func (s *store) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	u, err := parseURI(uri)
	if err != nil {
		return nil, err
	}
	w, err := s.locate(ctx, u)
	if err != nil {
		return nil, err
	}
	if err := w.prepare(ctx); err != nil {
		w.Close()
		return nil, err
	}
	return w, nil
}

// locate finds the token, and the certificate on it, among all modules. A
// module in trouble is told of only when the token is nowhere else.
func (s *store) locate(ctx context.Context, u keyURI) (*unwrapper, error) {
	failed := error(fault.Newf(fault.TokenRemoved, "%s", u.token.label))
	for _, m := range s.modules {
		undo := func(w *unwrapper) { m.release(w.token, 0) }
		w, err := call(ctx, m, s.o.Work, undo, func(lib library) (*unwrapper, error) { return s.bind(m, lib, u) })
		if err == nil || fault.CodeOf(err) == fault.KeyNotFound {
			return w, err
		}
		if fault.CodeOf(failed) == fault.TokenRemoved {
			failed = err
		}
	}
	return nil, failed
}

// bind holds the token when it has the certificate. Call it in turn.
func (s *store) bind(m *module, lib library, u keyURI) (*unwrapper, error) {
	certs, err := inSession(lib, u.token, func(v *view) ([]certificate, error) {
		return v.certificates(pkcs11.NewAttribute(pkcs11.CKA_ID, u.id))
	})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(certs, func(c certificate) bool { return sha256.Sum256(c.der) == u.cert })
	if i < 0 {
		return nil, fault.New(fault.KeyNotFound)
	}
	w := &unwrapper{store: s, module: m, token: u.token, id: u.id}
	parsed, err := keypair.Parse(certs[i].der)
	if err != nil {
		return nil, err
	}
	if w.public, err = parsed.PublicKey(); err != nil {
		return nil, err
	}
	return w, m.hold(lib, u.token)
}

// prepare logs in and makes sure that the private key is there.
func (w *unwrapper) prepare(ctx context.Context) error {
	_, err := use(ctx, w, func(*view, pkcs11.ObjectHandle) (struct{}, error) { return struct{}{}, nil })
	return err
}

func (w *unwrapper) Public() crypto.PublicKey { return w.public }

// Close implements keystore.Unwrapper. It does not wait for a module that
// hangs: that one forgets the token when it comes back.
func (w *unwrapper) Close() error {
	if w.closed.Swap(true) {
		return nil
	}
	m := w.module
	release := sync.OnceFunc(func() { m.release(w.token, w.store.o.Linger) })
	_, err := call(context.Background(), m, w.store.o.Look, nil, func(library) (struct{}, error) {
		release()
		return struct{}{}, nil
	})
	if fault.CodeOf(err) == fault.TokenNotResponding {
		go m.later(release)
	}
	return nil
}

// wipe clears what a key gave when nobody waits for it any more.
func wipe[T any](value T) {
	if b, ok := any(value).([]byte); ok {
		clear(b)
	}
}

// use logs in if need be and runs f with the key. A session that the token
// lost meanwhile (a card put back, a logout by another program) is one more
// login, once.
func use[T any](ctx context.Context, w *unwrapper, f func(*view, pkcs11.ObjectHandle) (T, error)) (T, error) {
	var none T
	var err error
	for range 2 {
		if w.closed.Load() {
			return none, keystore.ErrClosed()
		}
		if err := w.store.usable(ctx); err != nil {
			return none, err
		}
		if err := w.store.login(ctx, w.module, w.token); err != nil {
			return none, err
		}
		var value T
		value, err = call(ctx, w.module, w.store.o.Work, wipe[T], func(lib library) (T, error) {
			return inSession(lib, w.token, func(v *view) (T, error) {
				v.notice = w.store.o.Notice
				key, err := v.key(w.id)
				if err != nil {
					return none, err
				}
				return f(v, key)
			})
		})
		if !lostSession(err) {
			return value, err
		}
	}
	return none, err
}

// lostSession says whether a module's answer means that the login is gone.
func lostSession(err error) bool {
	var rv pkcs11.Error
	if !errors.As(err, &rv) || fault.CodeOf(err) == fault.TokenRemoved {
		return false
	}
	if errors.Is(err, errAgain) {
		return true
	}
	switch rv {
	case pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_SESSION_HANDLE_INVALID,
		pkcs11.CKR_DEVICE_REMOVED, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_OBJECT_HANDLE_INVALID:
		return true
	}
	return false
}

// Agree implements keystore.Unwrapper. The point is checked to be on the key's
// curve before the token sees it (invalid-curve attacks).
func (w *unwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	public, err := keystore.CheckPoint(w.public, point)
	if err != nil {
		return nil, err
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	point = bytes.Clone(point)
	return use(ctx, w, func(v *view, key pkcs11.ObjectHandle) ([]byte, error) { return v.Derive(key, point, size) })
}
