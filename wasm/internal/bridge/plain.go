package bridge

import "strings"

// unaccented are the letters of French and its neighbours, without their marks
// behind a colon.
const unaccented = "àáâäãå:a ÀÁÂÄ:A ç:c Ç:C éèêë:e ÉÈÊË:E îïí:i ÎÏ:I ñ:n Ñ:N ôöó:o ÔÖ:O ùûüú:u ÙÛÜ:U ÿ:y Ÿ:Y œ:oe Œ:OE æ:ae Æ:AE ß:ss ’:'"

// Plain writes a file's path in ASCII: letters lose their marks, what has no
// plain letter becomes "_".
func Plain(path string) string {
	var b strings.Builder
	for _, r := range path {
		b.WriteString(plainLetter(r))
	}
	return b.String()
}

func plainLetter(r rune) string {
	if r <= 0x7e {
		return string(r)
	}
	for group := range strings.FieldsSeq(unaccented) {
		if marked, plain, _ := strings.Cut(group, ":"); strings.ContainsRune(marked, r) {
			return plain
		}
	}
	return "_"
}
