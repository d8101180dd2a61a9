package bridge

import "strings"

// browserOf reads a name and a main version from a user agent string: that of
// the browsers that say who they are, Chromium for all others of its family.
func browserOf(agent string) (name string, version int) {
	for _, known := range []struct{ mark, name string }{
		{"Firefox/", "Firefox"}, {"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Vivaldi/", "Vivaldi"}, {"Chrome/", "Chromium"},
	} {
		if _, rest, ok := strings.Cut(agent, known.mark); ok {
			if known.mark != "Firefox/" { // the family's number is what the manifest asks for
				_, rest, _ = strings.Cut(agent, "Chrome/")
			}
			return known.name, leadingNumber(rest)
		}
	}
	return "", 0
}

// leadingNumber is the number that a text begins with, 0 without.
func leadingNumber(s string) int {
	n := 0
	for _, r := range s {
		if r < '0' || r > '9' || n > 1e6 {
			break
		}
		n = n*10 + int(r-'0')
	}
	return n
}
