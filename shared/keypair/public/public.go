// Package public gives package keypair the arithmetic of RSA and of the
// elliptic curves, by being imported: what only shows certificates does not
// import it, and is a megabyte smaller in a browser.
package public

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"math/big"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// maxExponent is the largest RSA public exponent that crypto/rsa takes.
const maxExponent = 1<<31 - 1

func init() { keypair.RegisterPublic(rsaPublic, ecPublic) }

func rsaPublic(modulus, exponent []byte) (crypto.PublicKey, error) {
	n, e := new(big.Int).SetBytes(modulus), new(big.Int).SetBytes(exponent)
	switch {
	case n.Bit(0) == 0:
		return nil, fault.New(fault.CertificateBad)
	case n.BitLen() > keypair.MaxRSABits:
		return nil, fault.Newf(fault.CertificateKeyKind, "RSA %d", n.BitLen())
	case !e.IsUint64() || e.Uint64() > maxExponent || e.Bit(0) == 0 || e.Uint64() < 3:
		return nil, fault.New(fault.CertificateExponent)
	}
	return &rsa.PublicKey{N: n, E: int(e.Uint64())}, nil
}

func ecPublic(name string, point []byte) (crypto.PublicKey, error) {
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
