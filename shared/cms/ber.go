package cms

import (
	"bufio"
	"errors"
	"io"

	"scelle/shared/fault"
)

// Identifier octets that this package meets. BER allows the constructed form
// of an OCTET STRING, DER does not.
const (
	tagOctets      = 0x04
	tagOctetsBER   = 0x24
	tagOID         = 0x06
	tagInteger     = 0x02
	tagSequence    = 0x30
	tagSet         = 0x31
	tagContext0    = 0x80
	tagContext0Con = 0xa0
	tagContext1Con = 0xa1
	tagContext2Con = 0xa2
	constructedBit = 0x20
	indefinite     = -1
)

// container is an element that was entered and not yet left.
type container struct {
	end int64 // offset behind its last byte, or indefinite
}

// parser reads BER element by element. It keeps the open containers on a
// stack of fixed depth, so hostile nesting costs nothing, and counts every
// byte that is not content against MaxHeader.
type parser struct {
	src    *bufio.Reader
	pos    int64 // bytes taken from src
	budget int64 // header bytes that may still be taken
	depth  int
	stack  [MaxDepth]container
}

func newParser(src io.Reader) *parser {
	return &parser{src: bufio.NewReaderSize(src, 64<<10), budget: MaxHeader}
}

// sourceError tells a source that ended too early from one that failed.
func sourceError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return malformed("truncated")
	}
	return fault.Wrap(fault.ReadFailed, err)
}

// spend takes n header bytes from the budget.
func (p *parser) spend(n int64) error {
	if n > p.budget {
		return malformed("header too large")
	}
	p.budget -= n
	p.pos += n
	return nil
}

// readByte takes one header byte.
func (p *parser) readByte() (byte, error) {
	c, err := p.src.ReadByte()
	if err != nil {
		return 0, sourceError(err)
	}
	return c, p.spend(1)
}

// readHeader takes identifier and length octets. The length is at most
// 2^63-1, or indefinite; the element is known to end inside its container.
func (p *parser) readHeader() (tag byte, length int64, err error) {
	if tag, err = p.readByte(); err != nil {
		return 0, 0, err
	}
	if tag&0x1f == 0x1f {
		return 0, 0, malformed("tag number above 30")
	}
	first, err := p.readByte()
	if err != nil {
		return 0, 0, err
	}
	switch {
	case first < 0x80:
		length = int64(first)
	case first == 0x80:
		if tag&constructedBit == 0 {
			return 0, 0, malformed("indefinite length of a primitive")
		}
		return tag, indefinite, nil
	default:
		if length, err = p.readLongLength(int(first & 0x7f)); err != nil {
			return 0, 0, err
		}
	}
	if end := p.containerEnd(); end != indefinite && length > end-p.pos {
		return 0, 0, malformed("element longer than its container")
	}
	return tag, length, nil
}

// readLongLength takes n length octets, most significant first.
func (p *parser) readLongLength(n int) (int64, error) {
	if n > 8 {
		return 0, malformed("length of length above 8")
	}
	var length uint64
	for range n {
		c, err := p.readByte()
		if err != nil {
			return 0, err
		}
		length = length<<8 | uint64(c)
	}
	// Kept clear of overflow: positions are added to lengths.
	if length > 1<<62 {
		return 0, malformed("length above 2^62")
	}
	return int64(length), nil
}

// containerEnd is the nearest end known for the innermost container. An
// indefinite container inside a definite one is still bounded by the latter.
func (p *parser) containerEnd() int64 {
	for i := p.depth - 1; i >= 0; i-- {
		if p.stack[i].end != indefinite {
			return p.stack[i].end
		}
	}
	return indefinite
}

// push opens a container of this length.
func (p *parser) push(length int64) error {
	if p.depth == MaxDepth {
		return malformed("nested too deep")
	}
	end := int64(indefinite)
	if length != indefinite {
		end = p.pos + length
	}
	p.stack[p.depth] = container{end: end}
	p.depth++
	return nil
}

// enter takes the header of a constructed element with this tag and opens it.
func (p *parser) enter(want byte, what string) error {
	tag, length, err := p.readHeader()
	if err != nil {
		return err
	}
	if tag != want {
		return malformed(what)
	}
	return p.push(length)
}

// more reports whether the innermost container holds another element.
func (p *parser) more() (bool, error) {
	end := p.stack[p.depth-1].end
	if end != indefinite {
		return p.pos < end, nil
	}
	next, err := p.src.Peek(1)
	if err != nil {
		return false, sourceError(err)
	}
	return next[0] != 0, nil
}

// leave closes the innermost container, which must end here.
func (p *parser) leave() error {
	end := p.stack[p.depth-1].end
	if end != indefinite {
		if p.pos != end {
			return malformed("unexpected element")
		}
		p.depth--
		return nil
	}
	for range 2 {
		c, err := p.readByte()
		if err != nil {
			return err
		}
		if c != 0 {
			return malformed("unexpected element")
		}
	}
	if outer := p.containerEnd(); outer != indefinite && p.pos > outer {
		return malformed("element longer than its container")
	}
	p.depth--
	return nil
}

// peekTag returns the identifier octet of the next element of the innermost
// container, 0 when there is none.
func (p *parser) peekTag() (byte, error) {
	if more, err := p.more(); err != nil || !more {
		return 0, err
	}
	next, err := p.src.Peek(1)
	if err != nil {
		return 0, sourceError(err)
	}
	return next[0], nil
}

// trailerLength is what stands between the end of the innermost container
// and the end of the outermost one; -1 when one of their ends is not known.
func (p *parser) trailerLength() int64 {
	for _, c := range p.stack[:p.depth] {
		if c.end == indefinite {
			return indefinite
		}
	}
	return p.stack[0].end - p.stack[p.depth-1].end
}
