package serve

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// checkedName returns a name that a person typed with its spaces tidied.
// fault.NameBad when it is empty, longer than protocol.MaxName characters, or
// holds what would not show or would show as something else: control,
// formatting (bidirectional, zero-width) and private characters.
func checkedName(name string) (string, error) {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, unshowable) {
		return "", fault.New(fault.NameBad)
	}
	name = keypair.Clean(name)
	if n := utf8.RuneCountInString(name); n == 0 || n > protocol.MaxName {
		return "", fault.Newf(fault.NameBad, "%d", n)
	}
	return name, nil
}

func unshowable(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp)
}
