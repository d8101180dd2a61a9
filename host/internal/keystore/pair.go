package keystore

import (
	"crypto/ecdsa"
	"crypto/rsa"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	_ "scelle/shared/keypair/public" // PublicKey
)

// Check holds a pair to what every store relies on: the certificate has the
// shape of one, the key is RSA with two primes or EC on a curve that plis use,
// and they belong together. Whether the certificate may be used, and whether
// the key is strong enough, is the caller's question (keypair.Check).
// Errors: fault.CertificateBad, CertificateKeyKind, P12Mismatch.
func (p Pair) Check() (*keypair.Certificate, error) {
	switch k := p.Key.(type) {
	case *rsa.PrivateKey:
		if len(k.Primes) != 2 {
			return nil, fault.Newf(fault.CertificateKeyKind, "%d primes", len(k.Primes))
		}
	case *ecdsa.PrivateKey:
	default:
		return nil, fault.New(fault.CertificateKeyKind)
	}
	c, err := keypair.Parse(p.Certificate)
	if err != nil {
		return nil, err
	}
	if _, err := c.PublicKey(); err != nil {
		return nil, err
	}
	if !c.Matches(p.Key.Public()) {
		return nil, fault.New(fault.P12Mismatch)
	}
	return c, nil
}
