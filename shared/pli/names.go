package pli

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxName is the longest safe name in bytes, well under the 255 of common file
// systems, since a path of Windows must often fit in 260 characters.
const MaxName = 150

// fallbackName is given to a file of whose name nothing remains.
const fallbackName = "fichier"

// Names makes the file names of one folder safe on every system and distinct
// from each other, whatever a stranger called them.
//
// A safe name has no folder, no control, formatting (bidirectional) or
// reserved character, is no device of Windows, does not begin with a dot, does
// not end with a dot or space, has at most 150 bytes and keeps its extension. Names
// that differ in letter case only count as the same; the second one becomes
// « name (2).pdf ».
//
// Unicode normalisation is not applied: two names that only macOS considers
// equal stay two names, so files must be created exclusively.
type Names struct {
	used map[string]bool // folded names given so far
	next map[string]int  // folded wanted name -> number to try next
}

// NewNames returns an empty folder, in which only the names of a pli's own two
// entries are taken, so that unzip overwrites nothing.
func NewNames() *Names {
	return &Names{
		used: map[string]bool{mimetypeName: true, manifestName: true},
		next: make(map[string]int),
	}
}

// Safe returns the safe name for the next file of the folder.
func (n *Names) Safe(name string) string {
	name = safe(name)
	if key := fold(name); !n.used[key] {
		n.used[key] = true
		return name
	}
	wanted := fold(name)
	ext := extension(name)
	stem := strings.TrimSuffix(name, ext)
	for i := max(2, n.next[wanted]); ; i++ {
		suffix := " (" + strconv.Itoa(i) + ")"
		numbered := trimEnd(cut(stem, MaxName-len(suffix)-len(ext))) + suffix + ext
		if key := fold(numbered); !n.used[key] {
			n.used[key] = true
			n.next[wanted] = i + 1
			return numbered
		}
	}
}

// fold is the same for names that file systems without case hold to be equal.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// safe makes one name safe, without regard to others. safe(safe(x)) == safe(x).
func safe(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(safeRune, name)
	name = trimEnd(strings.TrimLeft(name, ". "))
	if name == "" {
		return fallbackName
	}
	if reserved(name) {
		name = "_" + name
	}
	if len(name) > MaxName {
		ext := extension(name)
		name = trimEnd(cut(strings.TrimSuffix(name, ext), MaxName-len(ext))) + ext
	}
	return name
}

func safeRune(r rune) rune {
	switch {
	case r == utf8.RuneError || strings.ContainsRune(`<>:"|?*`, r):
		return '_'
	case hidden(r):
		return -1
	}
	return r
}

// trimEnd removes what Windows would remove, which would make another name.
func trimEnd(name string) string { return strings.TrimRight(name, ". ") }

// extension returns the last extension with its dot, "" when it is long
// enough to be something else.
func extension(name string) string {
	ext := path.Ext(name)
	if len(ext) > 20 || len(ext) == len(name) {
		return ""
	}
	return ext
}

// reserved reports names that Windows takes for devices, with any extension:
// CON, PRN, AUX, NUL, CLOCK$, CONIN$, CONOUT$, COM0 to COM9, LPT0 to LPT9, and
// the latter with superscript digits.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(name, ".")
	stem = strings.ToUpper(strings.TrimRight(stem, " "))
	switch stem {
	case "CON", "PRN", "AUX", "NUL", "CLOCK$", "CONIN$", "CONOUT$":
		return true
	}
	if !strings.HasPrefix(stem, "COM") && !strings.HasPrefix(stem, "LPT") {
		return false
	}
	digit := []rune(stem[3:])
	return len(digit) == 1 && strings.ContainsRune("0123456789¹²³", digit[0])
}
