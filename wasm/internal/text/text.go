// Package text is the one catalogue of what the extension's screens say, in
// French and in English. A further language is one more file like fr.go, which
// adds itself to [Languages]; the tests find texts that are missing, unused or
// not translated. The texts of failures are package fault's.
package text

import (
	"fmt"
	"strconv"
	"time"
)

// Language is everything that a language says in its own way.
type Language struct {
	Code, Name string         // BCP 47 and its own name: "fr", "Français"
	Texts      *[count]string // by ID
	One        func(n int) bool
	Day        func(t time.Time) string       // "12 mars 2029"
	At         func(day, clock string) string // puts a day and a time of day together
	Units      [5]string                      // bytes, and 1,000, 1,000,000, ... of them
	Decimal    string                         // what stands before decimals
}

// Languages are those that the person may choose, the preferred one first; the
// last one serves whoever has none of them.
var Languages = []*Language{&french, &english}

// Lang writes in one language.
type Lang struct{ own *Language }

// For returns a language by its code, or else the last one.
func For(code string) Lang {
	for _, l := range Languages {
		if l.Code == code {
			return Lang{l}
		}
	}
	return Lang{Languages[len(Languages)-1]}
}

// Code is the language's code, "fr" or "en".
func (l Lang) Code() string { return l.own.Code }

// S is a text, with its arguments as by fmt.Sprintf.
//
//go:noinline
func (l Lang) S(id ID, args ...any) string {
	if id <= none || id >= count {
		return ""
	}
	if len(args) == 0 {
		return l.own.Texts[id]
	}
	return fmt.Sprintf(l.own.Texts[id], args...)
}

// Count is one or many, by the language's rule, with n as the argument where
// the text has a place for it: 0 and 1 are singular in French, 1 in English.
//
//go:noinline
func (l Lang) Count(n int, one, many ID) string {
	id := many
	if l.own.One(n) {
		id = one
	}
	if !hasVerb(l.own.Texts[id]) {
		return l.own.Texts[id]
	}
	return l.S(id, n)
}

func hasVerb(s string) bool {
	for i := range len(s) - 1 {
		if s[i] == '%' && s[i+1] == 'd' {
			return true
		}
	}
	return false
}

// Itoa is strconv.Itoa, for views that need a number without a language.
func Itoa(n int) string { return strconv.Itoa(n) }
