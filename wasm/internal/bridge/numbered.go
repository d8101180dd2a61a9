package bridge

import (
	"path"
	"strconv"
)

// Numbered is the nth name of a file that several want: "offre.pdf",
// "offre (2).pdf", ... ending comes last, with its dot.
func Numbered(stem, ending string, n int) string {
	if n > 1 {
		stem += " (" + strconv.Itoa(n) + ")"
	}
	return stem + ending
}

// splitName takes a name apart for [Numbered].
func splitName(name string) (stem, ending string) {
	ending = path.Ext(name)
	if len(ending) == len(name) {
		return name, ""
	}
	return name[:len(name)-len(ending)], ending
}
