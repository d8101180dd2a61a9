package cms

import (
	"strconv"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// OID is an object identifier as its DER content octets, so that identifiers
// compare with == and no arc is too large to be carried.
type OID string

// Content types (RFC 5652 4 and 6.1, RFC 5083 2.1).
const (
	Data              OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01"         // 1.2.840.113549.1.7.1
	EnvelopedData     OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03"         // 1.2.840.113549.1.7.3
	AuthEnvelopedData OID = "\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17" // 1.2.840.113549.1.9.16.1.23
)

// String returns the dotted form ("1.2.840.113549.1.7.1"), or "?" followed by
// hexadecimal where the octets are no well-formed identifier.
func (o OID) String() string {
	var b strings.Builder
	var arc uint64
	for i := 0; i < len(o); i++ {
		if arc >= 1<<57 {
			return o.hex()
		}
		arc = arc<<7 | uint64(o[i]&0x7f)
		if o[i]&0x80 != 0 {
			continue
		}
		if b.Len() == 0 {
			first := min(arc/40, 2)
			b.WriteString(strconv.FormatUint(first, 10))
			arc -= first * 40
		}
		b.WriteByte('.')
		b.WriteString(strconv.FormatUint(arc, 10))
		arc = 0
	}
	if len(o) == 0 || o[len(o)-1]&0x80 != 0 {
		return o.hex()
	}
	return b.String()
}

// hex is the fallback of String.
func (o OID) hex() string {
	const digits = "0123456789abcdef"
	out := []byte{'?'}
	for i := 0; i < len(o); i++ {
		out = append(out, digits[o[i]>>4], digits[o[i]&15])
	}
	return string(out)
}

// readOID takes one OBJECT IDENTIFIER from s.
func readOID(s *cryptobyte.String, out *OID) bool {
	var body cryptobyte.String
	if !s.ReadASN1(&body, asn1.OBJECT_IDENTIFIER) || len(body) == 0 || body[len(body)-1]&0x80 != 0 {
		return false
	}
	*out = OID(body)
	return true
}

// addOID writes one OBJECT IDENTIFIER.
func addOID(b *cryptobyte.Builder, o OID) {
	b.AddASN1(asn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes([]byte(o)) })
}
