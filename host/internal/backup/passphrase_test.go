package backup

import (
	"bytes"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestListHoldsEnough(t *testing.T) {
	words, places := list()
	if len(words) != listSize || len(places) != listSize || !slices.IsSorted(words) {
		t.Fatalf("%d words, %d different, sorted %v", len(words), len(places), slices.IsSorted(words))
	}
	if bits := Words * math.Log2(listSize); bits < 100 {
		t.Errorf("%.0f bits", bits)
	}
	shape := regexp.MustCompile(`^[a-z]{4,7}$`)
	for _, w := range words {
		if !shape.MatchString(w) {
			t.Errorf("%q", w)
		}
	}
}

// oneSlip reports words that one wrong, missing or exchanged letter makes equal.
func oneSlip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		if i == len(a) || a[i+1:] == b[i+1:] {
			return true
		}
		return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}

// sound is roughly how a Frenchman hears a word.
func sound(w string) string {
	for _, rule := range []struct{ from, to string }{
		{"eau|au", "o"}, {"oeu", "e"}, {"ph", "f"}, {"qu", "k"}, {"gu([ei])", "g$1"}, {"(et|ez|er)$", "e"}, {"ai|ei", "e"},
		{"s?c([eiy])", "s$1"}, {"ch", "S"}, {"c", "k"}, {"g([ei])", "j$1"}, {"y", "i"}, {"z", "s"}, {"h", ""},
		{"(en|em|an|am)([^aeioun]|$)", "A$2"}, {"(in|im|ain|un)([^aeioun]|$)", "I$2"}, {"(on|om)([^aeioun]|$)", "O$2"}, {"[estdpx]+$", ""},
	} {
		w = regexp.MustCompile(rule.from).ReplaceAllString(w, rule.to)
	}
	return string(slices.Compact([]byte(w)))
}

func TestNoTwoWordsAreTakenForEachOther(t *testing.T) {
	words, _ := list()
	if !oneSlip("pont", "port") || !oneSlip("pont", "ponte") || !oneSlip("carte", "catre") || oneSlip("carte", "cerise") || sound("balai") != sound("ballet") {
		t.Fatal("the measures do not measure")
	}
	heard := map[string]string{}
	for i, a := range words {
		if other, ok := heard[sound(a)]; ok {
			t.Errorf("%s and %s sound alike", a, other)
		}
		heard[sound(a)] = a
		for _, b := range words[i+1:] {
			if oneSlip(a, b) {
				t.Errorf("%s and %s differ by one slip", a, b)
			}
		}
	}
}

// What nobody should have to print, read aloud or type: the body, insults,
// faith, violence, drugs; and what is taken for a number or an instruction.
func TestNoWordOffends(t *testing.T) {
	bad := strings.Fields(`anus arabe armee arret asile assassin balle batard blanche boche bombe boudin bouffon bourre branler bordel
		cadavre caca chienne chrome cochon cocu connard conne couille crane cruche crotte crever cuisse culot curé dard debile dieu drogue
		erreur esclave fesse feu flic fosse fusil gland gogol gouine grosse guerre haine hache idiot ivrogne juif laide lopette macaque malade
		menteur merde moche mollah morgue mort mourir musulman naze nazi negre nichon nègre nouille obese otage pede penis peste pipe pisse pitre poison porc
		poufe prison punaise putain pute queue racaille race raton salaud salope sang secret seins sexe singe sotte suicide taré tepu torture tueur
		vampire viande victime viol zero deux trois quatre cinq sept huit neuf onze douze treize quatorze quinze seize vingt trente mille million`)
	_, places := list()
	if len(bad) < 100 {
		t.Fatal("nothing to compare with")
	}
	for _, w := range bad {
		if _, found := places[w]; found {
			t.Errorf("%s is in the list", w)
		}
	}
}

func TestPassphraseIsDrawnFromTheWholeList(t *testing.T) {
	words, places := list()
	seen := make([]int, listSize)
	const rounds = 2000
	for range rounds {
		p := newPassphrase()
		drawn := strings.Split(string(p), "-")
		if len(drawn) != Words {
			t.Fatalf("%d words", len(drawn))
		}
		for _, w := range drawn {
			i, ok := places[w]
			if !ok {
				t.Fatalf("%q is not in the list", w)
			}
			seen[i]++
		}
	}
	// 24,000 draws: 23.4 each on average. The chance that a fair draw misses a
	// word, or draws one 60 times, is below one in ten million.
	for i, n := range seen {
		if n == 0 || n > 60 {
			t.Errorf("%s was drawn %d times", words[i], n)
		}
	}
	chi := 0.0
	mean := float64(rounds*Words) / listSize
	for _, n := range seen {
		chi += (float64(n) - mean) * (float64(n) - mean) / mean
	}
	if chi < 750 || chi > 1350 { // 1023 ± 7 deviations of 45
		t.Errorf("chi square %.0f", chi)
	}
}

func TestReadForgivesSeparatorsCapitalsAndAccents(t *testing.T) {
	p := newPassphrase()
	words := strings.Split(string(p), "-")
	accented := strings.NewReplacer("e", "é", "a", "A").Replace(strings.Join(words, " / "))
	for _, typed := range []string{string(p), strings.ToUpper(string(p)), " " + strings.Join(words, "\r\n") + "\n", "1. " + strings.Join(words, ", 2. "), accented} {
		r := Read([]byte(typed))
		if r.Count != Words || len(r.Unknown) != 0 || !bytes.Equal(r.Passphrase, p) {
			t.Errorf("%q: %d words, unknown %v", typed, r.Count, r.Unknown)
		}
	}
}

func TestReadTellsWhichWordIsWrong(t *testing.T) {
	words := strings.Split(string(newPassphrase()), "-")
	words[2], words[11] = words[2]+"x", "qwerty"
	if r := Read([]byte(strings.Join(words, " "))); r.Count != Words || !slices.Equal(r.Unknown, []int{3, 12}) || r.Passphrase != nil {
		t.Errorf("%+v", r)
	}
	if r := Read([]byte(strings.Join(words[3:11], " "))); r.Count != 8 || len(r.Unknown) != 0 || r.Passphrase != nil {
		t.Errorf("too few: %+v", r)
	}
	for _, nothing := range []string{"", " - ", "\x00\xff"} {
		if r := Read([]byte(nothing)); r.Count != 0 || r.Passphrase != nil {
			t.Errorf("%q: %+v", nothing, r)
		}
	}
	if r := Read(bytes.Repeat([]byte("abeille "), 100_000)); r.Count > maxTyped {
		t.Errorf("%d words", r.Count)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(newPassphrase())
	f.Add([]byte("Abeille, abord\n\xc3\x28 e\u0301le\u0300ve"))
	f.Add([]byte{})
	_, places := list()
	f.Fuzz(func(t *testing.T, typed []byte) {
		r := Read(typed)
		if (r.Passphrase != nil) != (r.Count == Words && len(r.Unknown) == 0) {
			t.Fatalf("%+v", r)
		}
		if r.Passphrase == nil {
			return
		}
		for _, w := range strings.Split(string(r.Passphrase), "-") {
			if _, ok := places[w]; !ok {
				t.Fatalf("%q", w)
			}
		}
		if again := Read(r.Passphrase); !bytes.Equal(again.Passphrase, r.Passphrase) {
			t.Fatal("not the same when read again")
		}
	})
}
