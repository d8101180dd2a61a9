package keypair

import (
	"crypto"

	"scelle/shared/fault"
)

// maker makes public keys: package public's, where that is linked.
var maker struct {
	rsa func(modulus, exponent []byte) (crypto.PublicKey, error)
	ec  func(curve string, point []byte) (crypto.PublicKey, error)
}

// RegisterPublic is how package public, which has the arithmetic of RSA and of
// the curves, offers it to [Certificate.PublicKey]: what only shows
// certificates, as the browser's screens do, links none of it. An RSA key comes
// as positive integers without leading zeros, an EC key by its curve's name and
// the octets of SEC 1 2.3.3.
func RegisterPublic(rsa func(modulus, exponent []byte) (crypto.PublicKey, error), ec func(curve string, point []byte) (crypto.PublicKey, error)) {
	maker.rsa, maker.ec = rsa, ec
}

// PublicKey returns the key as *rsa.PublicKey or *ecdsa.PublicKey (whose ECDH
// method gives the form for key agreement); an EC point was checked to be on
// its curve. Errors: fault.CertificateKeyKind for another kind of key, curve
// or size, fault.CertificateExponent, fault.CertificateBad when the key cannot
// be read; fault.Internal in a program that does not import package public. A
// key that is only too weak is returned: [Check] judges that.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) {
	if maker.rsa == nil {
		return nil, fault.Newf(fault.Internal, "package public is not linked")
	}
	s, ok := parseSPKI(c.SPKI)
	if !ok {
		return nil, fault.New(fault.CertificateBad)
	}
	switch s.oid {
	case oidRSAEncryption:
		modulus, exponent, ok := s.rsaKey()
		if !ok {
			return nil, fault.New(fault.CertificateBad)
		}
		return maker.rsa(modulus, exponent)
	case oidECPublicKey:
		return maker.ec(c.Curve, s.key)
	}
	return nil, fault.Newf(fault.CertificateKeyKind, "%s", s.oid)
}

// Matches says whether the certificate is for this public key, an
// *rsa.PublicKey or *ecdsa.PublicKey.
func (c *Certificate) Matches(public crypto.PublicKey) bool {
	own, err := c.PublicKey()
	if err != nil {
		return false
	}
	key, ok := own.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(public)
}
