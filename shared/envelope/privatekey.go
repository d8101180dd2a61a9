package envelope

import (
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"

	"scelle/shared/cms"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// Identity is a private key with its certificate, as a [KeyUnwrapper].
type Identity struct {
	key    PrivateKey
	cert   *keypair.Certificate
	secret []byte
}

// NewIdentity makes a KeyUnwrapper of a key that is kept anywhere. secret is
// UnwrapRequest.Secret. Errors: fault.CertificateBad when the certificate
// cannot be read or is not of this key.
func NewIdentity(key PrivateKey, certificateDER, secret []byte) (*Identity, error) {
	cert, err := keypair.Parse(certificateDER)
	if err != nil {
		return nil, err
	}
	if !cert.Matches(key.Public()) {
		return nil, fault.Newf(fault.CertificateBad, "not of this key")
	}
	return &Identity{key, cert, secret}, nil
}

// NewPrivateKeyUnwrapper makes a KeyUnwrapper of a private key in memory, an
// *rsa.PrivateKey, *ecdsa.PrivateKey or *ecdh.PrivateKey, and its certificate
// in DER. Errors: fault.CertificateKeyKind for another kind of key,
// fault.CertificateBad when key and certificate do not belong together.
func NewPrivateKeyUnwrapper(key crypto.PrivateKey, certificateDER []byte) (*Identity, error) {
	k := memoryKey{}
	var secret []byte
	switch key := key.(type) {
	case *rsa.PrivateKey:
		k.rsa, k.public = key, &key.PublicKey
		// Nobody without the key can know this, and it is the same each time.
		mac := hmac.New(sha256.New, key.D.Bytes())
		mac.Write([]byte("scelle synthetic keys"))
		secret = mac.Sum(nil)
	case *ecdsa.PrivateKey:
		private, err := key.ECDH()
		if err != nil {
			return nil, fault.Wrap(fault.CertificateKeyKind, err)
		}
		k.ec, k.public = private, &key.PublicKey
	case *ecdh.PrivateKey:
		cert, err := keypair.Parse(certificateDER)
		if err != nil {
			return nil, err
		}
		public, err := cert.PublicKey()
		if err != nil {
			return nil, err
		}
		own, ok := public.(*ecdsa.PublicKey)
		if !ok {
			return nil, fault.Newf(fault.CertificateBad, "not of this key")
		}
		point, err := own.ECDH()
		if err != nil || !point.Equal(key.PublicKey()) {
			return nil, fault.Newf(fault.CertificateBad, "not of this key")
		}
		k.ec, k.public = key, own
	default:
		return nil, fault.Newf(fault.CertificateKeyKind, "%T", key)
	}
	return NewIdentity(k, certificateDER, secret)
}

// Owns is described at [KeyUnwrapper].
func (i *Identity) Owns(info *cms.RecipientInfo) bool { return owns(info, i.cert) }

// Unwrap is [UnwrapWith] with this identity.
func (i *Identity) Unwrap(ctx context.Context, info *cms.RecipientInfo, content cms.AlgorithmIdentifier) ([]byte, error) {
	return UnwrapWith(ctx, i.key, UnwrapRequest{
		Certificate:      i.cert.Raw,
		RecipientInfo:    info.Raw,
		ContentAlgorithm: content.Raw,
		Secret:           i.secret,
	})
}

// memoryKey is a PrivateKey in this process.
type memoryKey struct {
	rsa    *rsa.PrivateKey
	ec     *ecdh.PrivateKey
	public crypto.PublicKey
}

// Public is described at PrivateKey.
func (k memoryKey) Public() crypto.PublicKey { return k.public }

// Decrypt is described at PrivateKey; only OAEP comes here, PKCS#1 v1.5 goes
// to DecryptSessionKey.
func (k memoryKey) Decrypt(_ context.Context, m Mechanism, ciphertext []byte) ([]byte, error) {
	if k.rsa == nil || m.Hash() == 0 {
		return nil, fault.Newf(fault.MechanismMissing, "%s", m)
	}
	plain, err := rsa.DecryptOAEP(m.Hash().New(), nil, k.rsa, ciphertext, nil)
	return plain, fault.Wrap(fault.EnvelopeUnreadable, err)
}

// DecryptSessionKey is described at SessionKeyDecrypter.
func (k memoryKey) DecryptSessionKey(_ context.Context, ciphertext, key []byte) error {
	if k.rsa == nil {
		return fault.Newf(fault.MechanismMissing, "%s", RSAPKCS1)
	}
	//lint:ignore SA1019 the caller put a synthetic key there, which is what the deprecation asks for
	err := rsa.DecryptPKCS1v15SessionKey(nil, k.rsa, ciphertext, key)
	return fault.Wrap(fault.EnvelopeUnreadable, err)
}

// Agree is described at PrivateKey.
func (k memoryKey) Agree(_ context.Context, point []byte) ([]byte, error) {
	if k.ec == nil {
		return nil, fault.Newf(fault.MechanismMissing, "%s", ECDH)
	}
	peer, err := k.ec.Curve().NewPublicKey(point)
	if err != nil {
		return nil, fault.Wrap(fault.EnvelopeUnreadable, err)
	}
	z, err := k.ec.ECDH(peer)
	return z, fault.Wrap(fault.EnvelopeUnreadable, err)
}
