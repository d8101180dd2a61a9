package capi

import (
	"context"
	"crypto"
	"crypto/rsa"
	"sync"
	"unsafe"

	"golang.org/x/sys/windows"

	"scelle/host/internal/keystore"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// key is an open private key: of CNG, or of a CryptoAPI provider.
type key struct {
	store    *store
	handle   windows.Handle // of the CNG key, or of the provider
	cng      bool
	owned    bool           // handle is ours to free
	exchange windows.Handle // of the CryptoAPI key, 0 for CNG
	silent   uintptr
}

// acquireKey opens a certificate's private key. CNG is asked first, which
// lifts keys of Windows's own CryptoAPI providers too. No PIN is asked for
// yet, except by odd drivers.
func (s *store) acquireKey(c *windows.CertContext, quiet bool) (*key, error) {
	k := &key{store: s}
	flags := uint32(windows.CRYPT_ACQUIRE_PREFER_NCRYPT_KEY_FLAG)
	var parameters unsafe.Pointer
	switch {
	case quiet || s.silent:
		flags |= windows.CRYPT_ACQUIRE_SILENT_FLAG
		k.silent = silent
	case s.window != 0:
		flags |= windows.CRYPT_ACQUIRE_WINDOW_HANDLE_FLAG
		parameters = unsafe.Pointer(&s.window)
	}
	var spec uint32
	err := s.api.acquire(c, flags, parameters, &k.handle, &spec, &k.owned)
	if err != nil {
		return nil, err
	}
	if k.owned {
		s.held.Add(1)
	}
	if k.cng = spec == keySpecCNG; k.cng {
		return k, nil
	}
	if spec != 2 { // AT_SIGNATURE; a PFX imported by Wine says 3
		spec = exchangeKey
	}
	if err := call(procGetUserKey, uintptr(k.handle), uintptr(spec), uintptr(unsafe.Pointer(&k.exchange))); err != nil {
		k.free()
		return nil, err
	}
	s.held.Add(1)
	return k, nil
}

func (k *key) free() {
	if k.exchange != 0 {
		_ = call(procDestroyKey, uintptr(k.exchange)) // the handle, not the key
		k.store.held.Add(-1)
	}
	switch {
	case !k.owned:
	case k.cng:
		k.store.freeCNG(cngObject(k.handle))
	default:
		_ = windows.CryptReleaseContext(k.handle, 0)
		k.store.held.Add(-1)
	}
	*k = key{store: k.store}
}

// unwrapper keeps a private key open until it is closed, so that a person is
// asked for the PIN once for a series of plis.
type unwrapper struct {
	store  *store
	public crypto.PublicKey

	mu     sync.Mutex // CryptoAPI handles serve one call at a time
	key    *key
	closed bool
}

// Unwrapper implements keystore.Store.
func (s *store) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	u, err := parseURI(uri)
	if err == nil && u.store != s.name {
		err = fault.New(fault.KeyNotFound)
	}
	if err != nil {
		return nil, s.refuse(ctx, err)
	}
	w := &unwrapper{store: s}
	if err := s.read(ctx, func(v *view) error { return w.bind(v, u.cert) }); err != nil {
		return nil, err
	}
	return w, nil
}

// bind finds the certificate and opens its private key.
func (w *unwrapper) bind(v *view, sum [32]byte) error {
	c, err := v.find(sum)
	if err != nil {
		return err
	}
	defer v.free(c)
	if c == nil || !hasProperty(c, propKeyInfo) {
		return fault.New(fault.KeyNotFound)
	}
	parsed, err := keypair.Parse(encoded(c))
	if err != nil {
		return err
	}
	if w.public, err = parsed.PublicKey(); err != nil {
		return err
	}
	w.key, err = v.acquireKey(c, false)
	return explain(err)
}

// Public implements keystore.Unwrapper.
func (w *unwrapper) Public() crypto.PublicKey { return w.public }

// Close implements keystore.Unwrapper.
func (w *unwrapper) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.closed {
		w.closed = true
		w.key.free()
	}
	return nil
}

// with runs f with the key, unless unwrapper or store are closed.
func (w *unwrapper) with(ctx context.Context, f func(*key) error) error {
	w.store.calls.RLock()
	defer w.store.calls.RUnlock()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return keystore.ErrClosed()
	}
	if err := w.store.usable(ctx); err != nil {
		return err
	}
	return f(w.key)
}

// Decrypt implements keystore.Unwrapper.
func (w *unwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	public, isRSA := w.public.(*rsa.PublicKey)
	hash, known := rsaMechanism(m)
	switch {
	case !isRSA || !known:
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	case len(ciphertext) != public.Size():
		return nil, w.store.refuse(ctx, fault.New(fault.EnvelopeUnreadable))
	}
	var plain []byte
	err := w.with(ctx, func(k *key) (err error) {
		if k.cng {
			plain, err = w.store.decryptCNG(cngObject(k.handle), hash, ciphertext, k.silent)
		} else {
			plain, err = decryptCryptoAPI(k.exchange, m.Hash(), ciphertext)
		}
		return decryptFault(err, string(m))
	})
	return plain, err
}

// rsaMechanism returns CNG's name of a mechanism's hash, "" for PKCS#1 v1.5.
func rsaMechanism(m envelope.Mechanism) (hash string, known bool) {
	if m == envelope.RSAPKCS1 {
		return "", true
	}
	switch m.Hash() {
	case crypto.SHA1:
		return "SHA1", true
	case crypto.SHA256:
		return "SHA256", true
	case crypto.SHA384:
		return "SHA384", true
	case crypto.SHA512:
		return "SHA512", true
	}
	return "", false
}

// Agree implements keystore.Unwrapper. The point is checked to be on the
// key's curve before Windows sees it (invalid-curve attacks). The X9.63
// derivation is made by the caller.
func (w *unwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	public, err := keystore.CheckPoint(w.public, point)
	if err != nil {
		return nil, err
	}
	var z []byte
	err = w.with(ctx, func(k *key) (err error) {
		if !k.cng {
			return fault.Newf(fault.MechanismMissing, "%s", envelope.ECDH)
		}
		z, err = w.store.agreeCNG(cngObject(k.handle), public.Curve, point, k.silent)
		return decryptFault(err, string(envelope.ECDH))
	})
	return z, err
}
