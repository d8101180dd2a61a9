// Package dertest builds DER and BER by hand, so that tests can make what no
// writer makes. Only tests import it. Nothing here checks anything.
package dertest

import (
	"bytes"
	"strconv"
	"strings"
)

// TLV is an element with a definite, minimal length around the parts.
func TLV(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(Header(tag, uint64(len(body))), body...)
}

// Header is identifier and length octets alone; the length need not be true.
func Header(tag byte, length uint64) []byte {
	if length < 0x80 {
		return []byte{tag, byte(length)}
	}
	var octets []byte
	for ; length > 0; length >>= 8 {
		octets = append([]byte{byte(length)}, octets...)
	}
	return append([]byte{tag, 0x80 | byte(len(octets))}, octets...)
}

// LongTLV is an element whose length is written in n octets, more than needed.
func LongTLV(tag byte, n int, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	out := []byte{tag, 0x80 | byte(n)}
	for i := n - 1; i >= 0; i-- {
		out = append(out, byte(uint64(len(body))>>(8*min(i, 7))))
		if i > 7 {
			out[len(out)-1] = 0
		}
	}
	return append(out, body...)
}

// Indefinite is a constructed element of indefinite length.
func Indefinite(tag byte, parts ...[]byte) []byte {
	out := append([]byte{tag, 0x80}, bytes.Join(parts, nil)...)
	return append(out, 0, 0)
}

// Seq is a SEQUENCE.
func Seq(parts ...[]byte) []byte { return TLV(0x30, parts...) }

// Set is a SET OF, in the order given.
func Set(parts ...[]byte) []byte { return TLV(0x31, parts...) }

// Octets is an OCTET STRING.
func Octets(b []byte) []byte { return TLV(4, b) }

// Int is an INTEGER from -128 to 127.
func Int(n int8) []byte { return []byte{2, 1, byte(n)} }

// Null is NULL.
func Null() []byte { return []byte{5, 0} }

// Bits is a BIT STRING of whole bytes.
func Bits(b []byte) []byte { return TLV(3, []byte{0}, b) }

// OID is an OBJECT IDENTIFIER in dotted form.
func OID(dotted string) []byte {
	var body []byte
	arcs := strings.Split(dotted, ".")
	first, _ := strconv.ParseUint(arcs[0], 10, 64)
	for i, arc := range arcs[1:] {
		n, _ := strconv.ParseUint(arc, 10, 64)
		if i == 0 {
			n += 40 * first
		}
		group := []byte{byte(n & 0x7f)}
		for n >>= 7; n > 0; n >>= 7 {
			group = append([]byte{0x80 | byte(n&0x7f)}, group...)
		}
		body = append(body, group...)
	}
	return TLV(6, body)
}

// Algorithm is an AlgorithmIdentifier.
func Algorithm(dotted string, parameters ...[]byte) []byte {
	return Seq(append([][]byte{OID(dotted)}, parameters...)...)
}
