// Package cms reads and writes the two encrypted forms of the Cryptographic
// Message Syntax: EnvelopedData (RFC 5652) and AuthEnvelopedData (RFC 5083).
//
// It is the lower of two floors: names, order and optionality as the RFCs
// print them, no cryptography and no policy. What may be opened, and with
// what, is decided by package envelope.
//
// Messages are read by [Reader] as a stream, in three parts: everything
// before the encrypted content ([Header]), the content, and what follows it
// ([Trailer]). Only header and trailer are held in memory, within [MaxHeader]
// bytes; nesting is counted, never recursed into. Input may be BER (indefinite
// lengths, constructed OCTET STRINGs); all DER that the package hands out has
// definite, minimal lengths. Messages are written by [MarshalHeader] and
// [MarshalTrailer].
//
// Every error is a *fault.Fault: fault.EnvelopeMalformed for bytes that are
// not such a message, fault.ReadFailed when the source itself failed.
package cms

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"scelle/shared/fault"
)

// Limits of the reader. A message beyond one of them is refused as malformed.
const (
	MaxHeader        = 4 << 20 // bytes before and after the content, together
	MaxDepth         = 16      // nested containers, wherever they stand
	MaxRecipients    = 4096    // keys in recipientInfos, counting each RecipientEncryptedKey
	MaxEmptySegments = 1024    // empty OCTET STRINGs inside a constructed content
)

// Header is a message up to its encrypted content.
//
//	ContentInfo ::= SEQUENCE {
//	  contentType ContentType,
//	  content [0] EXPLICIT ANY DEFINED BY contentType }       -- RFC 5652 3
//
//	EnvelopedData ::= SEQUENCE {
//	  version CMSVersion,
//	  originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
//	  recipientInfos RecipientInfos,
//	  encryptedContentInfo EncryptedContentInfo,
//	  unprotectedAttrs [1] IMPLICIT UnprotectedAttributes OPTIONAL }  -- RFC 5652 6.1
//
//	AuthEnvelopedData ::= SEQUENCE {
//	  version CMSVersion,
//	  originatorInfo [0] IMPLICIT OriginatorInfo OPTIONAL,
//	  recipientInfos RecipientInfos,
//	  authEncryptedContentInfo EncryptedContentInfo,
//	  authAttrs [1] IMPLICIT AuthAttributes OPTIONAL,
//	  mac MessageAuthenticationCode,
//	  unauthAttrs [2] IMPLICIT UnauthAttributes OPTIONAL }    -- RFC 5083 2.1
//
//	RecipientInfos ::= SET SIZE (1..MAX) OF RecipientInfo
type Header struct {
	ContentType          OID // EnvelopedData or AuthEnvelopedData
	Version              int
	OriginatorInfo       []byte // DER, tag [0] included; nil when absent
	RecipientInfos       []RecipientInfo
	EncryptedContentInfo EncryptedContentInfo
}

// EncryptedContentInfo describes the content; the octets themselves are read
// from the [Reader].
//
//	EncryptedContentInfo ::= SEQUENCE {
//	  contentType ContentType,
//	  contentEncryptionAlgorithm ContentEncryptionAlgorithmIdentifier,
//	  encryptedContent [0] IMPLICIT EncryptedContent OPTIONAL }  -- RFC 5652 6.1
type EncryptedContentInfo struct {
	ContentType                OID
	ContentEncryptionAlgorithm AlgorithmIdentifier
}

// Trailer is a message after its encrypted content. In an EnvelopedData only
// Attrs can be present.
//
//	MessageAuthenticationCode ::= OCTET STRING
type Trailer struct {
	AuthAttrs []byte // DER of authAttrs, tag [1] included; nil when absent
	MAC       []byte // AuthEnvelopedData only
	Attrs     []byte // DER of unprotectedAttrs [1] or unauthAttrs [2], tag included; nil when absent
}

// AlgorithmIdentifier names an algorithm.
//
//	AlgorithmIdentifier ::= SEQUENCE {
//	  algorithm OBJECT IDENTIFIER,
//	  parameters ANY DEFINED BY algorithm OPTIONAL }  -- RFC 5280 4.1.1.2
type AlgorithmIdentifier struct {
	Raw        []byte // DER of the whole SEQUENCE
	Algorithm  OID
	Parameters []byte // DER of the parameters with their tag; nil when absent
}

// NewAlgorithm returns the identifier of algorithm with these DER parameters
// (nil for none).
func NewAlgorithm(algorithm OID, parameters []byte) AlgorithmIdentifier {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addOID(b, algorithm)
		b.AddBytes(parameters)
	})
	return AlgorithmIdentifier{Raw: b.BytesOrPanic(), Algorithm: algorithm, Parameters: parameters}
}

// ParseAlgorithm reads one AlgorithmIdentifier in DER, all of der.
func ParseAlgorithm(der []byte) (AlgorithmIdentifier, error) {
	s := cryptobyte.String(der)
	a, ok := readAlgorithm(&s)
	if !ok || !s.Empty() {
		return AlgorithmIdentifier{}, malformed("AlgorithmIdentifier")
	}
	return a, nil
}

// readAlgorithm takes one AlgorithmIdentifier from s.
func readAlgorithm(s *cryptobyte.String) (AlgorithmIdentifier, bool) {
	var a AlgorithmIdentifier
	var raw, seq, params cryptobyte.String
	if !s.ReadASN1Element(&raw, asn1.SEQUENCE) {
		return a, false
	}
	a.Raw = raw
	if !raw.ReadASN1(&seq, asn1.SEQUENCE) || !readOID(&seq, &a.Algorithm) {
		return a, false
	}
	if seq.Empty() {
		return a, true
	}
	var tag asn1.Tag
	if !seq.ReadAnyASN1Element(&params, &tag) || !seq.Empty() {
		return a, false
	}
	a.Parameters = params
	return a, true
}

// malformed is the refusal of bytes that are not CMS; what names the place.
func malformed(what string) error {
	return fault.Newf(fault.EnvelopeMalformed, "%s", what)
}
