package cms

import "io"

// opened is a constructed element whose DER is being built.
type opened struct {
	tag   byte
	start int // of its content in the output
}

// element takes the next element of the innermost container and returns it
// with definite, minimal lengths and with OCTET STRINGs in primitive form.
// It walks the input with the parser's own stack: no recursion.
func (p *parser) element() ([]byte, error) {
	var out []byte
	var open [MaxDepth]opened
	base := p.depth
	for {
		tag, length, err := p.readHeader()
		if err != nil {
			return nil, err
		}
		inOctets := p.depth > base && open[p.depth-1].tag == tagOctetsBER
		if inOctets && tag != tagOctets && tag != tagOctetsBER {
			return nil, malformed("constructed OCTET STRING")
		}
		if tag&constructedBit != 0 {
			if err := p.push(length); err != nil {
				return nil, err
			}
			open[p.depth-1] = opened{tag: tag, start: len(out)}
		} else {
			if !inOctets {
				out = appendHeader(out, tag, length)
			}
			if out, err = p.appendBytes(out, length); err != nil {
				return nil, err
			}
		}
		if out, err = p.closeFinished(out, &open, base); err != nil {
			return nil, err
		}
		if p.depth == base {
			return out, nil
		}
	}
}

// closeFinished leaves every container above base that has no further
// element, and puts the header in front of what it holds.
func (p *parser) closeFinished(out []byte, open *[MaxDepth]opened, base int) ([]byte, error) {
	for p.depth > base {
		more, err := p.more()
		if err != nil || more {
			return out, err
		}
		o := open[p.depth-1]
		if err := p.leave(); err != nil {
			return nil, err
		}
		if o.tag == tagOctetsBER {
			if p.depth > base && open[p.depth-1].tag == tagOctetsBER {
				continue // a segment of a longer string: only its octets count
			}
			o.tag = tagOctets
		}
		out = insertHeader(out, o)
	}
	return out, nil
}

// appendBytes takes n content bytes of a header element.
func (p *parser) appendBytes(out []byte, n int64) ([]byte, error) {
	if err := p.spend(n); err != nil {
		return nil, err
	}
	start := len(out)
	out = append(out, make([]byte, n)...)
	if _, err := io.ReadFull(p.src, out[start:]); err != nil {
		return nil, sourceError(err)
	}
	return out, nil
}

// insertHeader puts identifier and length in front of out[o.start:].
func insertHeader(out []byte, o opened) []byte {
	length := len(out) - o.start
	head := appendHeader(nil, o.tag, int64(length))
	out = append(out, head...)
	copy(out[o.start+len(head):], out[o.start:o.start+length])
	copy(out[o.start:], head)
	return out
}

// appendHeader writes identifier and DER length octets; indefinite is allowed.
func appendHeader(out []byte, tag byte, length int64) []byte {
	out = append(out, tag)
	switch {
	case length == indefinite:
		return append(out, 0x80)
	case length < 0x80:
		return append(out, byte(length))
	}
	n := lengthOctets(length)
	out = append(out, 0x80|byte(n))
	for i := n - 1; i >= 0; i-- {
		out = append(out, byte(length>>(8*i)))
	}
	return out
}

// lengthOctets is the number of octets that hold length.
func lengthOctets(length int64) int {
	n := 1
	for length>>(8*n) != 0 && n < 8 {
		n++
	}
	return n
}

// sizeOf is the size of an element whose content has this length.
func sizeOf(length int64) int64 {
	if length < 0x80 {
		return 2 + length
	}
	return 2 + int64(lengthOctets(length)) + length
}
