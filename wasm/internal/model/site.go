package model

import (
	"strings"
	"unicode"
)

// Site is an origin as the browser reported it, with what a person should
// notice about it before trusting it.
type Site struct {
	Origin    string // as serialised by the browser, ASCII
	Host      string // without scheme and port, ASCII
	Readable  string // the host with its punycode labels decoded, "" when there are none
	LookAlike bool   // letters that imitate others: mixed scripts, or all from a look-alike script
	Address   bool   // an IP address instead of a name
	Port      string // when it is not the scheme's own
	Secure    bool   // https, or this computer itself
	Resembles string // an allowed or known host that this one could be taken for, "" for none
}

// NewSite reads an origin.
func NewSite(origin string) Site {
	s := Site{Origin: origin}
	scheme, rest, _ := strings.Cut(origin, "://")
	s.Host = rest
	if i := strings.LastIndexByte(rest, ':'); i >= 0 && !strings.HasSuffix(rest, "]") {
		s.Host, s.Port = rest[:i], rest[i+1:]
	}
	s.Address = isAddress(s.Host)
	loopback := s.Host == "localhost" || s.Host == "127.0.0.1" || s.Host == "[::1]"
	s.Secure = scheme == "https" || scheme == "http" && loopback
	s.read()
	return s
}

// Flagged reports whether the person has to be warned about the name.
func (s Site) Flagged() bool {
	return s.Readable != "" || s.LookAlike || s.Address || s.Resembles != ""
}

// read decodes the labels of the host.
func (s *Site) read() {
	labels := strings.Split(s.Host, ".")
	decoded := false
	for i, l := range labels {
		if !strings.HasPrefix(strings.ToLower(l), "xn--") {
			continue
		}
		text, ok := decodePunycode(l[4:])
		if !ok || !printable(text) {
			s.LookAlike = true
			continue
		}
		labels[i], decoded = text, true
		s.LookAlike = s.LookAlike || imitates(text)
	}
	if decoded {
		s.Readable = strings.Join(labels, ".")
	}
}

func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.M, r) && r != '-' {
			return false
		}
	}
	return s != ""
}

// imitates reports whether a label could pass for a Latin one: letters of
// Latin together with another script, or of a script whose letters look Latin.
func imitates(label string) bool {
	latin, other := false, false
	for _, r := range label {
		switch {
		case !unicode.IsLetter(r):
		case unicode.Is(unicode.Latin, r):
			latin = true
			other = other || strangeLatin(r)
		default:
			other = true
			if unicode.In(r, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee) {
				return true
			}
		}
	}
	return latin && other
}

// strangeLatin reports letters of the phonetic and extended blocks (dotless
// i, script g, ...), which no French or English name has.
func strangeLatin(r rune) bool { return r == 'ı' || r >= 0x180 && r != 'ș' && r != 'ț' }

// isAddress reports an IPv4 or bracketed IPv6 address.
func isAddress(host string) bool {
	if strings.HasPrefix(host, "[") {
		return true
	}
	for _, r := range host {
		if r != '.' && (r < '0' || r > '9') {
			return false
		}
	}
	return host != ""
}
