package pkcs12x

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	encasn1 "encoding/asn1"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

const (
	oidRSAEncryption = "1.2.840.113549.1.1.1"
	oidECPublicKey   = "1.2.840.10045.2.1"
)

// readKey reads a PrivateKeyInfo (RFC 5958) and refuses what no pli may be
// sealed to. The cheap checks come first, so that a refusal names the reason
// and not whatever crypto/x509 stumbles over.
func readKey(ber []byte) (crypto.Signer, error) {
	der, ok := toDER(ber)
	defer clear(der)
	if !ok {
		return nil, damaged("key")
	}
	input := cryptobyte.String(der)
	var body, private cryptobyte.String
	var version int
	if !input.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(&version) {
		return nil, damaged("key")
	}
	oid, parameters, ok := readAlgorithm(&body)
	if !ok || !body.ReadASN1(&private, asn1.OCTET_STRING) {
		return nil, damaged("key")
	}
	switch oid {
	case oidRSAEncryption:
		if err := checkRSA(private); err != nil {
			return nil, err
		}
	case oidECPublicKey:
		if err := checkCurve(parameters); err != nil {
			return nil, err
		}
	default:
		return nil, fault.Newf(fault.CertificateKeyKind, "%s", oid)
	}
	return parseKey(der)
}

func parseKey(der []byte) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, damaged("key") // not the cause: it may quote the key
	}
	switch key := parsed.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		return key, nil
	}
	return nil, fault.New(fault.CertificateKeyKind)
}

// checkRSA looks at modulus and exponent of an RSAPrivateKey, RFC 8017 A.1.2.
func checkRSA(private cryptobyte.String) error {
	var body cryptobyte.String
	var version int
	n, e := new(big.Int), new(big.Int)
	if !private.ReadASN1(&body, asn1.SEQUENCE) || !body.ReadASN1Integer(&version) ||
		!body.ReadASN1Integer(n) || !body.ReadASN1Integer(e) {
		return damaged("key")
	}
	switch {
	case n.BitLen() < keypair.MinRSABits:
		return fault.Newf(fault.CertificateWeak, "RSA %d", n.BitLen())
	case n.BitLen() > keypair.MaxRSABits:
		return fault.Newf(fault.CertificateKeyKind, "RSA %d", n.BitLen())
	case e.Cmp(big.NewInt(keypair.MinRSAExponent)) < 0 || e.BitLen() > 31 || e.Bit(0) == 0:
		return fault.New(fault.CertificateExponent)
	case version != 0:
		return fault.Newf(fault.CertificateKeyKind, "RSA, more than two primes")
	}
	return nil
}

func checkCurve(parameters cryptobyte.String) error {
	var oid encasn1.ObjectIdentifier
	if !parameters.ReadASN1ObjectIdentifier(&oid) {
		return fault.Newf(fault.CertificateKeyKind, "explicit")
	}
	if !keypair.SupportedCurve(oid.String()) {
		return fault.Newf(fault.CertificateKeyKind, "%s", oid)
	}
	return nil
}
