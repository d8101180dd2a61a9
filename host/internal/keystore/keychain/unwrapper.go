//go:build darwin || linux

package keychain

import (
	"context"
	"crypto"
	"crypto/rsa"
	"sync"

	"scelle/host/internal/keystore"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// unwrapper holds one reference of the private key until it is closed, so
// that a series of plis is one permission asked.
type unwrapper struct {
	store  *store
	key    ref // owned
	public crypto.PublicKey

	life   sync.RWMutex // held for reading by calls, for writing by Close
	closed bool
}

// Unwrapper implements keystore.Store. Finding the key does not prompt.
func (s *store) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	u, err := parseURI(uri)
	if err != nil {
		return nil, s.with(ctx, func(*pool) error { return err })
	}
	w := &unwrapper{store: s}
	if err := s.with(ctx, func(p *pool) error { return w.bind(p, u) }); err != nil {
		return nil, err
	}
	return w, nil
}

func (w *unwrapper) bind(p *pool, u keyURI) error {
	c, found, err := p.certificate(u)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.KeyNotFound)
	}
	keys, err := p.keys(p.f.constants.keyClassPrivate, u.id)
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		return fault.New(fault.KeyNotFound)
	}
	parsed, err := keypair.Parse(c.der)
	if err != nil {
		return err
	}
	if w.public, err = parsed.PublicKey(); err != nil {
		return err
	}
	w.key = p.f.retain(keys[0]) // given back by Close
	return nil
}

func (w *unwrapper) Public() crypto.PublicKey { return w.public }

// Close gives the key back, once.
func (w *unwrapper) Close() error {
	w.life.Lock()
	defer w.life.Unlock()
	if !w.closed {
		w.closed = true
		w.store.f.release(w.key)
		w.key = 0
	}
	return nil
}

// use runs f with unwrapper and store kept from closing.
func (w *unwrapper) use(ctx context.Context, f func(*pool) error) error {
	w.life.RLock()
	defer w.life.RUnlock()
	if w.closed {
		return keystore.ErrClosed()
	}
	return w.store.with(ctx, f)
}

// Decrypt implements keystore.Unwrapper. The algorithm is the one asked for;
// what else the key could do does not matter.
func (w *unwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	public, isRSA := w.public.(*rsa.PublicKey)
	algorithm := w.store.f.constants.algorithm(m)
	switch {
	case !isRSA || algorithm == 0:
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	case len(ciphertext) != public.Size():
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	var plain []byte
	err := w.use(ctx, func(p *pool) error {
		if !p.f.keySupports(w.key, toDecrypt, algorithm) {
			return fault.Newf(fault.MechanismMissing, "%s", m)
		}
		input := p.data(ciphertext)
		if input == 0 {
			return errNoObject()
		}
		var cause ref
		result := p.secret(p.f.keyDecrypt(w.key, algorithm, input, &cause))
		if p.own(cause); result == 0 {
			return p.keyFault(cause)
		}
		plain = p.f.bytes(result)
		return nil
	})
	return plain, err
}

// algorithm is the kSecKeyAlgorithm of an RSA mechanism, 0 for others.
func (c *constants) algorithm(m envelope.Mechanism) ref {
	switch m {
	case envelope.RSAPKCS1:
		return c.pkcs1
	case envelope.RSAOAEPSHA1:
		return c.oaepSHA1
	case envelope.RSAOAEPSHA256:
		return c.oaepSHA256
	case envelope.RSAOAEPSHA384:
		return c.oaepSHA384
	case envelope.RSAOAEPSHA512:
		return c.oaepSHA512
	}
	return 0
}

// Agree implements keystore.Unwrapper. The point is checked to be on the
// key's curve before macOS sees it (invalid-curve attacks). The derivation is
// made by the caller: the frameworks know the X9.63 one only with parameters
// that not every kind of key takes.
func (w *unwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	public, err := keystore.CheckPoint(w.public, point)
	if err != nil {
		return nil, err
	}
	bits := public.Curve.Params().BitSize
	var z []byte
	err = w.use(ctx, func(p *pool) (err error) {
		if !p.f.keySupports(w.key, toExchange, p.f.constants.ecdh) {
			return fault.Newf(fault.MechanismMissing, "%s", envelope.ECDH)
		}
		z, err = w.exchange(p, point, bits)
		return err
	})
	if err == nil && len(z) != (bits+7)/8 {
		clear(z)
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	return z, err
}

// exchange does raw ECDH with an uncompressed point of the key's curve.
func (w *unwrapper) exchange(p *pool, point []byte, bits int) ([]byte, error) {
	c := &p.f.constants
	data := p.data(point)
	attributes := p.dictionary(
		entry{c.keyType, c.keyTypeEC}, entry{c.keyClass, c.keyClassPublic}, entry{c.keySize, p.number(int32(bits))})
	none := p.dictionary()
	if data == 0 || attributes == 0 || none == 0 {
		return nil, errNoObject()
	}
	var cause ref
	peer := p.own(p.f.keyCreate(data, attributes, &cause))
	if p.own(cause); peer == 0 {
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	var failed ref
	z := p.secret(p.f.keyExchange(w.key, c.ecdh, peer, none, &failed))
	if p.own(failed); z == 0 {
		return nil, p.keyFault(failed)
	}
	return p.f.bytes(z), nil
}
