package model

import (
	"strconv"
	"strings"
	"unicode"
)

// folder is where the files of a pli are saved, below the browser's download
// place: one folder for the tender, one for the pli. Names that came from a
// stranger lose whatever a file system or a reader could misunderstand.
func (o *Opening) folder(p *Pli) string {
	name := folderName(p.Label)
	if name == "" {
		name = folderName(p.ID)
	}
	if name == "" {
		name = "pli"
	}
	unique := name
	for n := 2; o.folders[strings.ToLower(unique)]; n++ {
		unique = name + " (" + strconv.Itoa(n) + ")"
	}
	o.folders[strings.ToLower(unique)] = true
	return o.tenderFolder() + "/" + unique
}

// tenderFolder holds the folders of a consultation's plis, and its record.
func (o *Opening) tenderFolder() string {
	if t := folderName(o.Tender); t != "" {
		return "Scellé/" + t
	}
	return "Scellé"
}

const maxFolder = 60 // characters

// folderName keeps letters, digits and a few signs; the rest becomes "-".
func folderName(s string) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxFolder {
			break
		}
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.Is(unicode.Mn, r), r == '-', r == '_', r == '.', r == '(', r == ')':
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteRune(' ')
		default:
			b.WriteRune('-')
		}
	}
	name := strings.Trim(strings.Join(strings.Fields(b.String()), " "), ". -")
	if reserved(name) {
		name = "_" + name
	}
	return name
}

// reserved reports the device names of Windows, with or without an extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch strings.TrimSpace(stem) {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")) && stem[3] >= '0' && stem[3] <= '9'
}
