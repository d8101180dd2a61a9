// Package text is the one catalogue of what the extension's screens say, in
// French and in English. A further language is one more file and one line in
// [For]; the tests find texts that are missing, unused or not translated.
// The texts of failures are package fault's.
package text

import (
	"fmt"
	"strconv"
)

// Lang writes in one language.
type Lang struct {
	code  string
	texts *[count]string
}

// For returns the language "fr", or else English.
func For(code string) Lang {
	if code == "fr" {
		return Lang{"fr", &fr}
	}
	return Lang{"en", &en}
}

// Code is the language's code, "fr" or "en".
func (l Lang) Code() string { return l.code }

// S is a text, with its arguments as by fmt.Sprintf.
//
//go:noinline
func (l Lang) S(id ID, args ...any) string {
	if id <= none || id >= count {
		return ""
	}
	if len(args) == 0 {
		return l.texts[id]
	}
	return fmt.Sprintf(l.texts[id], args...)
}

// Count is one or many, by the language's rule, with n as the argument where
// the text has a place for it: 0 and 1 are singular in French, 1 in English.
//
//go:noinline
func (l Lang) Count(n int, one, many ID) string {
	id := many
	if n == 1 || n == 0 && l.code == "fr" {
		id = one
	}
	if !hasVerb(l.texts[id]) {
		return l.texts[id]
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
