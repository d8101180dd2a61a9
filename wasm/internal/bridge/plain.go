package bridge

import "strings"

// unaccented are the letters of French and its neighbours without their marks.
var unaccented = strings.NewReplacer(
	"à", "a", "á", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "À", "A", "Á", "A", "Â", "A", "Ä", "A",
	"ç", "c", "Ç", "C", "é", "e", "è", "e", "ê", "e", "ë", "e", "É", "E", "È", "E", "Ê", "E", "Ë", "E",
	"î", "i", "ï", "i", "í", "i", "Î", "I", "Ï", "I", "ñ", "n", "Ñ", "N",
	"ô", "o", "ö", "o", "ó", "o", "Ô", "O", "Ö", "O", "ù", "u", "û", "u", "ü", "u", "ú", "u", "Ù", "U", "Û", "U", "Ü", "U",
	"ÿ", "y", "Ÿ", "Y", "œ", "oe", "Œ", "OE", "æ", "ae", "Æ", "AE", "ß", "ss", "’", "'",
)

// Plain writes a file's path in ASCII: letters lose their marks, what has no
// plain letter becomes "_".
func Plain(path string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7e {
			return '_'
		}
		return r
	}, unaccented.Replace(path))
}
