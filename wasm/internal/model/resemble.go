package model

import (
	"strings"
)

// Beside returns the site with the name it could be taken for, among origins
// that are allowed or known already. A site is never beside itself: another
// port of the same host is the same name.
func (s Site) Beside(origins []string) Site {
	s.Resembles = ""
	if s.Address {
		return s
	}
	for _, o := range origins {
		other := NewSite(o)
		if other.Host == s.Host {
			s.Resembles = ""
			return s
		}
		if s.Resembles == "" && !other.Address && resemble(s.shown(), other.shown()) {
			s.Resembles = other.shown()
		}
	}
	return s
}

// shown is the host as a person reads it.
func (s Site) shown() string {
	if s.Readable != "" {
		return s.Readable
	}
	return s.Host
}

// leastName is the shortest name that is compared: shorter ones are near each
// other by chance.
const leastName = 6

// resemble reports whether two different hosts could be taken for each other:
// the same to the eye, one letter apart, or the same name under another
// top-level domain.
func resemble(a, b string) bool {
	x, y := skeleton(a), skeleton(b)
	if x == y {
		return x != "" // of dashes alone nothing is left to be taken for anything
	}
	nameA, nameB := beforeLast(a), beforeLast(b)
	if nameA == nameB && len(nameA) >= leastName {
		return true
	}
	return len(x) >= leastName && len(y) >= leastName && oneApart([]rune(x), []rune(y))
}

func beforeLast(host string) string {
	i := strings.LastIndexByte(host, '.')
	return host[:max(i, 0)]
}

// oneApart reports whether one letter more, less, changed, or two neighbours
// exchanged make the one out of the other.
func oneApart(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	rest, other := a[i:], b[i:]
	switch len(other) - len(rest) {
	case 0:
		return same(rest[1:], other[1:]) || len(rest) > 1 && rest[0] == other[1] && rest[1] == other[0] && same(rest[2:], other[2:])
	case 1:
		return same(rest, other[1:])
	}
	return false
}

func same(a, b []rune) bool { return string(a) == string(b) }

// skeleton is a name with every letter and digit replaced by what the eye may
// take it for, after the idea of Unicode's UTS 39, 4, for the letters that host
// names of this part of the world can be imitated with.
func skeleton(host string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(host) {
		b.WriteRune(looksLike(r))
	}
	s := b.String()
	for _, pair := range [...][2]string{{"rn", "m"}, {"vv", "w"}, {"cl", "d"}, {"-", ""}} {
		s = strings.ReplaceAll(s, pair[0], pair[1])
	}
	return s
}

// looksLike is the plain letter that a letter or digit imitates, or itself.
func looksLike(r rune) rune {
	for _, group := range lookAlikes {
		for i, c := range group {
			if c == r && i > 0 {
				first, _, _ := strings.Cut(group, string(c))
				for _, plain := range first {
					return plain
				}
			}
		}
	}
	return r
}

// lookAlikes are groups that begin with the plain letter: accented Latin,
// then Cyrillic, Greek, Armenian and digits that look the same.
var lookAlikes = [...]string{
	"aàáâãäåāăąǎȧạаɑα", "cçćĉċčсϲ", "dďđԁ", "eèéêëēĕėęěẹеєε", "gĝğġģɡց", "hĥħһհ",
	"lìíîïĩīĭįıịіїιӏĺļľŀł1|iɩ", "jĵјϳ", "kķĸкκ", "mм", "nñńņňŋпոռ", "oòóôõöøōŏőơọоοσօ0",
	"pрρ", "qԛգ", "rŕŗřг", "sśŝşšșѕ", "tţťŧțтτ", "uùúûüũūŭůűųưụυսц", "vѵν", "wŵԝωա", "xхχ", "yýÿŷуүγ", "zźżžʐ", "bьƅ",
}
