package pkcs12x

import (
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// maxDepth is how deep elements may nest in each of the layers of a file. The
// deepest that writers make is 9.
const maxDepth = 16

const (
	constructed = 0x20
	tagOctets   = 0x04
)

// frame is a constructed element that is being copied.
type frame struct {
	tag        byte   // of the element, 0 for the outermost frame
	end        int    // where its content ends, or must have ended when indefinite
	indefinite bool   // ends at an end-of-contents marker
	octets     bool   // a constructed OCTET STRING: only the content of its parts counts
	elements   int    // seen directly inside
	out        []byte // its content with DER lengths
}

// ends says whether the frame's content ends at this place, and how many
// bytes the marker takes there.
func (f *frame) ends(in []byte, at int) (marker int, ended bool) {
	if !f.indefinite {
		return 0, at == f.end
	}
	return 2, at+2 <= f.end && in[at] == 0 && in[at+1] == 0
}

// toDER rewrites one BER element with definite, shortest lengths, and joins
// constructed OCTET STRINGs. Nothing else is made canonical. It fails on
// trailing bytes, on nesting above maxDepth, and on tags above 30, which
// PKCS#12 does not have.
func toDER(in []byte) ([]byte, bool) {
	stack := []frame{{end: len(in)}}
	for at := 0; ; {
		top := &stack[len(stack)-1]
		if marker, ended := top.ends(in, at); ended {
			if len(stack) == 1 {
				return top.out, top.elements == 1
			}
			at += marker
			closed := *top
			stack = stack[:len(stack)-1]
			stack[len(stack)-1].add(closed.tag, closed.octets, closed.out)
			continue
		}
		tag, length, header, ok := readHeader(in[at:top.end])
		at += header
		if !ok || length > top.end-at || (top.octets && tag&^constructed != tagOctets) {
			return nil, false
		}
		switch {
		case tag&constructed == 0:
			top.add(tag, tag == tagOctets, in[at:at+length])
			at += length
		case len(stack) > maxDepth:
			return nil, false
		default:
			f := frame{tag: tag, end: at + length, octets: tag == tagOctets|constructed}
			if length < 0 {
				f.end, f.indefinite = top.end, true
			}
			stack = append(stack, f)
		}
	}
}

// add appends a finished element to its parent.
func (f *frame) add(tag byte, octets bool, content []byte) {
	f.elements++
	if f.octets {
		f.out = append(f.out, content...)
		return
	}
	if octets {
		tag = tagOctets
	}
	f.out = append(f.out, tag)
	f.out = appendLength(f.out, len(content))
	f.out = append(f.out, content...)
}

func appendLength(out []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(out, byte(n))
	case n < 1<<8:
		return append(out, 0x81, byte(n))
	case n < 1<<16:
		return append(out, 0x82, byte(n>>8), byte(n))
	}
	return append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
}

// readHeader reads a tag and a length; length is -1 when indefinite.
func readHeader(in []byte) (tag byte, length, header int, ok bool) {
	if len(in) < 2 || in[0]&0x1f == 0x1f || in[0] == 0 {
		return 0, 0, 0, false
	}
	tag = in[0]
	first := in[1]
	switch {
	case first < 0x80:
		return tag, int(first), 2, true
	case first == 0x80:
		return tag, -1, 2, tag&constructed != 0
	}
	n := int(first & 0x7f)
	if n > 4 || len(in) < 2+n {
		return 0, 0, 0, false
	}
	for _, b := range in[2 : 2+n] {
		length = length<<8 | int(b)
	}
	return tag, length, 2 + n, length <= MaxSize
}

// implicitOctets returns the octets of an element [0] IMPLICIT OCTET STRING,
// which BER also allows as [0] around OCTET STRINGs.
func implicitOctets(s *cryptobyte.String) (cryptobyte.String, bool) {
	var value cryptobyte.String
	if s.PeekASN1Tag(asn1.Tag(0).ContextSpecific()) {
		ok := s.ReadASN1(&value, asn1.Tag(0).ContextSpecific())
		return value, ok
	}
	if !s.ReadASN1(&value, asn1.Tag(0).ContextSpecific().Constructed()) {
		return nil, false
	}
	var joined, part cryptobyte.String
	for !value.Empty() {
		if !value.ReadASN1(&part, asn1.OCTET_STRING) {
			return nil, false
		}
		joined = append(joined, part...)
	}
	return joined, true
}
