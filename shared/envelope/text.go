package envelope

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"strings"

	"scelle/shared/fault"
)

// Encoding says how a file carries its CMS object.
type Encoding string

// The encodings, told apart by content.
const (
	Binary Encoding = "binary" // DER or BER
	PEM    Encoding = "pem"    // RFC 7468: -----BEGIN CMS-----, or PKCS7
	SMIME  Encoding = "smime"  // RFC 8551: header lines, an empty line, base64
)

// maxPreamble bounds what may stand before the base64 of a text encoding.
const maxPreamble = 64 << 10

// decode finds out how src carries the object and returns a reader of the
// object's own bytes, which ends where the object's text ends.
func decode(src io.Reader) (io.Reader, Encoding, error) {
	in := bufio.NewReaderSize(src, 64<<10)
	first, err := in.Peek(1)
	if err != nil {
		return nil, "", fault.Wrap(readCode(err), err)
	}
	if first[0] == 0x30 {
		return in, Binary, nil
	}
	t := &textReader{src: in}
	encoding, err := t.readPreamble()
	if err != nil {
		return nil, "", err
	}
	return t, encoding, nil
}

// readCode tells a source that has ended from one that failed.
func readCode(err error) fault.Code {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fault.EnvelopeMalformed
	}
	return fault.ReadFailed
}

// textReader decodes base64 up to the end of a PEM block or of the source.
type textReader struct {
	src    *bufio.Reader
	label  string // of the PEM block, "" for S/MIME
	quanta []byte // base64 characters not decoded yet
	plain  []byte // decoded and not given out yet
	room   []byte
	padded bool // a "=" was seen: nothing may follow
	ended  bool
	err    error
}

// readPreamble takes lines up to the base64. Lines before a PEM block are
// allowed, as RFC 7468 5.2 does; otherwise they must be the header of an
// S/MIME message with base64 in it.
func (t *textReader) readPreamble() (Encoding, error) {
	header := false
	encoded := false
	for total := 0; total < maxPreamble; {
		line, err := t.line()
		total += len(line) + 1
		if err != nil {
			return "", err
		}
		if label, ok := bytes.CutPrefix(line, []byte("-----BEGIN ")); ok {
			t.label = string(bytes.TrimSuffix(label, []byte("-----")))
			if t.label != "CMS" && t.label != "PKCS7" && t.label != "PKCS #7 SIGNED DATA" {
				return "", fault.Newf(fault.EnvelopeMalformed, "PEM block of another kind")
			}
			return PEM, nil
		}
		if len(line) == 0 && header && encoded {
			return SMIME, nil
		}
		header = header || bytes.IndexByte(line, ':') > 0
		name, value, _ := strings.Cut(strings.ToLower(string(line)), ":")
		if name == "content-transfer-encoding" {
			encoded = strings.TrimSpace(value) == "base64"
		}
	}
	return "", fault.Newf(fault.EnvelopeMalformed, "neither CMS, PEM nor S/MIME")
}

// line takes one line without its end.
func (t *textReader) line() ([]byte, error) {
	line, err := t.src.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, fault.Newf(fault.EnvelopeMalformed, "neither CMS, PEM nor S/MIME")
	case err == io.EOF && len(line) == 0:
		return nil, fault.Newf(fault.EnvelopeMalformed, "neither CMS, PEM nor S/MIME")
	case err != nil && err != io.EOF:
		return nil, fault.Wrap(fault.ReadFailed, err)
	}
	return bytes.TrimRight(line, " \t\r\n"), nil
}

// Read gives out the decoded bytes.
func (t *textReader) Read(b []byte) (int, error) {
	for len(t.plain) == 0 && t.err == nil {
		t.err = t.fill()
	}
	if len(t.plain) == 0 {
		return 0, t.err
	}
	n := copy(b, t.plain)
	t.plain = t.plain[n:]
	return n, nil
}

// fill decodes what the source's buffer holds.
func (t *textReader) fill() error {
	if t.ended {
		return io.EOF
	}
	if _, err := t.src.Peek(1); err == io.EOF {
		return t.end()
	} else if err != nil {
		return fault.Wrap(readCode(err), err)
	}
	buffered, _ := t.src.Peek(t.src.Buffered())
	taken := len(buffered)
	for i, c := range buffered {
		switch {
		case c == '\n', c == '\r', c == ' ', c == '\t':
		case c == '-' && t.label != "":
			t.src.Discard(i)
			return t.end()
		default:
			t.quanta = append(t.quanta, c)
		}
	}
	t.src.Discard(taken)
	return t.decodeQuanta(len(t.quanta) &^ 3)
}

// decodeQuanta decodes the first n characters, a multiple of 4.
func (t *textReader) decodeQuanta(n int) error {
	if n == 0 {
		return nil
	}
	if t.padded {
		return fault.Newf(fault.EnvelopeMalformed, "base64")
	}
	if cap(t.room) < n {
		t.room = make([]byte, n)
	}
	size, err := base64.StdEncoding.Strict().Decode(t.room[:n], t.quanta[:n])
	if err != nil {
		return fault.Newf(fault.EnvelopeMalformed, "base64")
	}
	t.padded = t.quanta[n-1] == '='
	t.plain = t.room[:size]
	t.quanta = append(t.quanta[:0], t.quanta[n:]...)
	return nil
}

// end checks how the text ends: on a whole quantum, with the END line in PEM,
// and with nothing but white space behind it.
func (t *textReader) end() error {
	t.ended = true
	if len(t.quanta)%4 != 0 {
		return fault.Newf(fault.EnvelopeMalformed, "base64")
	}
	if t.label != "" {
		line, err := t.line()
		if err != nil {
			return err
		}
		if string(line) != "-----END "+t.label+"-----" {
			return fault.Newf(fault.EnvelopeMalformed, "end of the PEM block")
		}
	}
	for {
		c, err := t.src.ReadByte()
		switch {
		case err == io.EOF:
			return t.decodeQuanta(len(t.quanta))
		case err != nil:
			return fault.Wrap(readCode(err), err)
		case !strings.ContainsRune(" \t\r\n", rune(c)):
			return fault.Newf(fault.EnvelopeMalformed, "trailing data")
		}
	}
}
