package signeddata

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"time"

	"go.mozilla.org/pkcs7"

	"scelle/shared/fault"
	"scelle/shared/signeddata/lists"
)

// Sign signs a list with SHA-256 for the portal whose certificate this is, and
// returns the SignedData, DER, at most [MaxSize] bytes. The signing time is
// now, so the list has to be issued now as well. The key is an
// *rsa.PrivateKey or *ecdsa.PrivateKey, since go.mozilla.org/pkcs7 tells
// algorithms by these types; a portal whose key is in a security module signs
// the list's Encode with that module's tools in the form of this package.
//
// Errors: those of [lists.List] Encode; fault.CertificateBad when it cannot be
// read or is of another key; fault.CertificateKeyKind; fault.ListForged and
// fault.ListExpired when nobody would accept the signature.
func Sign(list lists.List, key crypto.Signer, certificate []byte) ([]byte, error) {
	content, err := list.Encode()
	if err != nil {
		return nil, err
	}
	signer, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, fault.Recode(fault.CertificateBad, err)
	}
	if err := serves(key, signer); err != nil {
		return nil, err
	}
	der, err := sign(content, key, signer)
	if err != nil {
		return nil, fault.Recode(fault.Internal, err)
	}
	if len(der) > MaxSize {
		return nil, fault.Newf(fault.MessageTooLarge, "%d > %d", len(der), MaxSize)
	}
	s, err := verify(der, []string{pinOf(signer)}, time.Now())
	if err != nil {
		return nil, err
	}
	if err := s.sane(list.IssuedAt()); err != nil {
		return nil, err
	}
	return der, nil
}

// serves checks that the key is the certificate's and of a type that pkcs7 knows.
func serves(key crypto.Signer, certificate *x509.Certificate) error {
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if !key.PublicKey.Equal(certificate.PublicKey) {
			return fault.Newf(fault.CertificateBad, "of another key")
		}
	case *ecdsa.PrivateKey:
		if !key.PublicKey.Equal(certificate.PublicKey) {
			return fault.Newf(fault.CertificateBad, "of another key")
		}
	default:
		return fault.Newf(fault.CertificateKeyKind, "%T", key)
	}
	return nil
}

func sign(content []byte, key crypto.Signer, certificate *x509.Certificate) ([]byte, error) {
	s, err := pkcs7.NewSignedData(content)
	if err != nil {
		return nil, err
	}
	s.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	if err := s.AddSigner(certificate, key, pkcs7.SignerInfoConfig{}); err != nil {
		return nil, err
	}
	return s.Finish()
}
