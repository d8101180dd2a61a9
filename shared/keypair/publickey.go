package keypair

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"

	"scelle/shared/fault"
)

// PublicKey returns the key as *rsa.PublicKey or *ecdsa.PublicKey (whose ECDH
// method gives the form for key agreement); an EC point was checked to be on
// its curve. Errors: fault.CertificateKeyKind for another kind of key, curve
// or size, fault.CertificateExponent, fault.CertificateBad when the key cannot
// be read. A key that is only too weak is returned: [Check] judges that.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) {
	s, ok := parseSPKI(c.SPKI)
	if !ok {
		return nil, fault.New(fault.CertificateBad)
	}
	switch s.oid {
	case oidRSAEncryption:
		return s.rsaPublic()
	case oidECPublicKey:
		return s.ecPublic(c.Curve)
	}
	return nil, fault.Newf(fault.CertificateKeyKind, "%s", s.oid)
}

func (s spki) rsaPublic() (crypto.PublicKey, error) {
	modulus, exponent, ok := s.rsaKey()
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	switch {
	case !ok || n.Bit(0) == 0:
		return nil, fault.New(fault.CertificateBad)
	case n.BitLen() > MaxRSABits:
		return nil, fault.Newf(fault.CertificateKeyKind, "RSA %d", n.BitLen())
	case !e.IsUint64() || e.Uint64() > maxRSAExponent || e.Bit(0) == 0 || e.Uint64() < 3:
		return nil, fault.New(fault.CertificateExponent)
	}
	return &rsa.PublicKey{N: n, E: int(e.Uint64())}, nil
}

func (s spki) ecPublic(name string) (crypto.PublicKey, error) {
	var curve elliptic.Curve
	switch name {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil, fault.Newf(fault.CertificateKeyKind, "%s", name)
	}
	point := []byte(s.key)
	if len(point) > 0 && (point[0] == 2 || point[0] == 3) {
		x, y := elliptic.UnmarshalCompressed(curve, point)
		if x == nil {
			return nil, fault.New(fault.CertificateBad)
		}
		size := (curve.Params().BitSize + 7) / 8
		point = append([]byte{4}, make([]byte, 2*size)...)
		x.FillBytes(point[1 : 1+size])
		y.FillBytes(point[1+size:])
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, fault.Wrap(fault.CertificateBad, err)
	}
	return public, nil
}

// Matches says whether the certificate is for this public key, an
// *rsa.PublicKey or *ecdsa.PublicKey.
func (c *Certificate) Matches(public crypto.PublicKey) bool {
	own, err := c.PublicKey()
	if err != nil {
		return false
	}
	switch own := own.(type) {
	case *rsa.PublicKey:
		return own.Equal(public)
	case *ecdsa.PublicKey:
		return own.Equal(public)
	}
	return false
}
