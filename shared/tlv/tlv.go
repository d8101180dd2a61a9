// Package tlv takes DER (X.690 10) apart, as golang.org/x/crypto/cryptobyte
// does and under the same names, for what the extension's main WebAssembly
// module links: cryptobyte links math/big. Everything else uses cryptobyte.
//
// A read takes an element from the front of a [String] and says whether it was
// there; after false the String is as it was. Elements reach 2 GiB, their
// lengths have the shortest form, and tags are below 31.
package tlv

import "strconv"

// String is DER that is still to be read.
type String []byte

// Tag is an identifier octet: class, form and number.
type Tag uint8

// The universal tags.
const (
	Boolean          Tag = 1
	Integer          Tag = 2
	BitString        Tag = 3
	OctetString      Tag = 4
	ObjectIdentifier Tag = 6
	T61String        Tag = 20
	UTCTime          Tag = 23
	GeneralizedTime  Tag = 24
	UniversalString  Tag = 28
	BMPString        Tag = 30
	Sequence         Tag = 16 | constructed
	Set              Tag = 17 | constructed

	constructed = 0x20
	context     = 0x80
)

// Context is the context-specific tag [n] of a primitive element.
func Context(n uint8) Tag { return Tag(n) | context }

// Constructed is the tag of the same class and number in constructed form.
func (t Tag) Constructed() Tag { return t | constructed }

// Empty says that nothing is left.
func (s String) Empty() bool { return len(s) == 0 }

// next is the first element: its tag, how long its header is, and the whole.
func (s String) next() (tag Tag, header int, element String, ok bool) {
	if len(s) < 2 || s[0]&0x1f == 0x1f {
		return 0, 0, nil, false
	}
	length, header := uint64(s[1]), 2
	if s[1] >= 0x80 {
		octets := int(s[1] & 0x7f)
		header += octets
		if octets == 0 || octets > 4 || len(s) < header || s[2] == 0 {
			return 0, 0, nil, false
		}
		length = 0
		for _, b := range s[2:header] {
			length = length<<8 | uint64(b)
		}
		if length < 0x80 {
			return 0, 0, nil, false
		}
	}
	if length > uint64(len(s)-header) {
		return 0, 0, nil, false
	}
	return Tag(s[0]), header, s[:header+int(length)], true
}

// ReadElement takes an element with its header.
func (s *String) ReadElement(out *String, tag Tag) bool {
	got, _, element, ok := s.next()
	if !ok || got != tag {
		return false
	}
	*out, *s = element, (*s)[len(element):]
	return true
}

// ReadAny takes the content of an element of any tag.
func (s *String) ReadAny(out *String, tag *Tag) bool {
	got, header, element, ok := s.next()
	if !ok {
		return false
	}
	*out, *tag, *s = element[header:], got, (*s)[len(element):]
	return true
}

// Read takes the content of an element.
func (s *String) Read(out *String, tag Tag) bool {
	got, header, element, ok := s.next()
	if !ok || got != tag {
		return false
	}
	*out, *s = element[header:], (*s)[len(element):]
	return true
}

// Skip passes over an element.
func (s *String) Skip(tag Tag) bool {
	var skipped String
	return s.Read(&skipped, tag)
}

// is says whether an element of that tag is next, good or not.
func (s String) is(tag Tag) bool { return len(s) > 0 && Tag(s[0]) == tag }

// SkipOptional passes over an element that may be absent; false is a bad one.
func (s *String) SkipOptional(tag Tag) bool { return !s.is(tag) || s.Skip(tag) }

// ReadOptional takes the content of an element that may be absent; false is a
// bad one.
func (s *String) ReadOptional(out *String, present *bool, tag Tag) bool {
	*present = s.is(tag)
	return !*present || s.Read(out, tag)
}

// ReadBits takes a BIT STRING of whole octets.
func (s *String) ReadBits(out *String) bool {
	rest, bits := *s, String(nil)
	if !rest.Read(&bits, BitString) || len(bits) == 0 || bits[0] != 0 {
		return false
	}
	*out, *s = bits[1:], rest
	return true
}

// ReadOID takes an OBJECT IDENTIFIER in its dotted form. Its arcs are below
// 2^31.
func (s *String) ReadOID(out *string) bool {
	rest, octets := *s, String(nil)
	if !rest.Read(&octets, ObjectIdentifier) || len(octets) == 0 || octets[len(octets)-1]&0x80 != 0 {
		return false
	}
	var dotted []byte
	for arc, i := uint64(0), 0; i < len(octets); i++ {
		if arc == 0 && octets[i] == 0x80 {
			return false // not the shortest form
		}
		if arc = arc<<7 | uint64(octets[i]&0x7f); arc >= 1<<31 {
			return false
		}
		if octets[i]&0x80 != 0 {
			continue
		}
		if len(dotted) == 0 {
			first := min(arc/40, 2)
			dotted, arc = strconv.AppendUint(nil, first, 10), arc-40*first
		}
		dotted = strconv.AppendUint(append(dotted, '.'), arc, 10)
		arc = 0
	}
	*out, *s = string(dotted), rest
	return true
}
