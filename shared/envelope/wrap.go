package envelope

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/cms"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	_ "scelle/shared/keypair/public" // PublicKey
)

// target is a recipient with what the profile prefers.
type target struct {
	Recipient
	bestRSA Mechanism
}

// WrapKey encrypts a content-encryption key to a recipient and returns the
// RecipientInfo. The certificate is read leniently; whether it may receive
// plis at all (dates, usage) is for the caller to decide beforehand.
//
// Errors: fault.CertificateBad, fault.CertificateKeyKind,
// fault.CertificateExponent and fault.CertificateWeak (RSA under 2048 bits)
// for the certificate; fault.BadRequest for a mechanism that does not go with
// its key.
func WrapKey(r Recipient, contentKey []byte) (cms.RecipientInfo, error) {
	return wrapKey(target{r, RSAOAEPSHA256}, contentKey, true)
}

// wrapKey is WrapKey; without real it returns a RecipientInfo of the same
// length with nothing encrypted in it.
func wrapKey(t target, contentKey []byte, real bool) (cms.RecipientInfo, error) {
	cert, err := keypair.Parse(t.Certificate)
	if err != nil {
		return cms.RecipientInfo{}, err
	}
	public, err := cert.PublicKey()
	if err != nil {
		return cms.RecipientInfo{}, err
	}
	switch public := public.(type) {
	case *rsa.PublicKey:
		if t.Mechanism == "" {
			t.Mechanism = t.bestRSA
		}
		return wrapRSA(cert, public, t.Mechanism, contentKey, real)
	case *ecdsa.PublicKey:
		if t.Mechanism != "" && t.Mechanism != ECDH {
			return cms.RecipientInfo{}, fault.Newf(fault.BadRequest, "mechanism %q", t.Mechanism)
		}
		return wrapEC(cert, public, contentKey, real)
	}
	return cms.RecipientInfo{}, fault.New(fault.CertificateKeyKind)
}

func wrapRSA(cert *keypair.Certificate, public *rsa.PublicKey, m Mechanism, contentKey []byte, real bool) (cms.RecipientInfo, error) {
	if cert.Bits < keypair.MinRSABits {
		return cms.RecipientInfo{}, fault.Newf(fault.CertificateWeak, "RSA %d", cert.Bits)
	}
	algorithm, err := keyTransIdentifier(m)
	if err != nil {
		return cms.RecipientInfo{}, err
	}
	encrypted := make([]byte, public.Size())
	if real {
		if encrypted, err = encryptRSA(public, m, contentKey); err != nil {
			return cms.RecipientInfo{}, fault.Wrap(fault.CertificateBad, err)
		}
	}
	return cms.NewKeyTrans(cert.IssuerRaw, cert.SerialRaw, algorithm, encrypted)
}

func encryptRSA(public *rsa.PublicKey, m Mechanism, contentKey []byte) ([]byte, error) {
	if m == RSAPKCS1 {
		//lint:ignore SA1019 the compatibility profile and old card modules know nothing else
		return rsa.EncryptPKCS1v15(rand.Reader, public, contentKey)
	}
	return rsa.EncryptOAEP(m.Hash().New(), rand.Reader, public, contentKey, nil)
}

// wrapEC wraps by ephemeral-static ECDH, dhSinglePass-stdDH-sha256kdf and
// AES-256 key wrap (RFC 5753 3.1).
func wrapEC(cert *keypair.Certificate, public *ecdsa.PublicKey, contentKey []byte, real bool) (cms.RecipientInfo, error) {
	peer, err := public.ECDH()
	if err != nil {
		return cms.RecipientInfo{}, fault.Wrap(fault.CertificateBad, err)
	}
	algorithm := cms.NewAlgorithm(oidDHSHA256, cms.NewAlgorithm(oidAESWrap256, nil).Raw)
	point, wrapped := peer.Bytes(), make([]byte, len(contentKey)+8)
	if real {
		if point, wrapped, err = agreeAndWrap(peer, algorithm, contentKey); err != nil {
			return cms.RecipientInfo{}, err
		}
	}
	return cms.NewKeyAgree(cert.IssuerRaw, cert.SerialRaw, cms.NewAlgorithm(oidECKey, nil), point, algorithm, wrapped)
}

// agreeAndWrap makes an ephemeral key, agrees with peer and wraps contentKey.
func agreeAndWrap(peer *ecdh.PublicKey, algorithm cms.AlgorithmIdentifier, contentKey []byte) (point, wrapped []byte, err error) {
	g, err := parseAgreement(algorithm)
	if err != nil {
		return nil, nil, err
	}
	ephemeral, err := peer.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return nil, nil, fault.Wrap(fault.Internal, err)
	}
	z, err := ephemeral.ECDH(peer)
	if err != nil {
		return nil, nil, fault.Wrap(fault.CertificateBad, err)
	}
	defer clear(z)
	kek := g.deriveKey(z, nil)
	defer clear(kek)
	wrapped, err = wrapAES(kek, contentKey)
	return ephemeral.PublicKey().Bytes(), wrapped, err
}

// deriveKey is the KDF of ANSI X9.63 as in SEC 1 3.6.1, over the shared
// information of RFC 5753 7.2:
//
//	ECC-CMS-SharedInfo ::= SEQUENCE {
//	  keyInfo AlgorithmIdentifier,
//	  entityUInfo [0] EXPLICIT OCTET STRING OPTIONAL,
//	  suppPubInfo [2] EXPLICIT OCTET STRING }
func (g agreement) deriveKey(z, ukm []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(g.wrap.Raw)
		if ukm != nil {
			b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddASN1OctetString(ukm) })
		}
		b.AddASN1(asn1.Tag(2).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddUint32(uint32(g.keySize) * 8) })
		})
	})
	shared := b.BytesOrPanic()
	h := g.hash.New()
	var key []byte
	for counter := byte(1); len(key) < g.keySize; counter++ {
		h.Reset()
		h.Write(z)
		h.Write([]byte{0, 0, 0, counter})
		h.Write(shared)
		key = h.Sum(key)
	}
	return key[:g.keySize]
}
