package signeddata

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/cms"
)

// The object identifiers of the form that is read, as DER content octets.
const (
	oidSignedData    cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" // 1.2.840.113549.1.7.2
	oidContentType   cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x03" // 1.2.840.113549.1.9.3
	oidMessageDigest cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x04" // 1.2.840.113549.1.9.4
	oidSigningTime   cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x05" // 1.2.840.113549.1.9.5

	oidSHA256      cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x01" // 2.16.840.1.101.3.4.2.1
	oidSHA384      cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x02" // 2.16.840.1.101.3.4.2.2
	oidSHA512      cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x02\x03" // 2.16.840.1.101.3.4.2.3
	oidRSA         cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01" // 1.2.840.113549.1.1.1, what OpenSSL writes
	oidRSASHA256   cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b" // 1.2.840.113549.1.1.11
	oidRSASHA384   cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c" // 1.2.840.113549.1.1.12
	oidRSASHA512   cms.OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d" // 1.2.840.113549.1.1.13
	oidECDSASHA256 cms.OID = "\x2a\x86\x48\xce\x3d\x04\x03\x02"     // 1.2.840.10045.4.3.2
	oidECDSASHA384 cms.OID = "\x2a\x86\x48\xce\x3d\x04\x03\x03"     // 1.2.840.10045.4.3.3
	oidECDSASHA512 cms.OID = "\x2a\x86\x48\xce\x3d\x04\x03\x04"     // 1.2.840.10045.4.3.4
)

// Limits of a SignedData's lists.
const (
	maxCertificates = 8
	maxAttributes   = 16
)

// message is what our own reader takes from a SignedData: RFC 5652 5.1 to 5.4.
type message struct {
	content      []byte
	certificates [][]byte // DER
	issuer       []byte   // DER Name of the signer's IssuerAndSerialNumber
	serial       *big.Int
	digest       cms.OID // of the hash
	signature    cms.OID // of the signature algorithm
	attributes   map[cms.OID]cryptobyte.String
	signingTime  time.Time
}

// Context tags, constructed.
const (
	tagZero = asn1.Tag(0xa0) // content, certificates, signedAttrs
	tagOne  = asn1.Tag(0xa1) // crls
)

// readMessage reads der, which scan has passed.
func readMessage(der []byte) (*message, error) {
	var info, explicit, signed cryptobyte.String
	s := cryptobyte.String(der)
	kind, ok := cms.OID(""), s.ReadASN1(&info, asn1.SEQUENCE)
	if ok = ok && readOID(&info, &kind); !ok || kind != oidSignedData {
		return nil, forged("content type %s", kind)
	}
	if !info.ReadASN1(&explicit, tagZero) || !info.Empty() ||
		!explicit.ReadASN1(&signed, asn1.SEQUENCE) || !explicit.Empty() {
		return nil, forged("ContentInfo")
	}
	m := &message{attributes: make(map[cms.OID]cryptobyte.String)}
	for _, step := range []func(*cryptobyte.String) error{m.readStart, m.readContent, m.readCertificates, m.readSigners} {
		if err := step(&signed); err != nil {
			return nil, err
		}
	}
	return m, m.checkAttributes()
}

// readStart takes version and digestAlgorithms: the one of the one signer.
func (m *message) readStart(s *cryptobyte.String) error {
	var version int64
	var set cryptobyte.String
	if !s.ReadASN1Integer(&version) || version != 1 {
		return forged("version")
	}
	if !s.ReadASN1(&set, asn1.SET) || !readAlgorithm(&set, &m.digest) || !set.Empty() {
		return forged("digestAlgorithms")
	}
	return nil
}

// readContent takes encapContentInfo, which must be id-data and attached.
func (m *message) readContent(s *cryptobyte.String) error {
	var info, explicit, octets cryptobyte.String
	var kind cms.OID
	if !s.ReadASN1(&info, asn1.SEQUENCE) || !readOID(&info, &kind) {
		return forged("encapContentInfo")
	}
	if kind != cms.Data {
		return forged("content type %s", kind)
	}
	if !info.ReadASN1(&explicit, tagZero) || !info.Empty() ||
		!explicit.ReadASN1(&octets, asn1.OCTET_STRING) || !explicit.Empty() || len(octets) == 0 {
		return forged("no content")
	}
	m.content = octets
	return nil
}

// readCertificates takes certificates; other choices than a certificate have
// context tags (RFC 5652 10.2.2) and are refused.
func (m *message) readCertificates(s *cryptobyte.String) error {
	var set cryptobyte.String
	if !s.ReadASN1(&set, tagZero) {
		return forged("no certificate")
	}
	for !set.Empty() {
		var der cryptobyte.String
		if len(m.certificates) == maxCertificates || !set.ReadASN1Element(&der, asn1.SEQUENCE) {
			return forged("certificates")
		}
		m.certificates = append(m.certificates, der)
	}
	if s.PeekASN1Tag(tagOne) {
		return forged("crls")
	}
	return nil
}

// readSigners takes signerInfos with its one SignerInfo.
func (m *message) readSigners(s *cryptobyte.String) error {
	var set, info, name, attributes, signature cryptobyte.String
	if !s.ReadASN1(&set, asn1.SET) || !s.Empty() || !set.ReadASN1(&info, asn1.SEQUENCE) {
		return forged("no signer")
	}
	if !set.Empty() {
		return forged("several signers")
	}
	var version int64
	var digest cms.OID
	m.serial = new(big.Int)
	if !info.ReadASN1Integer(&version) || version != 1 || !info.ReadASN1(&name, asn1.SEQUENCE) ||
		!name.ReadASN1Element((*cryptobyte.String)(&m.issuer), asn1.SEQUENCE) || !name.ReadASN1Integer(m.serial) || !name.Empty() {
		return forged("sid")
	}
	if !readAlgorithm(&info, &digest) || digest != m.digest {
		return forged("digestAlgorithm")
	}
	if !info.ReadASN1(&attributes, tagZero) {
		return forged("no signed attributes")
	}
	if err := m.readAttributes(attributes); err != nil {
		return err
	}
	if !readAlgorithm(&info, &m.signature) || !info.ReadASN1(&signature, asn1.OCTET_STRING) || len(signature) == 0 {
		return forged("signature")
	}
	if !info.Empty() {
		return forged("unsigned attributes")
	}
	return nil
}

// readAttributes takes signedAttrs: each type once, with one value, in the
// order of DER, so that writing them again gives the bytes that were signed.
func (m *message) readAttributes(s cryptobyte.String) error {
	var before []byte
	for !s.Empty() {
		var element, attribute, values, value cryptobyte.String
		var kind cms.OID
		var tag asn1.Tag
		if !s.ReadASN1Element(&element, asn1.SEQUENCE) {
			return forged("signed attributes")
		}
		inner := element
		if !inner.ReadASN1(&attribute, asn1.SEQUENCE) || !readOID(&attribute, &kind) ||
			!attribute.ReadASN1(&values, asn1.SET) || !attribute.Empty() ||
			!values.ReadAnyASN1Element(&value, &tag) || !values.Empty() {
			return forged("signed attribute %s", kind)
		}
		if _, twice := m.attributes[kind]; twice || len(m.attributes) == maxAttributes {
			return forged("signed attribute %s", kind)
		}
		if bytes.Compare(before, element) >= 0 {
			return forged("order of the signed attributes")
		}
		m.attributes[kind], before = value, element
	}
	return nil
}

// checkAttributes compares the three required attributes with the message:
// contentType (RFC 5652 11.1), messageDigest (11.2) and signingTime (11.3).
func (m *message) checkAttributes() error {
	var kind cms.OID
	var digest cryptobyte.String
	if v := m.attributes[oidContentType]; !readOID(&v, &kind) || kind != cms.Data {
		return forged("contentType attribute")
	}
	sum, ok := m.sum()
	if !ok {
		return forged("digest %s", m.digest)
	}
	if v := m.attributes[oidMessageDigest]; !v.ReadASN1(&digest, asn1.OCTET_STRING) || !bytes.Equal(digest, sum) {
		return forged("messageDigest attribute")
	}
	v := m.attributes[oidSigningTime]
	if !v.ReadASN1UTCTime(&m.signingTime) && !v.ReadASN1GeneralizedTime(&m.signingTime) {
		return forged("signingTime attribute")
	}
	return nil
}

// sum hashes the content with the digest algorithm, if that is allowed.
func (m *message) sum() ([]byte, bool) {
	var h hash.Hash
	switch m.digest {
	case oidSHA256:
		h = sha256.New()
	case oidSHA384:
		h = sha512.New384()
	case oidSHA512:
		h = sha512.New()
	default:
		return nil, false
	}
	h.Write(m.content)
	return h.Sum(nil), true
}

// agrees reports that the signature algorithm is allowed and names the same
// hash as the digest algorithm, if it names one.
func (m *message) agrees(rsaKey bool) bool {
	if rsaKey {
		return slices.Contains(map[cms.OID][]cms.OID{
			oidSHA256: {oidRSA, oidRSASHA256}, oidSHA384: {oidRSA, oidRSASHA384}, oidSHA512: {oidRSA, oidRSASHA512},
		}[m.digest], m.signature)
	}
	return slices.Contains(map[cms.OID][]cms.OID{
		oidSHA256: {oidECDSASHA256}, oidSHA384: {oidECDSASHA384}, oidSHA512: {oidECDSASHA512},
	}[m.digest], m.signature)
}

// readOID takes one OBJECT IDENTIFIER.
func readOID(s *cryptobyte.String, out *cms.OID) bool {
	var body cryptobyte.String
	ok := s.ReadASN1(&body, asn1.OBJECT_IDENTIFIER)
	*out = cms.OID(body)
	return ok
}

// readAlgorithm takes an AlgorithmIdentifier whose parameters are absent or
// NULL, as all that are allowed here have them.
func readAlgorithm(s *cryptobyte.String, out *cms.OID) bool {
	var algorithm, null cryptobyte.String
	if !s.ReadASN1(&algorithm, asn1.SEQUENCE) || !readOID(&algorithm, out) {
		return false
	}
	return algorithm.Empty() || algorithm.ReadASN1(&null, asn1.NULL) && null.Empty() && algorithm.Empty()
}
