package keypair

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	encasn1 "encoding/asn1"
	"math"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
)

// What a key needs to receive plis.
const (
	MinRSABits     = 2048      // shortest RSA modulus
	MaxRSABits     = 8192      // longest RSA modulus; more only costs time
	MinRSAExponent = 65537     // smallest RSA public exponent
	maxRSAExponent = 1<<31 - 1 // largest that crypto/rsa takes
)

const (
	oidRSAEncryption = "1.2.840.113549.1.1.1"
	oidECPublicKey   = "1.2.840.10045.2.1"
)

// curveOf returns a supported curve by its dotted OID, or by its name.
func curveOf(id string) (name string, curve elliptic.Curve) {
	switch id {
	case "1.2.840.10045.3.1.7", "P-256":
		return "P-256", elliptic.P256()
	case "1.3.132.0.34", "P-384":
		return "P-384", elliptic.P384()
	case "1.3.132.0.35", "P-521":
		return "P-521", elliptic.P521()
	}
	return id, nil
}

// SupportedCurve says whether plis can be sealed to keys on this curve, given
// by its name ("P-256") or dotted OID.
func SupportedCurve(id string) bool {
	_, curve := curveOf(id)
	return curve != nil
}

// spki is a SubjectPublicKeyInfo, taken apart.
type spki struct {
	oid        string
	parameters cryptobyte.String // what follows the OID in the AlgorithmIdentifier
	key        cryptobyte.String // the BIT STRING's octets
}

func parseSPKI(der []byte) (spki, bool) {
	var s spki
	var body, algorithm cryptobyte.String
	var oid encasn1.ObjectIdentifier
	var key []byte
	input := cryptobyte.String(der)
	if !input.ReadASN1(&body, asn1.SEQUENCE) || !input.Empty() ||
		!body.ReadASN1(&algorithm, asn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!body.ReadASN1BitStringAsBytes(&key) || !body.Empty() {
		return s, false
	}
	return spki{oid.String(), algorithm, key}, true
}

// rsaKey reads an RSAPublicKey, RFC 8017 A.1.1. The modulus is positive.
func (s spki) rsaKey() (n, e *big.Int, ok bool) {
	var body cryptobyte.String
	key := s.key
	n, e = new(big.Int), new(big.Int)
	ok = key.ReadASN1(&body, asn1.SEQUENCE) && key.Empty() &&
		body.ReadASN1Integer(n) && body.ReadASN1Integer(e) && body.Empty() &&
		n.Sign() > 0 && e.Sign() > 0
	return n, e, ok
}

func (c *Certificate) readKey(der []byte) {
	c.Kind = Other
	s, ok := parseSPKI(der)
	if !ok {
		c.Odd = true
		return
	}
	switch s.oid {
	case oidRSAEncryption:
		c.Kind = RSA
		n, e, ok := s.rsaKey()
		if !ok {
			c.Odd = true
			return
		}
		c.Bits, c.Exponent = n.BitLen(), math.MaxUint64
		if e.IsUint64() {
			c.Exponent = e.Uint64()
		}
	case oidECPublicKey:
		c.Kind, c.Curve = EC, "explicit"
		var oid encasn1.ObjectIdentifier
		if s.parameters.ReadASN1ObjectIdentifier(&oid) {
			name, curve := curveOf(oid.String())
			c.Curve = name
			if curve != nil {
				c.Bits = curve.Params().BitSize
			}
		}
	}
}

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
	n, e, ok := s.rsaKey()
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
	_, curve := curveOf(name)
	if curve == nil {
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
