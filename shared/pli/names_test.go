package pli

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestSafeNames(t *testing.T) {
	long := strings.Repeat("é", 200)
	for in, want := range map[string]string{
		"acte.pdf":                  "acte.pdf",
		"Mémoire technique (1).pdf": "Mémoire technique (1).pdf",
		"":                          "fichier",
		".":                         "fichier",
		"..":                        "fichier",
		"/":                         "fichier",
		`\\server\share\`:           "fichier",
		"a/b/c.txt":                 "c.txt",
		`C:\Temp\c.txt`:             "c.txt",
		"flux.txt:caché":            "flux.txt_caché",
		".bashrc":                   "bashrc",
		"...x":                      "x",
		"fin. . .":                  "fin",
		" a ":                       "a",
		"a\x00b\nc":                 "abc",
		"facture\u202efdp.exe":      "facturefdp.exe",
		"\u200b\ufeff":              "fichier",
		"bad\xff.pdf":               "bad_.pdf",
		`q<>:"|?*.pdf`:              "q_______.pdf",
		"con":                       "_con",
		"CON.pdf":                   "_CON.pdf",
		"Con .tar.gz":               "_Con .tar.gz",
		"NUL":                       "_NUL",
		"COM1.txt":                  "_COM1.txt",
		"com¹":                      "_com¹",
		"LPT9":                      "_LPT9",
		"COM10":                     "COM10",
		"COM":                       "COM",
		"CONSULTATION.pdf":          "CONSULTATION.pdf",
		"conin$.x":                  "_conin$.x",
		long + ".pdf":               strings.Repeat("é", 73) + ".pdf",
		"a" + long + ".pdf":         "a" + strings.Repeat("é", 72) + ".pdf",
		"a." + long:                 "a." + strings.Repeat("é", 74),
		"mimetype":                  "mimetype (2)",
		"PLI.JSON":                  "PLI (2).JSON",
	} {
		got := NewNames().Safe(in)
		if got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
		if len(got) > MaxName {
			t.Errorf("%q has %d bytes", got, len(got))
		}
	}
}

func TestDistinctNames(t *testing.T) {
	n := NewNames()
	long := strings.Repeat("x", 300) + ".pdf"
	for i, c := range [][2]string{
		{"a.pdf", "a.pdf"}, {"a.pdf", "a (2).pdf"}, {"A.PDF", "A (3).PDF"}, {"a (2).pdf", "a (2) (2).pdf"}, {"a (3).pdf", "a (3) (2).pdf"}, {"a.pdf", "a (4).pdf"},
		{"É", "É"}, {"é", "é (2)"}, {"ſ", "ſ"}, {"s", "s (2)"}, // long s folds to s
		{long, strings.Repeat("x", 146) + ".pdf"}, {long, strings.Repeat("x", 142) + " (2).pdf"},
		{"noext", "noext"}, {"noext", "noext (2)"},
	} {
		if got := n.Safe(c[0]); got != c[1] {
			t.Errorf("%d: %q became %q, want %q", i, c[0], got, c[1])
		}
	}
}

// TestManyEqualNames is quick only while numbering does not start over.
func TestManyEqualNames(t *testing.T) {
	n, seen := NewNames(), make(map[string]bool)
	for range 20_000 {
		name := n.Safe("a.pdf")
		if seen[name] {
			t.Fatalf("%q twice", name)
		}
		seen[name] = true
	}
}

// FuzzNames: every name is one that all systems take, and stays what it is.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"a.pdf", "../x", "CON.é", " . ", "a\u202eb", strings.Repeat("é.", 100), "\xff\xfe", "x:y", "_CON"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		n := NewNames()
		x, y, z := n.Safe(a), n.Safe(b), n.Safe(a)
		for _, s := range []string{x, y, z} {
			if s == "" || len(s) > MaxName || !utf8.ValidString(s) || strings.ContainsAny(s, `/\<>:"|?*`) || strings.ContainsFunc(s, hidden) ||
				s[0] == '.' || strings.TrimRight(s, ". ") != s || strings.TrimLeft(s, " ") != s || reserved(s) || !filepath.IsLocal(s) {
				t.Fatalf("%q", s)
			}
			if again := NewNames().Safe(s); again != s {
				t.Fatalf("%q became %q", s, again)
			}
		}
		if fold(x) == fold(y) || fold(x) == fold(z) || fold(y) == fold(z) {
			t.Fatalf("%q %q %q", x, y, z)
		}
	})
}
