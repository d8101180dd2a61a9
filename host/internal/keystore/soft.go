package keystore

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	"sync/atomic"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// Software returns an Unwrapper over a private key in this process's memory:
// what the memory store and one-time transport keys use. It does not work
// after Close. fault.CertificateKeyKind when the key is neither *rsa.PrivateKey nor
// *ecdsa.PrivateKey on P-256, P-384 or P-521.
func Software(key crypto.Signer) (SoftwareUnwrapper, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return &softUnwrapper{public: k.Public(), rsa: k}, nil
	case *ecdsa.PrivateKey:
		agree, err := k.ECDH()
		if err != nil {
			return nil, fault.Recode(fault.CertificateKeyKind, err)
		}
		return &softUnwrapper{public: k.Public(), ecdh: agree}, nil
	}
	return nil, fault.New(fault.CertificateKeyKind)
}

// SoftwareUnwrapper is what Software returns.
type SoftwareUnwrapper interface {
	Unwrapper
	envelope.SessionKeyDecrypter
}

// softUnwrapper has one of its two keys.
type softUnwrapper struct {
	public crypto.PublicKey
	rsa    *rsa.PrivateKey
	ecdh   *ecdh.PrivateKey
	closed atomic.Bool
}

func (u *softUnwrapper) Public() crypto.PublicKey { return u.public }

func (u *softUnwrapper) Close() error {
	u.closed.Store(true)
	return nil
}

func (u *softUnwrapper) usable(ctx context.Context) error {
	if u.closed.Load() {
		return ErrClosed()
	}
	return Interrupted(ctx)
}

func (u *softUnwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	if err := u.usable(ctx); err != nil {
		return nil, err
	}
	if u.rsa == nil || !m.RSA() {
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	}
	if len(ciphertext) != u.rsa.Size() {
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	if m == envelope.RSAPKCS1 {
		//lint:ignore SA1019 existing writers use it (RFC 8017 7.2); envelope.UnwrapWith takes DecryptSessionKey instead
		plain, err := rsa.DecryptPKCS1v15(nil, u.rsa, ciphertext)
		return plain, fault.Recode(fault.EnvelopeUnreadable, err)
	}
	plain, err := rsa.DecryptOAEP(m.Hash().New(), nil, u.rsa, ciphertext, nil)
	return plain, fault.Recode(fault.EnvelopeUnreadable, err)
}

// DecryptSessionKey is envelope.SessionKeyDecrypter: constant time down to the
// answer, which softUnwrapper can give and stores behind an interface cannot.
func (u *softUnwrapper) DecryptSessionKey(ctx context.Context, ciphertext, key []byte) error {
	if err := u.usable(ctx); err != nil {
		return err
	}
	if u.rsa == nil {
		return fault.Newf(fault.MechanismMissing, "%s", envelope.RSAPKCS1)
	}
	//lint:ignore SA1019 key holds a synthetic key, which is what the deprecation asks for
	err := rsa.DecryptPKCS1v15SessionKey(nil, u.rsa, ciphertext, key)
	return fault.Recode(fault.EnvelopeUnreadable, err)
}

func (u *softUnwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	if err := u.usable(ctx); err != nil {
		return nil, err
	}
	if u.ecdh == nil {
		return nil, fault.Newf(fault.MechanismMissing, "%s", envelope.ECDH)
	}
	peer, err := u.ecdh.Curve().NewPublicKey(point)
	if err != nil {
		return nil, fault.Recode(fault.EnvelopeUnreadable, err)
	}
	z, err := u.ecdh.ECDH(peer)
	return z, fault.Recode(fault.EnvelopeUnreadable, err)
}

// AllMechanisms lists every mechanism of package envelope, a fresh slice each
// time. Stores that can do all of them declare it.
func AllMechanisms() []envelope.Mechanism {
	return []envelope.Mechanism{
		envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1,
		envelope.RSAOAEPSHA384, envelope.RSAOAEPSHA512, envelope.ECDH,
	}
}
