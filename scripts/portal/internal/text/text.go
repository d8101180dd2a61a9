// Package text holds every word that the portal shows, in French and English,
// in one catalogue keyed by names. French comes first.
package text

import (
	"fmt"
	"math"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // deadlines are shown in Paris time wherever the portal runs
)

// entry is one text. French is written with plain spaces; Format puts in the
// no-break spaces that its punctuation wants.
type entry struct{ key, fr, en string }

func tables() [][]entry {
	return [][]entry{shellTexts(), keysTexts(), tendersTexts(), plisTexts(), depositTexts(), rehearsalsTexts(), transfersTexts(), downloadsTexts(), scriptTexts()}
}

// Languages lists the catalogue's languages.
func Languages() []string { return []string{"fr", "en"} }

// Keys lists every key, in the order of the catalogue.
func Keys() []string {
	var keys []string
	for _, table := range tables() {
		for _, e := range table {
			keys = append(keys, e.key)
		}
	}
	return keys
}

func find(key string) (entry, bool) {
	for _, table := range tables() {
		for _, e := range table {
			if e.key == key {
				return e, true
			}
		}
	}
	return entry{}, false
}

// Has reports whether the catalogue has a key.
func Has(key string) bool {
	_, ok := find(key)
	return ok
}

// Format returns a text, with args as fmt.Sprintf puts them in. An unknown
// key shows as itself; the tests find those.
func Format(lang, key string, args ...any) string {
	e, ok := find(key)
	if !ok {
		return key
	}
	s := e.in(lang)
	if len(args) > 0 {
		s = fmt.Sprintf(s, args...)
	}
	return s
}

// Count returns the text of a number of things: that of key.one or key.many.
// French counts zero as one.
func Count(lang, key string, n int) string {
	if n == 1 || n == 0 && lang == "fr" {
		return Format(lang, key+".one", n)
	}
	return Format(lang, key+".many", n)
}

func (e entry) in(lang string) string {
	if lang == "en" {
		return e.en
	}
	return typeset(e.fr)
}

// typeset gives French punctuation its no-break spaces: U+00A0 before a colon
// and inside guillemets, U+202F before ; ! ?
func typeset(s string) string {
	return strings.NewReplacer(" :", "\u00a0:", "« ", "«\u00a0", " »", "\u00a0»", " ;", "\u202f;", " !", "\u202f!", " ?", "\u202f?").Replace(s)
}

// scriptPrefix begins the keys that page scripts use.
const scriptPrefix = "js."

// Script returns the texts for page scripts, without their prefix.
func Script(lang string) map[string]string {
	all := make(map[string]string)
	for _, e := range scriptTexts() {
		all[strings.TrimPrefix(e.key, scriptPrefix)] = e.in(lang)
	}
	return all
}

// Date returns what writes a moment for people: date, time and zone, in Paris
// time.
func Date(lang string) func(time.Time) string {
	day, at := Day(lang), " à "
	if lang == "en" {
		at = ", "
	}
	return func(t time.Time) string {
		_, offset := t.In(paris()).Zone()
		return fmt.Sprintf("%s%s%s\u00a0(UTC%+d,\u00a0Paris)", day(t), at, t.In(paris()).Format("15:04"), offset/3600)
	}
}

// Day returns what writes the date of a moment in Paris. Page scripts write it
// the same way (day of page.js).
func Day(lang string) func(time.Time) string {
	layout := "02/01/2006"
	if lang == "en" {
		layout = "2 Jan 2006"
	}
	return func(t time.Time) string { return t.In(paris()).Format(layout) }
}

// SameDay reports whether two moments are on one day in Paris.
func SameDay(a, b time.Time) bool {
	a, b = a.In(paris()), b.In(paris())
	return a.Year() == b.Year() && a.YearDay() == b.YearDay()
}

var paris = sync.OnceValue(func() *time.Location {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		return time.UTC // not reached: the zones are in the program
	}
	return paris
})

// Size returns what writes a number of bytes for people.
func Size(lang string) func(int64) string {
	units, comma, one := []string{"ko", "Mo", "Go", "To"}, ",", "octets"
	if lang == "en" {
		units, comma, one = []string{"kB", "MB", "GB", "TB"}, ".", "bytes"
	}
	return func(n int64) string {
		if n < 1000 {
			word := one
			if n == 1 || n == 0 && lang != "en" {
				word = strings.TrimSuffix(one, "s")
			}
			return fmt.Sprintf("%d\u00a0%s", n, word)
		}
		power := min(int(math.Log10(float64(n))/3), len(units))
		number := fmt.Sprintf("%.1f", float64(n)/math.Pow10(3*power))
		return strings.Replace(number, ".", comma, 1) + "\u00a0" + units[power-1]
	}
}
