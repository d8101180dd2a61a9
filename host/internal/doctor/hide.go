package doctor

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// hider returns a function that takes out of a text what would tell whose
// computer this is: the home directory becomes ~, the account's name <user>,
// the computer's name <host>.
func (l *look) hider() func(string) string {
	var folders []string
	for _, folder := range []string{l.System.Home, resolved(l.System.Home)} {
		if len(folder) > 1 && !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	slices.SortFunc(folders, func(a, b string) int { return len(b) - len(a) })
	names := l.names()
	return func(s string) string {
		for _, folder := range folders {
			s = replaceFold(s, folder, "~")
		}
		if l.System.Root != "" {
			s = strings.ReplaceAll(s, l.System.Root, "")
		}
		for _, n := range names {
			s = n.word.ReplaceAllString(s, n.with)
		}
		return s
	}
}

func resolved(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	return path
}

// replaceFold replaces whatever the case: Windows has both.
func replaceFold(s, old, with string) string {
	return regexp.MustCompile(`(?i)`+regexp.QuoteMeta(old)).ReplaceAllLiteralString(s, with)
}

type personal struct {
	word *regexp.Regexp
	with string
}

// names are the words that stand for a person or a computer. One or two
// letters would spoil every text and tell nobody.
func (l *look) names() []personal {
	var all []personal
	add := func(name, with string) {
		if len(name) > 2 {
			word := regexp.MustCompile(`(?i)(^|[^\pL\pN])` + regexp.QuoteMeta(name) + `($|[^\pL\pN])`)
			all = append(all, personal{word, "${1}" + with + "${2}"})
		}
	}
	for _, variable := range []string{"USER", "LOGNAME", "USERNAME"} {
		add(l.System.Getenv(variable), "<user>")
	}
	add(filepath.Base(l.System.Home), "<user>")
	if l.Native.HostName != nil {
		if name, err := l.Native.HostName(); err == nil {
			add(name, "<host>")
			short, _, _ := strings.Cut(name, ".")
			add(short, "<host>")
		}
	}
	return all
}
