package cms

import (
	"io"

	"scelle/shared/fault"

	"golang.org/x/crypto/cryptobyte"
)

// Reader takes one message from a stream: Header, then Read until io.EOF,
// then Trailer, each once and in this order. It reads ahead of what it gives
// out, never beyond the source's end, and refuses bytes behind the message.
type Reader struct {
	p       *parser
	header  *Header
	content contentState
	err     error // what ended the reading, kept
}

// contentState follows the encrypted content through its segments.
type contentState struct {
	base      int   // stack depth inside the constructed content; 0 for one primitive
	length    int64 // of a primitive content; indefinite (-1) when in segments
	offset    int64 // of the first content octet of a primitive content
	remaining int64 // of the current segment
	empty     int   // empty segments met
	done      bool
	trailer   int64 // bytes between EncryptedContentInfo and the end, -1 when not known
}

// NewReader returns a reader of the message that starts at src's first byte.
func NewReader(src io.Reader) *Reader { return &Reader{p: newParser(src)} }

// Header reads everything before the encrypted content. It reads no octet of
// the content, except into its own buffer. A message without encryptedContent
// (one whose content is kept elsewhere) is malformed.
func (r *Reader) Header() (*Header, error) {
	if r.header != nil || r.err != nil {
		return r.header, r.err
	}
	h := &Header{}
	steps := []func(*Header) error{r.readStart, r.readRecipients, r.readContentInfo, r.startContent}
	for _, step := range steps {
		if r.err = step(h); r.err != nil {
			return nil, r.err
		}
	}
	r.header = h
	return h, nil
}

// ContentLength is the number of octets of the encrypted content, or -1 when
// it is in segments whose sum is not known yet.
func (r *Reader) ContentLength() int64 { return r.content.length }

// ContentOffset is the place of the first content octet in the source, or -1
// when the content is in segments.
func (r *Reader) ContentOffset() int64 { return r.content.offset }

// TrailerLength is the number of bytes behind EncryptedContentInfo, known from
// the header of a message that has definite lengths throughout, otherwise -1.
func (r *Reader) TrailerLength() int64 { return r.content.trailer }

// readStart takes ContentInfo up to originatorInfo.
func (r *Reader) readStart(h *Header) error {
	if err := r.p.enter(tagSequence, "ContentInfo"); err != nil {
		return err
	}
	var err error
	if h.ContentType, err = r.oid("contentType"); err != nil {
		return err
	}
	if h.ContentType != EnvelopedData && h.ContentType != AuthEnvelopedData {
		return malformed("content type " + h.ContentType.String())
	}
	if err := r.p.enter(tagContext0Con, "content"); err != nil {
		return err
	}
	if err := r.p.enter(tagSequence, "EnvelopedData"); err != nil {
		return err
	}
	if h.Version, err = r.version(); err != nil {
		return err
	}
	h.OriginatorInfo, err = r.optional(tagContext0Con)
	return err
}

// readRecipients takes recipientInfos.
func (r *Reader) readRecipients(h *Header) error {
	if err := r.p.enter(tagSet, "recipientInfos"); err != nil {
		return err
	}
	keys := 0
	for {
		more, err := r.p.more()
		if err != nil {
			return err
		}
		if !more {
			break
		}
		der, err := r.p.element()
		if err != nil {
			return err
		}
		info, err := ParseRecipientInfo(der)
		if err != nil {
			return err
		}
		if keys += info.Keys(); keys > MaxRecipients {
			return malformed("too many recipients")
		}
		h.RecipientInfos = append(h.RecipientInfos, info)
	}
	if keys == 0 {
		return malformed("no recipients")
	}
	return r.p.leave()
}

// readContentInfo takes EncryptedContentInfo up to the content.
func (r *Reader) readContentInfo(h *Header) error {
	if err := r.p.enter(tagSequence, "EncryptedContentInfo"); err != nil {
		return err
	}
	var err error
	if h.EncryptedContentInfo.ContentType, err = r.oid("contentType"); err != nil {
		return err
	}
	der, err := r.required(tagSequence, "contentEncryptionAlgorithm")
	if err != nil {
		return err
	}
	h.EncryptedContentInfo.ContentEncryptionAlgorithm, err = ParseAlgorithm(der)
	return err
}

// startContent takes the header of encryptedContent: one primitive, or a
// container of OCTET STRINGs.
func (r *Reader) startContent(*Header) error {
	if more, err := r.p.more(); err != nil || !more {
		if err == nil {
			err = malformed("no encryptedContent")
		}
		return err
	}
	r.content.trailer = r.p.trailerLength()
	tag, length, err := r.p.readHeader()
	if err != nil {
		return err
	}
	switch tag {
	case tagContext0:
		r.content.length, r.content.remaining = length, length
		r.content.offset = r.p.pos
		return nil
	case tagContext0Con:
		r.content.length, r.content.offset = indefinite, indefinite
		if err := r.p.push(length); err != nil {
			return err
		}
		r.content.base = r.p.depth
		return nil
	}
	return malformed("encryptedContent")
}

// Read gives out the octets of the encrypted content. It is io.EOF only when
// the content ended where the message says.
func (r *Reader) Read(b []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	for r.content.remaining == 0 && !r.content.done {
		if r.err = r.nextSegment(); r.err != nil {
			return 0, r.err
		}
	}
	if r.content.done {
		return 0, io.EOF
	}
	n, err := r.p.src.Read(b[:min(int64(len(b)), r.content.remaining)])
	r.p.pos += int64(n)
	r.content.remaining -= int64(n)
	if err != nil {
		r.err = sourceError(err)
	}
	return n, r.err
}

// Skip ends a primitive content whose octets the caller took from elsewhere;
// src continues behind it. It is for the place of Read, before anything was
// read. A content in segments cannot be skipped: fault.Internal.
func (r *Reader) Skip(src io.Reader) error {
	if r.err != nil {
		return r.err
	}
	c := &r.content
	if r.header == nil || c.base != 0 || c.remaining != c.length {
		return fault.Newf(fault.Internal, "content cannot be skipped")
	}
	r.p.src.Reset(src)
	r.p.pos += c.remaining
	c.remaining, c.done = 0, true
	return nil
}

// nextSegment goes on to the next OCTET STRING with octets in it, or to the
// end of the content. Segment headers are not charged to the header's budget,
// since their number grows with the content.
func (r *Reader) nextSegment() error {
	c := &r.content
	if c.base == 0 {
		c.done = true
		return nil
	}
	more, err := r.p.more()
	if err != nil {
		return err
	}
	budget := r.p.budget
	defer func() { r.p.budget = budget }()
	if !more {
		c.done = r.p.depth == c.base
		return r.p.leave()
	}
	tag, length, err := r.p.readHeader()
	if err != nil {
		return err
	}
	switch {
	case tag == tagOctets && length == 0, tag == tagOctetsBER:
		if c.empty++; tag == tagOctets && c.empty > MaxEmptySegments {
			return malformed("too many empty segments")
		}
		if tag == tagOctetsBER {
			return r.p.push(length)
		}
	case tag == tagOctets:
		c.remaining = length
	default:
		return malformed("encryptedContent")
	}
	return nil
}

// Trailer reads what follows the content, and the end of the source. The
// content must have been read to its io.EOF.
func (r *Reader) Trailer() (*Trailer, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.header == nil || !r.content.done {
		return nil, malformed("content not read")
	}
	t := &Trailer{}
	if r.err = r.readTrailer(t); r.err != nil {
		return nil, r.err
	}
	return t, nil
}

func (r *Reader) readTrailer(t *Trailer) error {
	if err := r.p.leave(); err != nil { // EncryptedContentInfo
		return err
	}
	attrs := byte(tagContext1Con)
	var err error
	if r.header.ContentType == AuthEnvelopedData {
		if t.AuthAttrs, err = r.optional(tagContext1Con); err != nil {
			return err
		}
		if t.MAC, err = r.octets("mac"); err != nil {
			return err
		}
		attrs = tagContext2Con
	}
	if t.Attrs, err = r.optional(attrs); err != nil {
		return err
	}
	for range 3 { // EnvelopedData, content, ContentInfo
		if err := r.p.leave(); err != nil {
			return err
		}
	}
	switch _, err := r.p.src.Peek(1); err {
	case io.EOF:
		return nil
	case nil:
		return malformed("trailing data")
	default:
		return sourceError(err)
	}
}

// required takes an element that must be there with this tag, as DER.
func (r *Reader) required(tag byte, what string) ([]byte, error) {
	next, err := r.p.peekTag()
	if err != nil {
		return nil, err
	}
	if next&^constructedBit != tag&^constructedBit {
		return nil, malformed(what)
	}
	der, err := r.p.element()
	if err == nil && der[0] != tag {
		err = malformed(what)
	}
	return der, err
}

// optional takes an element with this tag if it comes next, as DER.
func (r *Reader) optional(tag byte) ([]byte, error) {
	next, err := r.p.peekTag()
	if err != nil || next != tag {
		return nil, err
	}
	return r.p.element()
}

// oid takes one OBJECT IDENTIFIER.
func (r *Reader) oid(what string) (OID, error) {
	der, err := r.required(tagOID, what)
	if err != nil {
		return "", err
	}
	var o OID
	s := cryptobyte.String(der)
	if !readOID(&s, &o) {
		return "", malformed(what)
	}
	return o, nil
}

// version takes a CMSVersion, 0 to 5 (RFC 5652 10.2.5).
func (r *Reader) version() (int, error) {
	der, err := r.required(tagInteger, "version")
	if err != nil {
		return 0, err
	}
	var v int
	s := cryptobyte.String(der)
	if !s.ReadASN1Integer(&v) || v < 0 || v > 5 {
		return 0, malformed("version")
	}
	return v, nil
}

// octets takes one OCTET STRING and returns its octets.
func (r *Reader) octets(what string) ([]byte, error) {
	der, err := r.required(tagOctets, what)
	if err != nil {
		return nil, err
	}
	s := cryptobyte.String(der)
	var octets cryptobyte.String
	if !s.ReadASN1(&octets, tagOctets) {
		return nil, malformed(what)
	}
	return octets, nil
}
