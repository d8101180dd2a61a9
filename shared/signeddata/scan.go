package signeddata

import "scelle/shared/fault"

// Limits of what is handed to go.mozilla.org/pkcs7.
const (
	MaxSize     = 256 << 10 // bytes of a signed list
	MaxDepth    = 16        // of nested elements; a certificate's extensions lie at 10
	MaxElements = 4096      // tags in a signed list; a certificate has about 120
)

// Universal tags that are constructed in DER (X.690 8.9 and 8.11) with their
// constructed bit; strings in parts are BER.
const (
	tagSequence = 0x30
	tagSet      = 0x31
)

// scan checks, without recursion, that data is one DER element: definite and
// shortest lengths, children that fill their parent exactly, one-byte tags,
// no strings in parts, nothing behind. Primitive contents are not looked at.
func scan(data []byte) error {
	var ends [MaxDepth]int // where each open element ends
	depth, at := 0, 0
	for count := 1; ; count++ {
		if count > MaxElements {
			return forged("more than %d elements", MaxElements)
		}
		end := len(data)
		if depth > 0 {
			end = ends[depth-1]
		}
		constructed, start, length, err := header(data[:end], at)
		if err != nil {
			return err
		}
		at = start + length
		if constructed && length > 0 {
			if depth == MaxDepth {
				return forged("nested deeper than %d", MaxDepth)
			}
			ends[depth], depth, at = at, depth+1, start
			continue
		}
		for depth > 0 && at == ends[depth-1] {
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if at != len(data) {
		return forged("%d bytes behind the end", len(data)-at)
	}
	return nil
}

// header reads the identifier and length octets at an offset of data, whose
// end is that of the parent.
func header(data []byte, at int) (constructed bool, start, length int, err error) {
	if len(data)-at < 2 {
		return false, 0, 0, forged("cut off")
	}
	tag, first := data[at], data[at+1]
	constructed = tag&0x20 != 0
	universal := tag&0xc0 == 0
	switch {
	case tag&0x1f == 0x1f:
		return false, 0, 0, forged("long tag")
	case universal && constructed != (tag|0x20 == tagSequence || tag|0x20 == tagSet), tag == 0:
		return false, 0, 0, forged("tag 0x%02x", tag)
	case first == 0x80:
		return false, 0, 0, forged("indefinite length")
	}
	start, length = at+2, int(first)
	if first > 0x80 {
		if start, length, err = longLength(data, start, int(first&0x7f)); err != nil {
			return false, 0, 0, err
		}
	}
	if length > len(data)-start {
		return false, 0, 0, forged("length beyond the end")
	}
	return constructed, start, length, nil
}

// longLength reads a length of n octets; three are enough for MaxSize.
func longLength(data []byte, at, n int) (start, length int, err error) {
	if n > 3 || len(data)-at < n {
		return 0, 0, forged("length beyond the end")
	}
	for _, b := range data[at : at+n] {
		length = length<<8 | int(b)
	}
	if length < 0x80 || length>>(8*(n-1)) == 0 {
		return 0, 0, forged("length not in its shortest form")
	}
	return at + n, length, nil
}

func forged(format string, args ...any) error {
	return fault.Newf(fault.ListForged, format, args...)
}
