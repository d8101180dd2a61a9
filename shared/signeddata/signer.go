package signeddata

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"scelle/shared/fault"
)

// Limits of a signer's RSA key; the upper one bounds the work of a verification.
const (
	minRSABits     = 2048
	maxRSABits     = 8192
	minRSAExponent = 65537
)

// mayUse judges a signer's certificate at a time: its key, its validity and
// its purpose. Errors: fault.ListForged, fault.ListExpired.
//
// The purpose of a seal: a key usage, where there is one, allows signatures of
// data, and an extended key usage, where there is one, allows signed mail or
// documents and not TLS servers, whose key lies on every web server.
func mayUse(c *x509.Certificate, now time.Time) error {
	const signs = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	switch {
	case !strong(c.PublicKey):
		return forged("weak or unknown key of the signer")
	case c.KeyUsage != 0 && c.KeyUsage&signs == 0:
		return forged("key usage of the signer")
	case !sealing(c):
		return forged("extended key usage of the signer")
	case now.Before(c.NotBefore) || now.After(c.NotAfter):
		return fault.Newf(fault.ListExpired, "certificate %s – %s", c.NotBefore.UTC().Format(time.DateOnly), c.NotAfter.UTC().Format(time.DateOnly))
	}
	return nil
}

func strong(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return bits >= minRSABits && bits <= maxRSABits && key.E >= minRSAExponent
	case *ecdsa.PublicKey:
		return key.Curve == elliptic.P256() || key.Curve == elliptic.P384() || key.Curve == elliptic.P521()
	}
	return false
}

// sealing reads the extended key usage, RFC 5280 4.2.1.12.
func sealing(c *x509.Certificate) bool {
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	if slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) {
		return false
	}
	document := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 36} // id-kp-documentSigning, RFC 9336
	return slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageEmailProtection) ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny) ||
		slices.ContainsFunc(c.UnknownExtKeyUsage, document.Equal)
}
