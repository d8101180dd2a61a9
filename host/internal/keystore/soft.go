package keystore

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rsa"
	_ "crypto/sha1"   // OAEP with SHA-1, as old writers do
	_ "crypto/sha256" // OAEP with SHA-256
	_ "crypto/sha512" // OAEP with SHA-384 and SHA-512

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// Software returns an Unwrapper over a private key in this process's memory:
// what the memory store and one-time transport keys use. Close forgets the
// key. fault.CertificateKeyKind when the key is neither *rsa.PrivateKey nor
// *ecdsa.PrivateKey on P-256, P-384 or P-521.
func Software(key crypto.Signer) (Unwrapper, error) {
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

// softUnwrapper has one of its two keys.
type softUnwrapper struct {
	public crypto.PublicKey
	rsa    *rsa.PrivateKey
	ecdh   *ecdh.PrivateKey
}

func (u *softUnwrapper) Public() crypto.PublicKey { return u.public }

func (u *softUnwrapper) Close() error { return nil }

func (u *softUnwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, ciphertext []byte) ([]byte, error) {
	if err := Interrupted(ctx); err != nil {
		return nil, err
	}
	if u.rsa == nil {
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	}
	if len(ciphertext) != u.rsa.Size() {
		return nil, fault.New(fault.EnvelopeUnreadable)
	}
	if m == envelope.RSAPKCS1 {
		//lint:ignore SA1019 existing writers use it (RFC 8017 7.2); package unwrap hides whether it failed
		plain, err := rsa.DecryptPKCS1v15(nil, u.rsa, ciphertext)
		return plain, fault.Recode(fault.EnvelopeUnreadable, err)
	}
	hash, ok := OAEPHash(m)
	if !ok {
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	}
	plain, err := rsa.DecryptOAEP(hash.New(), nil, u.rsa, ciphertext, nil)
	return plain, fault.Recode(fault.EnvelopeUnreadable, err)
}

func (u *softUnwrapper) Agree(ctx context.Context, point []byte) ([]byte, error) {
	if err := Interrupted(ctx); err != nil {
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

// OAEPHash returns the hash of an OAEP mechanism, which is also that of its
// mask generation function (RFC 8017, section 7.1).
func OAEPHash(m envelope.Mechanism) (crypto.Hash, bool) {
	switch m {
	case envelope.RSAOAEPSHA1:
		return crypto.SHA1, true
	case envelope.RSAOAEPSHA256:
		return crypto.SHA256, true
	case envelope.RSAOAEPSHA384:
		return crypto.SHA384, true
	case envelope.RSAOAEPSHA512:
		return crypto.SHA512, true
	}
	return 0, false
}

// AllMechanisms lists every mechanism of package envelope, a fresh slice each
// time. Stores that can do all of them declare it.
func AllMechanisms() []envelope.Mechanism {
	return []envelope.Mechanism{
		envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1,
		envelope.RSAOAEPSHA384, envelope.RSAOAEPSHA512, envelope.ECDH,
	}
}
