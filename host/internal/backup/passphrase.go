package backup

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/binary"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Words is how many words a passphrase has; each is one of 1,024, so that they
// hold 10 bits each and 120 together.
const Words = 12

const listSize = 1024

// wordList was written for Scellé: everyday French words of 4 to 7 letters
// that are spelled without accents, two of which never sound alike nor differ
// by one slip of the finger (a test holds it to that). It is never changed: an
// old sheet must stay readable.
//
//go:embed words.txt
var wordList string

// list is the words in order, and the place of each.
var list = sync.OnceValues(func() ([]string, map[string]int) {
	words := strings.Fields(wordList)
	places := make(map[string]int, len(words))
	for i, w := range words {
		places[w] = i
	}
	return words, places
})

// newPassphrase draws words. The list's size is a power of two, so that ten
// random bits choose each of them with the same chance.
func newPassphrase() []byte {
	words, _ := list()
	random := make([]byte, 2*Words)
	defer clear(random)
	rand.Read(random) // never fails: crypto/rand ends the process instead
	out := make([]byte, 0, Words*8)
	for i := range Words {
		if i > 0 {
			out = append(out, '-')
		}
		out = append(out, words[binary.BigEndian.Uint16(random[2*i:])%listSize]...)
	}
	return out
}

// Reading is a passphrase as a person typed it.
type Reading struct {
	Count      int    // words
	Unknown    []int  // places of those that are not in the list, from 1 on
	Passphrase []byte // as Copy.Passphrase; nil unless all are known and Count is Words
}

// maxTyped is the longest text that Read looks at, in bytes.
const maxTyped = 1 << 10

// Read takes a passphrase apart. Words may be separated by anything that is no
// letter, typed in capitals or with an accent too many. The caller clears the
// text, and Passphrase.
func Read(typed []byte) Reading {
	_, places := list()
	r := Reading{Passphrase: make([]byte, 0, maxTyped)}
	for rest := typed[:min(len(typed), maxTyped)]; ; {
		var word []byte
		if word, rest = cutWord(rest); len(word) == 0 {
			break
		}
		if r.Count++; r.Count > 1 {
			r.Passphrase = append(r.Passphrase, '-')
		}
		r.Passphrase = append(r.Passphrase, word...)
		if _, known := places[string(word)]; !known {
			r.Unknown = append(r.Unknown, r.Count)
		}
		clear(word)
	}
	if r.Count != Words || len(r.Unknown) > 0 {
		clear(r.Passphrase)
		r.Passphrase = nil
	}
	return r
}

// cutWord copies the first word of a text, in small letters without accents.
func cutWord(text []byte) (word, rest []byte) {
	text = bytes.TrimLeftFunc(text, func(r rune) bool { return !unicode.IsLetter(r) })
	word = make([]byte, 0, len(text))
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case unicode.Is(unicode.Mn, r): // an accent of its own
		case !unicode.IsLetter(r):
			return word, text
		default:
			word = utf8.AppendRune(word, plain(unicode.ToLower(r)))
		}
		text = text[size:]
	}
	return word, nil
}

// plain takes the accent off a French letter.
func plain(r rune) rune {
	for _, with := range [...]string{"aàâä", "eéèêë", "iîï", "oôö", "uùûü", "cç"} {
		if strings.ContainsRune(with, r) {
			return rune(with[0])
		}
	}
	return r
}
