package envelope

import (
	"crypto/aes"
	"crypto/des"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/cms"
	"scelle/shared/fault"
)

// ContentAlgorithm names a content-encryption algorithm. Names of algorithms
// that are not opened also occur, in [Info] and in the Detail of
// fault.EnvelopeUnsupported: "rc2-cbc", or a dotted object identifier.
type ContentAlgorithm string

// The content-encryption algorithms that are opened. AES256GCM is written,
// and AES256CBC in the compatibility profile.
const (
	AES128GCM ContentAlgorithm = "aes-128-gcm" // RFC 5084 3.2
	AES192GCM ContentAlgorithm = "aes-192-gcm"
	AES256GCM ContentAlgorithm = "aes-256-gcm"
	AES128CBC ContentAlgorithm = "aes-128-cbc" // RFC 3565 4.1
	AES192CBC ContentAlgorithm = "aes-192-cbc"
	AES256CBC ContentAlgorithm = "aes-256-cbc"
	DESEDE3   ContentAlgorithm = "des-ede3-cbc" // RFC 3370 5.1
)

// Sizes, in bytes.
const (
	NonceSize  = 12           // of AES-GCM
	TagSize    = 16           // of AES-GCM
	maxGCM     = 1<<36 - 32   // plaintext of one AES-GCM key and nonce, NIST SP 800-38D 5.2.1.1
	maxKeySize = 32           // of a content-encryption key
	maxContent = 1<<61 - 1024 // content that an envelope's length fields can carry
)

// contentKind is what the package knows of an algorithm.
type contentKind struct {
	name    ContentAlgorithm
	oid     cms.OID
	keySize int
	block   int // CBC block, 0 for GCM
}

// contentKinds lists the algorithms that are opened.
func contentKinds() []contentKind {
	const nist = "\x60\x86\x48\x01\x65\x03\x04\x01"
	return []contentKind{
		{AES256GCM, nist + "\x2e", 32, 0},
		{AES128GCM, nist + "\x06", 16, 0},
		{AES192GCM, nist + "\x1a", 24, 0},
		{AES128CBC, nist + "\x02", 16, aes.BlockSize},
		{AES192CBC, nist + "\x16", 24, aes.BlockSize},
		{AES256CBC, nist + "\x2a", 32, aes.BlockSize},
		{DESEDE3, "\x2a\x86\x48\x86\xf7\x0d\x03\x07", 24, des.BlockSize},
	}
}

// refusedName names algorithms that occur in the field and are not opened, so
// that the refusal says more than a number.
func refusedName(oid cms.OID) ContentAlgorithm {
	const nist = "2.16.840.1.101.3.4.1."
	switch dotted := oid.String(); dotted {
	case "1.2.840.113549.3.2":
		return "rc2-cbc"
	case "1.2.840.113549.3.4":
		return "rc4"
	case "1.2.840.113549.3.9":
		return "rc5-cbc"
	case "1.3.14.3.2.7":
		return "des-cbc"
	case "1.2.840.113533.7.66.10":
		return "cast5-cbc"
	case "1.2.840.113549.1.9.16.3.18":
		return "chacha20-poly1305"
	case nist + "7":
		return "aes-128-ccm"
	case nist + "27":
		return "aes-192-ccm"
	case nist + "47":
		return "aes-256-ccm"
	case nist + "1", nist + "21", nist + "41":
		return "aes-ecb"
	case nist + "3", nist + "23", nist + "43":
		return "aes-ofb"
	case nist + "4", nist + "24", nist + "44":
		return "aes-cfb"
	default:
		return ContentAlgorithm(dotted)
	}
}

// kind returns what is known of a, false when it is not an algorithm that is
// opened.
func (a ContentAlgorithm) kind() (contentKind, bool) {
	for _, k := range contentKinds() {
		if k.name == a {
			return k, true
		}
	}
	return contentKind{}, false
}

// KeySize is the length of a's keys in bytes, 0 when a is not opened.
func (a ContentAlgorithm) KeySize() int {
	k, _ := a.kind()
	return k.keySize
}

// BlockSize is the length of a CBC block in bytes, which is also that of its
// IV; 0 for AES-GCM and for algorithms that are not opened.
func (a ContentAlgorithm) BlockSize() int {
	k, _ := a.kind()
	return k.block
}

// Supported reports whether a is opened at all.
func (a ContentAlgorithm) Supported() bool { return a.KeySize() != 0 }

// Authenticated reports whether a detects changed content: AES-GCM does, the
// CBC algorithms do not.
func (a ContentAlgorithm) Authenticated() bool { return a.Supported() && a.BlockSize() == 0 }

// ParseContentAlgorithm names a contentEncryptionAlgorithm. It does not look
// at the parameters and knows a name for every identifier.
func ParseContentAlgorithm(id cms.AlgorithmIdentifier) ContentAlgorithm {
	for _, k := range contentKinds() {
		if k.oid == id.Algorithm {
			return k.name
		}
	}
	return refusedName(id.Algorithm)
}

// parseContentIV reads the parameters of a supported algorithm and returns
// nonce or IV. What GCM's parameters say must be a 12-byte nonce and a 16-byte
// tag; that excludes the DEFAULT of 12, so the field has to be there.
//
//	GCMParameters ::= SEQUENCE {
//	  aes-nonce OCTET STRING, -- recommended size is 12 octets
//	  aes-ICVlen AES-GCM-ICVlen DEFAULT 12 }  -- RFC 5084 3.2
//
//	CBCParameter ::= IV, an OCTET STRING of one block  -- RFC 3565 2.3.2
func parseContentIV(id cms.AlgorithmIdentifier) ([]byte, error) {
	a := ParseContentAlgorithm(id)
	if !a.Supported() {
		return nil, fault.Newf(fault.EnvelopeUnsupported, "%s", a)
	}
	var iv, body cryptobyte.String
	s := cryptobyte.String(id.Parameters)
	if block := a.BlockSize(); block != 0 {
		if !s.ReadASN1(&iv, asn1.OCTET_STRING) || !s.Empty() || len(iv) != block {
			return nil, fault.Newf(fault.EnvelopeMalformed, "%s IV", a)
		}
		return iv, nil
	}
	icv := 12
	if !s.ReadASN1(&body, asn1.SEQUENCE) || !s.Empty() ||
		!body.ReadASN1(&iv, asn1.OCTET_STRING) ||
		!(body.Empty() || body.ReadASN1Integer(&icv)) || !body.Empty() {
		return nil, fault.Newf(fault.EnvelopeMalformed, "%s parameters", a)
	}
	if len(iv) != NonceSize {
		return nil, fault.Newf(fault.EnvelopeUnsupported, "%s nonce of %d bytes", a, len(iv))
	}
	if icv != TagSize {
		return nil, fault.Newf(fault.EnvelopeUnsupported, "%s tag of %d bytes", a, icv)
	}
	return iv, nil
}

// contentIdentifier is the AlgorithmIdentifier of a with this nonce or IV.
func contentIdentifier(a ContentAlgorithm, iv []byte) cms.AlgorithmIdentifier {
	k, _ := a.kind()
	var b cryptobyte.Builder
	if k.block != 0 {
		b.AddASN1OctetString(iv)
	} else {
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1OctetString(iv)
			b.AddASN1Int64(TagSize)
		})
	}
	return cms.NewAlgorithm(k.oid, b.BytesOrPanic())
}
