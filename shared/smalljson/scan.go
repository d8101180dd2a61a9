package smalljson

import (
	"bytes"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// skip passes over one value of any kind and returns it as it stands.
func (r *reader) skip() ([]byte, error) {
	start := r.at
	var err error
	switch r.peek() {
	case '{':
		err = r.members(func(string) error { return r.pass() })
	case '[':
		err = r.each("[", "]", r.pass)
	case '"':
		_, err = r.text()
	default:
		if !r.word("null") && !r.word("true") && !r.word("false") {
			_, err = r.number()
		}
	}
	return r.data[start:r.at], err
}

func (r *reader) pass() error {
	_, err := r.skip()
	return err
}

// peek is the next byte, 0 at the end.
func (r *reader) peek() byte {
	if r.at == len(r.data) {
		return 0
	}
	return r.data[r.at]
}

func (r *reader) space() {
	for c := r.peek(); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = r.peek() {
		r.at++
	}
}

// word passes over s if it is next.
func (r *reader) word(s string) bool {
	if end := r.at + len(s); end > len(r.data) || string(r.data[r.at:end]) != s {
		return false
	}
	r.at += len(s)
	return true
}

// each passes over an array or an object, whose elements it has read.
func (r *reader) each(open, end string, element func() error) error {
	if !r.word(open) {
		return errSyntax
	}
	if r.depth == MaxDepth {
		return errDepth
	}
	r.depth++
	defer func() { r.depth-- }()
	if r.space(); r.word(end) {
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if r.space(); r.word(end) {
			return nil
		}
		if !r.word(",") {
			return errSyntax
		}
		r.space()
	}
}

// members reads an object.
func (r *reader) members(member func(name string) error) error {
	return r.each("{", "}", func() error {
		name, err := r.text()
		if err != nil {
			return err
		}
		if r.space(); !r.word(":") {
			return errSyntax
		}
		r.space()
		return member(name)
	})
}

// number passes over a number, RFC 8259 6.
func (r *reader) number() ([]byte, error) {
	start := r.at
	r.word("-")
	ok := r.word("0") || r.digits()
	if r.word(".") {
		ok = ok && r.digits()
	}
	if ok && (r.word("e") || r.word("E")) {
		_ = r.word("+") || r.word("-")
		ok = r.digits()
	}
	return r.data[start:r.at], expect(ok)
}

func (r *reader) digits() bool {
	start := r.at
	for c := r.peek(); c >= '0' && c <= '9'; c = r.peek() {
		r.at++
	}
	return r.at > start
}

// text is letters as a string.
func (r *reader) text() (string, error) {
	out, err := r.letters()
	return string(out), err
}

// letters reads a string, RFC 8259 7. Bytes that are no UTF-8 and halves of
// surrogate pairs become U+FFFD.
func (r *reader) letters() ([]byte, error) {
	if !r.word(`"`) {
		return nil, errSyntax
	}
	out := make([]byte, 0, max(0, bytes.IndexByte(r.data[r.at:], '"'))) // grows only for bad letters
	for {
		c := r.peek()
		switch {
		case c < ' ': // or the end
			return nil, errSyntax
		case c == '"':
			r.at++
			return out, nil
		case c == '\\':
			r.at++
			escaped, ok := r.escape()
			if !ok {
				return nil, errSyntax
			}
			out = utf8.AppendRune(out, escaped)
		case c < utf8.RuneSelf:
			r.at++
			out = append(out, c)
		default:
			letter, size := utf8.DecodeRune(r.data[r.at:])
			r.at += size
			out = utf8.AppendRune(out, letter)
		}
	}
}

// escape reads what follows a backslash.
func (r *reader) escape() (rune, bool) {
	c := r.peek()
	switch c {
	case '"', '\\', '/':
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		r.at++
		return r.unicode()
	default:
		return 0, false
	}
	r.at++
	return rune(c), true
}

// unicode reads four hexadecimal digits, and with the first half of a
// surrogate pair the second one.
func (r *reader) unicode() (rune, bool) {
	first, ok := r.hex()
	if !ok || !utf16.IsSurrogate(first) {
		return first, ok
	}
	after := r.at
	if r.word(`\u`) {
		if second, ok := r.hex(); ok {
			if pair := utf16.DecodeRune(first, second); pair != utf8.RuneError {
				return pair, true
			}
		}
	}
	r.at = after
	return utf8.RuneError, true
}

func (r *reader) hex() (rune, bool) {
	if r.at+4 > len(r.data) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.data[r.at:r.at+4]), 16, 16)
	r.at += 4
	return rune(n), err == nil
}
