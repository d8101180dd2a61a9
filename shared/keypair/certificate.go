package keypair

import (
	"bytes"
	"encoding/hex"
	"encoding/pem"
	"time"

	"scelle/shared/fault"
	"scelle/shared/fingerprint"
	"scelle/shared/tlv"
)

// MaxSize is the largest certificate that Parse reads, in bytes.
const MaxSize = 256 << 10

// Certificate is what one X.509 certificate says, read but not verified: no
// signature was checked. Byte slices share Raw's memory.
type Certificate struct {
	Raw        []byte // the whole Certificate, DER
	IssuerRaw  []byte // the issuer Name, DER with its header, as in IssuerAndSerialNumber
	SubjectRaw []byte // the subject Name, DER with its header
	SerialRaw  []byte // content octets of the serialNumber INTEGER, exactly as encoded; may be negative or padded
	SPKI       []byte // the SubjectPublicKeyInfo, DER with its header

	// For people: made safe to display (see [Clean]).
	CommonName string // the last CN of the subject, "" without one
	Subject    string // the subject's CN, else its O, else the whole name
	Issuer     string // the issuer's CN, else its O, else the whole name

	NotBefore time.Time // UTC; zero when it could not be read
	NotAfter  time.Time // UTC; zero when it could not be read

	Kind     Kind   // what kind of public key this is
	Bits     int    // RSA: length of the modulus; EC: of the field; 0 for other kinds
	Curve    string // EC: "P-256", "P-384", "P-521" or the curve's dotted OID; "explicit" for spelled-out parameters
	Exponent uint64 // RSA: the public exponent, math.MaxUint64 when larger; 0 for other kinds

	HasKeyUsage  bool     // whether there is a key usage extension
	KeyUsage     KeyUsage // its bits
	SubjectKeyID []byte   // content of the subjectKeyIdentifier extension, nil without one
	SelfIssued   bool     // issuer and subject are the same bytes (and so are both key ids, where given)
	Signature    string   // hash of the issuer's signature: "SHA-1", "SHA-256", ..., "" when unknown

	// Odd says that some part outside the fields above could not be read as
	// RFC 5280 asks. Such a certificate is matched and listed, and [Check]
	// refuses it for new envelopes.
	Odd bool
}

// Kind names a family of public keys.
type Kind string

// The kinds of keys. RSA is rsaEncryption only: a key that its certificate
// restricts to PSS or OAEP (id-RSASSA-PSS, id-RSAES-OAEP) is Other.
const (
	RSA   Kind = "rsa"
	EC    Kind = "ec"
	Other Kind = "other"
)

// KeyUsage holds the bits of the key usage extension, RFC 5280 4.2.1.3: bit n
// of the BIT STRING is 1<<n, as in crypto/x509.
type KeyUsage uint16

// The bits of a key usage.
const (
	DigitalSignature KeyUsage = 1 << iota
	NonRepudiation
	KeyEncipherment
	DataEncipherment
	KeyAgreement
	KeyCertSign
	CRLSign
	EncipherOnly
	DecipherOnly
)

// Parse reads one DER certificate with nothing after it. What is needed to
// match it against a recipient must be there, otherwise the error is
// fault.CertificateBad; everything else is read as far as it goes.
// The result keeps der.
func Parse(der []byte) (*Certificate, error) {
	if len(der) > MaxSize {
		return nil, fault.Newf(fault.CertificateBad, "%d bytes", len(der))
	}
	input := tlv.String(der)
	var cert, tbs, algorithm tlv.String
	c := &Certificate{Raw: der}
	if !input.Read(&cert, tlv.Sequence) || !input.Empty() ||
		!cert.Read(&tbs, tlv.Sequence) ||
		!cert.Read(&algorithm, tlv.Sequence) {
		return nil, fault.New(fault.CertificateBad)
	}
	var signature tlv.String
	if !cert.Read(&signature, tlv.BitString) || !cert.Empty() {
		c.Odd = true
	}
	c.Signature = signatureHash(algorithm)
	if !c.readTBS(tbs) {
		return nil, fault.New(fault.CertificateBad)
	}
	return c, nil
}

// readTBS reads a TBSCertificate, RFC 5280 4.1:
//
//	TBSCertificate ::= SEQUENCE {
//	    version         [0] EXPLICIT Version DEFAULT v1,
//	    serialNumber        CertificateSerialNumber,
//	    signature           AlgorithmIdentifier,
//	    issuer              Name,
//	    validity            Validity,
//	    subject             Name,
//	    subjectPublicKeyInfo SubjectPublicKeyInfo,
//	    issuerUniqueID  [1] IMPLICIT UniqueIdentifier OPTIONAL,
//	    subjectUniqueID [2] IMPLICIT UniqueIdentifier OPTIONAL,
//	    extensions      [3] EXPLICIT Extensions OPTIONAL }
func (c *Certificate) readTBS(tbs tlv.String) bool {
	var serial, issuer, validity, subject, spki tlv.String
	if !tbs.SkipOptional(tlv.Context(0).Constructed()) ||
		!tbs.Read(&serial, tlv.Integer) || len(serial) == 0 ||
		!tbs.Skip(tlv.Sequence) ||
		!tbs.ReadElement(&issuer, tlv.Sequence) ||
		!tbs.Read(&validity, tlv.Sequence) ||
		!tbs.ReadElement(&subject, tlv.Sequence) ||
		!tbs.ReadElement(&spki, tlv.Sequence) {
		return false
	}
	c.SerialRaw, c.IssuerRaw, c.SubjectRaw, c.SPKI = serial, issuer, subject, spki
	c.readNames()
	c.readValidity(validity)
	c.readKey(spki)
	authority := c.readExtensions(tbs)
	c.SelfIssued = bytes.Equal(c.IssuerRaw, c.SubjectRaw) &&
		(authority == nil || c.SubjectKeyID == nil || bytes.Equal(authority, c.SubjectKeyID))
	return true
}

func (c *Certificate) readNames() {
	subject, ok1 := parseName(c.SubjectRaw)
	issuer, ok2 := parseName(c.IssuerRaw)
	c.CommonName = subject.last(oidCommonName)
	c.Subject, c.Issuer = subject.display(), issuer.display()
	c.Odd = c.Odd || !ok1 || !ok2
}

func (c *Certificate) readValidity(validity tlv.String) {
	var ok1, ok2 bool
	c.NotBefore, ok1 = readTime(&validity)
	c.NotAfter, ok2 = readTime(&validity)
	if !ok1 || !ok2 || !validity.Empty() {
		c.Odd = true
	}
}

// Read reads a certificate file: DER, or PEM, of which the first CERTIFICATE
// block counts. Errors are fault.CertificateBad.
func Read(file []byte) (*Certificate, error) {
	rest := file
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return Parse(file)
		}
		switch block.Type {
		case "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE":
			return Parse(block.Bytes)
		}
	}
}

// Thumbprint is the lower-case hexadecimal SHA-256 of der. For a whole
// certificate this is what people know as its « empreinte ».
func Thumbprint(der []byte) string {
	sum := fingerprint.Sum(der)
	return hex.EncodeToString(sum[:])
}

// Thumbprint is the lower-case hexadecimal SHA-256 of the certificate.
func (c *Certificate) Thumbprint() string { return Thumbprint(c.Raw) }

// SPKIThumbprint is the lower-case hexadecimal SHA-256 of the
// SubjectPublicKeyInfo: it stays when a certificate is renewed for the same
// key, and differs for every other key.
func (c *Certificate) SPKIThumbprint() string { return Thumbprint(c.SPKI) }
