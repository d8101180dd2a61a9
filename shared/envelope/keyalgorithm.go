package envelope

import (
	"crypto"
	_ "crypto/sha1" // RSA-OAEP and the X9.63 KDF with SHA-1 are read
	_ "crypto/sha256"
	_ "crypto/sha512"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/cms"
	"scelle/shared/fault"
)

// Key-encryption algorithms (RFC 8017 A.2, RFC 5753 7.1.4, RFC 3565 2.3.2).
const (
	oidRSA        cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"
	oidOAEP       cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"
	oidMGF1       cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
	oidPSpecified cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09"
	oidECKey      cms.OID = "\x2a\x86\x48\xce\x3d\x02\x01"
	oidSHA1       cms.OID = "\x2b\x0e\x03\x02\x1a"
	oidSHA256     cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	oidSHA384     cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x02"
	oidSHA512     cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x03"
	oidAESWrap128 cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x05"
	oidAESWrap192 cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x19"
	oidAESWrap256 cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x2d"
	oidDHSHA256   cms.OID = "\x2b\x81\x04\x01\x0b\x01"
)

// oaepHashes are the OAEP mechanisms by their hash, which is also MGF1's.
func oaepHashes() map[cms.OID]Mechanism {
	return map[cms.OID]Mechanism{
		oidSHA1: RSAOAEPSHA1, oidSHA256: RSAOAEPSHA256,
		oidSHA384: RSAOAEPSHA384, oidSHA512: RSAOAEPSHA512,
	}
}

// mechanismOf names the mechanism of a recipient: fault.EnvelopeUnsupported
// with its name when it is none of ours, fault.EnvelopeMalformed when its
// parameters are not what its RFC says.
func mechanismOf(r *cms.RecipientInfo) (Mechanism, error) {
	switch {
	case r.KeyTrans != nil:
		return keyTransMechanism(r.KeyTrans.KeyEncryptionAlgorithm)
	case r.KeyAgree != nil:
		if _, err := parseAgreement(r.KeyAgree.KeyEncryptionAlgorithm); err != nil {
			return "", err
		}
		return ECDH, nil
	}
	return "", fault.Newf(fault.EnvelopeUnsupported, "RecipientInfo [%d]", r.Raw[0]&0x1f)
}

func keyTransMechanism(a cms.AlgorithmIdentifier) (Mechanism, error) {
	switch a.Algorithm {
	case oidRSA:
		if !nullOrAbsent(a.Parameters) {
			return "", fault.Newf(fault.EnvelopeMalformed, "rsaEncryption parameters")
		}
		return RSAPKCS1, nil
	case oidOAEP:
		return parseOAEP(a.Parameters)
	}
	return "", fault.Newf(fault.EnvelopeUnsupported, "%s", a.Algorithm)
}

func nullOrAbsent(der []byte) bool {
	return der == nil || (len(der) == 2 && der[0] == 5 && der[1] == 0)
}

// parseOAEP reads the parameters of id-RSAES-OAEP, which must be there.
//
//	RSAES-OAEP-params ::= SEQUENCE {
//	  hashAlgorithm     [0] HashAlgorithm     DEFAULT sha1,
//	  maskGenAlgorithm  [1] MaskGenAlgorithm  DEFAULT mgf1SHA1,
//	  pSourceAlgorithm  [2] PSourceAlgorithm  DEFAULT pSpecifiedEmpty }  -- RFC 8017 A.2.1
func parseOAEP(der []byte) (Mechanism, error) {
	s := cryptobyte.String(der)
	var seq cryptobyte.String
	var fields [3]cms.AlgorithmIdentifier
	ok := s.ReadASN1(&seq, asn1.SEQUENCE) && s.Empty()
	for i := range fields {
		var field cryptobyte.String
		var present bool
		ok = ok && seq.ReadOptionalASN1(&field, &present, asn1.Tag(i).ContextSpecific().Constructed())
		if ok && present {
			var err error
			fields[i], err = cms.ParseAlgorithm(field)
			ok = err == nil
		}
	}
	if !ok || !seq.Empty() {
		return "", fault.Newf(fault.EnvelopeMalformed, "RSAES-OAEP parameters")
	}
	return oaepMechanism(fields[0], fields[1], fields[2])
}

// oaepMechanism matches the three algorithms of OAEP to a mechanism. An
// absent field arrives as the zero AlgorithmIdentifier.
func oaepMechanism(hash, mask, source cms.AlgorithmIdentifier) (Mechanism, error) {
	label := cryptobyte.String(source.Parameters)
	var octets cryptobyte.String
	if source.Raw != nil && (source.Algorithm != oidPSpecified ||
		!label.ReadASN1(&octets, asn1.OCTET_STRING) || !label.Empty() || len(octets) != 0) {
		return "", fault.Newf(fault.EnvelopeUnsupported, "RSAES-OAEP label")
	}
	maskHash := cms.AlgorithmIdentifier{}
	if mask.Raw != nil {
		var err error
		if maskHash, err = cms.ParseAlgorithm(mask.Parameters); err != nil || mask.Algorithm != oidMGF1 {
			return "", fault.Newf(fault.EnvelopeUnsupported, "RSAES-OAEP mask %s", mask.Algorithm)
		}
	}
	for _, h := range []*cms.AlgorithmIdentifier{&hash, &maskHash} {
		if h.Raw == nil {
			h.Algorithm = oidSHA1
		}
		if !nullOrAbsent(h.Parameters) {
			return "", fault.Newf(fault.EnvelopeMalformed, "RSAES-OAEP hash parameters")
		}
	}
	m, known := oaepHashes()[hash.Algorithm]
	if !known || maskHash.Algorithm != hash.Algorithm {
		return "", fault.Newf(fault.EnvelopeUnsupported, "RSAES-OAEP with %s and MGF1 with %s", hash.Algorithm, maskHash.Algorithm)
	}
	return m, nil
}

// keyTransIdentifier is the AlgorithmIdentifier of an RSA mechanism.
func keyTransIdentifier(m Mechanism) (cms.AlgorithmIdentifier, error) {
	if m == RSAPKCS1 {
		return cms.NewAlgorithm(oidRSA, []byte{5, 0}), nil
	}
	for oid, mechanism := range oaepHashes() {
		if mechanism != m {
			continue
		}
		var b cryptobyte.Builder
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			if oid == oidSHA1 {
				return // every field has its DEFAULT
			}
			hash := cms.NewAlgorithm(oid, []byte{5, 0})
			mask := cms.NewAlgorithm(oidMGF1, hash.Raw)
			for i, a := range []cms.AlgorithmIdentifier{hash, mask} {
				b.AddASN1(asn1.Tag(i).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(a.Raw) })
			}
		})
		return cms.NewAlgorithm(oidOAEP, b.BytesOrPanic()), nil
	}
	return cms.AlgorithmIdentifier{}, fault.Newf(fault.BadRequest, "mechanism %q", m)
}

// agreement is the key-encryption algorithm of a kari.
type agreement struct {
	hash    crypto.Hash             // of the X9.63 KDF
	keySize int                     // of the AES key-wrap key
	wrap    cms.AlgorithmIdentifier // keyInfo of ECC-CMS-SharedInfo
}

// parseAgreement reads dhSinglePass-stdDH-*kdf-scheme and its parameters, the
// key wrap algorithm. The cofactor schemes are the same on our curves, whose
// cofactor is 1.
//
//	KeyWrapAlgorithm ::= AlgorithmIdentifier  -- RFC 5753 3.1.1, 7.1.4
func parseAgreement(a cms.AlgorithmIdentifier) (agreement, error) {
	var g agreement
	switch a.Algorithm.String() {
	case "1.3.133.16.840.63.0.2", "1.3.133.16.840.63.0.3":
		g.hash = crypto.SHA1
	case "1.3.132.1.11.0", "1.3.132.1.14.0":
		g.hash = crypto.SHA224
	case "1.3.132.1.11.1", "1.3.132.1.14.1":
		g.hash = crypto.SHA256
	case "1.3.132.1.11.2", "1.3.132.1.14.2":
		g.hash = crypto.SHA384
	case "1.3.132.1.11.3", "1.3.132.1.14.3":
		g.hash = crypto.SHA512
	default:
		return g, fault.Newf(fault.EnvelopeUnsupported, "%s", a.Algorithm)
	}
	var err error
	if g.wrap, err = cms.ParseAlgorithm(a.Parameters); err != nil {
		return g, fault.Newf(fault.EnvelopeMalformed, "key agreement parameters")
	}
	switch g.wrap.Algorithm {
	case oidAESWrap128:
		g.keySize = 16
	case oidAESWrap192:
		g.keySize = 24
	case oidAESWrap256:
		g.keySize = 32
	default:
		return g, fault.Newf(fault.EnvelopeUnsupported, "key wrap %s", g.wrap.Algorithm)
	}
	if !nullOrAbsent(g.wrap.Parameters) {
		return g, fault.Newf(fault.EnvelopeMalformed, "key wrap parameters")
	}
	return g, nil
}
