package cms

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// UnknownLength marks a content whose length is not known when the header is
// written: the message is then BER with indefinite lengths, and the content
// goes into [AppendSegmentHeader] segments.
const UnknownLength int64 = indefinite

// MarshalHeader returns the octets of a message up to its content.
//
// With the content's length in octets known, the result is DER, the content
// follows as it is, and trailerLength must be the length of what
// [MarshalTrailer] will return. With [UnknownLength] every container around
// the content is of indefinite length and trailerLength is not looked at.
// The recipient infos are written in the order given, from their Raw.
func MarshalHeader(h *Header, contentLength int64, trailerLength int) ([]byte, error) {
	var v, recipients, info []byte
	v = appendHeader(v, tagInteger, 1)
	v = append(v, byte(h.Version))
	v = append(v, h.OriginatorInfo...)
	for _, r := range h.RecipientInfos {
		recipients = append(recipients, r.Raw...)
	}
	v = appendHeader(v, tagSet, int64(len(recipients)))
	v = append(v, recipients...)
	info = appendOID(info, h.EncryptedContentInfo.ContentType)
	info = append(info, h.EncryptedContentInfo.ContentEncryptionAlgorithm.Raw...)
	kind := appendOID(nil, h.ContentType)
	if len(h.RecipientInfos) == 0 || h.Version < 0 || h.Version > 5 || contentLength < indefinite || contentLength > 1<<61 {
		return nil, malformed("header")
	}

	content := byte(tagContext0)
	lengths := [4]int64{indefinite, indefinite, indefinite, indefinite}
	if contentLength == indefinite {
		content = tagContext0Con
	} else {
		lengths[3] = int64(len(info)) + sizeOf(contentLength)
		lengths[2] = int64(len(v)) + sizeOf(lengths[3]) + int64(trailerLength)
		lengths[1] = sizeOf(lengths[2])
		lengths[0] = int64(len(kind)) + sizeOf(lengths[1])
	}
	out := appendHeader(nil, tagSequence, lengths[0])
	out = append(out, kind...)
	out = appendHeader(out, tagContext0Con, lengths[1])
	out = appendHeader(out, tagSequence, lengths[2])
	out = append(out, v...)
	out = appendHeader(out, tagSequence, lengths[3])
	out = append(out, info...)
	return appendHeader(out, content, contentLength), nil
}

// MarshalTrailer returns the octets of a message behind its content. In the
// segmented form (contentLength is [UnknownLength]) that includes the ends of
// all open containers. An AuthEnvelopedData has a MAC, an EnvelopedData none.
func MarshalTrailer(h *Header, contentLength int64, t *Trailer) []byte {
	var out []byte
	if contentLength == indefinite {
		out = append(out, 0, 0, 0, 0) // encryptedContent, EncryptedContentInfo
	}
	if h.ContentType == AuthEnvelopedData {
		out = append(out, t.AuthAttrs...)
		out = appendHeader(out, tagOctets, int64(len(t.MAC)))
		out = append(out, t.MAC...)
	}
	out = append(out, t.Attrs...)
	if contentLength == indefinite {
		out = append(out, 0, 0, 0, 0, 0, 0) // EnvelopedData, content, ContentInfo
	}
	return out
}

// AppendSegmentHeader appends to out what goes before a segment of n octets.
func AppendSegmentHeader(out []byte, n int) []byte { return appendHeader(out, tagOctets, int64(n)) }

func appendOID(out []byte, o OID) []byte {
	return append(appendHeader(out, tagOID, int64(len(o))), o...)
}

// NewKeyTrans returns the RecipientInfo that carries encryptedKey to the RSA
// key of the certificate with this issuer (DER) and serial (content octets).
func NewKeyTrans(issuer, serial []byte, algorithm AlgorithmIdentifier, encryptedKey []byte) (RecipientInfo, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(0)
		addIssuerAndSerial(b, issuer, serial)
		b.AddBytes(algorithm.Raw)
		b.AddASN1OctetString(encryptedKey)
	})
	return finish(&b)
}

// NewKeyAgree returns the RecipientInfo that carries encryptedKey to the EC
// key of the certificate with this issuer and serial, wrapped by algorithm
// under the agreement with the ephemeral public point; curve is the DER of
// the named curve's parameters.
func NewKeyAgree(issuer, serial []byte, originator AlgorithmIdentifier, point []byte, algorithm AlgorithmIdentifier, encryptedKey []byte) (RecipientInfo, error) {
	var b cryptobyte.Builder
	b.AddASN1(tagKeyAgree, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1(asn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
				b.AddBytes(originator.Raw)
				b.AddASN1BitString(point)
			})
		})
		b.AddBytes(algorithm.Raw)
		b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addIssuerAndSerial(b, issuer, serial)
				b.AddASN1OctetString(encryptedKey)
			})
		})
	})
	return finish(&b)
}

func addIssuerAndSerial(b *cryptobyte.Builder, issuer, serial []byte) {
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(issuer)
		b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) { b.AddBytes(serial) })
	})
}

// finish parses what was built, so that what is written can be read.
func finish(b *cryptobyte.Builder) (RecipientInfo, error) {
	der, err := b.Bytes()
	if err != nil {
		return RecipientInfo{}, malformed("RecipientInfo")
	}
	return ParseRecipientInfo(der)
}
