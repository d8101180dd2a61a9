package keypair

import (
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"scelle/shared/tlv"
)

// maxDisplay is the length at which a displayed string is cut, in characters.
const maxDisplay = 128

// maxAttributes is how many parts of a name are read.
const maxAttributes = 64

const (
	oidCommonName   = "2.5.4.3"
	oidOrganization = "2.5.4.10"
)

// shortName returns the customary label of a name's attribute, or its OID.
func shortName(oid string) string {
	switch oid {
	case oidCommonName:
		return "CN"
	case "2.5.4.5":
		return "SERIALNUMBER"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case oidOrganization:
		return "O"
	case "2.5.4.11":
		return "OU"
	case "2.5.4.97":
		return "ORGANIZATIONIDENTIFIER"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "1.2.840.113549.1.9.1":
		return "E"
	}
	return oid
}

type attribute struct{ oid, value string }

// name is a distinguished name in the order of its encoding.
type name []attribute

// parseName reads a Name (RFC 5280 4.1.2.4) as far as it goes; ok says
// whether that was to its end.
func parseName(der []byte) (n name, ok bool) {
	var sequence tlv.String
	input := tlv.String(der)
	if !input.Read(&sequence, tlv.Sequence) || !input.Empty() {
		return nil, false
	}
	for !sequence.Empty() {
		var set tlv.String
		if !sequence.Read(&set, tlv.Set) {
			return n, false
		}
		for !set.Empty() {
			var pair tlv.String
			var oid string
			var value tlv.String
			var tag tlv.Tag
			if len(n) == maxAttributes || !set.Read(&pair, tlv.Sequence) ||
				!pair.ReadOID(&oid) || !pair.ReadAny(&value, &tag) {
				return n, false
			}
			n = append(n, attribute{oid, Clean(decodeString(tag, value))})
		}
	}
	return n, true
}

// last returns the last value of an attribute, the most specific one.
func (n name) last(oid string) string {
	for i := len(n) - 1; i >= 0; i-- {
		if n[i].oid == oid && n[i].value != "" {
			return n[i].value
		}
	}
	return ""
}

func (n name) display() string {
	if s := n.last(oidCommonName); s != "" {
		return s
	}
	if s := n.last(oidOrganization); s != "" {
		return s
	}
	parts := make([]string, len(n))
	for i, a := range n {
		parts[i] = shortName(a.oid) + "=" + a.value
	}
	return Clean(strings.Join(parts, ", "))
}

// decodeString turns a DirectoryString into UTF-8. T61String is read as
// Latin-1, as everybody does; so is text that claims to be UTF-8 and is not.
func decodeString(tag tlv.Tag, value []byte) string {
	switch tag {
	case tlv.BMPString:
		units := make([]uint16, 0, len(value)/2)
		for i := 0; i+1 < len(value); i += 2 {
			units = append(units, uint16(value[i])<<8|uint16(value[i+1]))
		}
		return string(utf16.Decode(units))
	case tlv.UniversalString:
		runes := make([]rune, 0, len(value)/4)
		for i := 0; i+3 < len(value); i += 4 {
			runes = append(runes, rune(uint32(value[i])<<24|uint32(value[i+1])<<16|uint32(value[i+2])<<8|uint32(value[i+3])))
		}
		return string(runes)
	}
	if tag != tlv.T61String && utf8.Valid(value) {
		return string(value)
	}
	runes := make([]rune, len(value))
	for i, b := range value {
		runes[i] = rune(b)
	}
	return string(runes)
}

// Clean makes a string from a certificate or a stranger safe to show on one
// line: control, formatting (bidirectional overrides, zero-width), separator,
// private and invalid characters are removed, runs of spaces become one, and
// it is cut at 128 characters with an ellipsis.
func Clean(s string) string {
	var b strings.Builder
	count, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp) {
			continue
		}
		if space {
			b.WriteByte(' ')
			count++
			space = false
		}
		if count++; count > maxDisplay {
			return strings.TrimRight(b.String(), " ") + "…"
		}
		b.WriteRune(r)
	}
	return b.String()
}
