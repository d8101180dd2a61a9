package keyhealth

import (
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/checkup"
	"scelle/shared/fault"
)

var now = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

func in(d time.Duration) time.Time { return now.Add(d) }

func TestCheck(t *testing.T) {
	tender := func(ref string, d time.Duration) Opening { return Opening{Tender: ref, At: in(d)} }
	for _, c := range []struct {
		name  string
		key   Key
		want  []Code
		worst checkup.Level
	}{
		{"nothing is known", Key{}, nil, checkup.Good},
		{"good for long, here, fresh proof", Key{NotAfter: in(400 * day), Here: Yes, Active: true, Proven: in(-day)}, []Code{HereYes, Proven}, checkup.Good},
		{"91 days", Key{NotAfter: in(91 * day)}, nil, checkup.Good},
		{"91 days but a second", Key{NotAfter: in(91*day - time.Second)}, []Code{ExpiresIn90}, checkup.Note},
		{"31 days", Key{NotAfter: in(31 * day)}, []Code{ExpiresIn90}, checkup.Note},
		{"31 days but a second", Key{NotAfter: in(31*day - time.Second)}, []Code{ExpiresIn30}, checkup.Warning},
		{"8 days", Key{NotAfter: in(8 * day)}, []Code{ExpiresIn30}, checkup.Warning},
		{"8 days but a second", Key{NotAfter: in(8*day - time.Second)}, []Code{ExpiresIn7}, checkup.Bad},
		{"a second", Key{NotAfter: in(time.Second)}, []Code{ExpiresIn7}, checkup.Bad},
		{"the very moment", Key{NotAfter: now}, []Code{Expired}, checkup.Bad},
		{"years ago", Key{NotAfter: in(-5000 * day)}, []Code{Expired}, checkup.Bad},
		{"before one opening of two", Key{NotAfter: in(100 * day), Openings: []Opening{tender("A", 99*day), tender("B", 101*day)}}, []Code{BeforeOpening}, checkup.Warning},
		{"at the opening", Key{NotAfter: in(100 * day), Openings: []Opening{tender("A", 100*day)}}, nil, checkup.Good},
		{"an opening that is over", Key{NotAfter: in(-2 * day), Openings: []Opening{tender("A", -day)}}, []Code{Expired}, checkup.Bad},
		{"expired, and an opening to come", Key{NotAfter: in(-day), Openings: []Opening{tender("A", day)}}, []Code{Expired}, checkup.Bad},
		{"an opening without an expiry", Key{Openings: []Opening{tender("A", day)}}, nil, checkup.Good},
		{"elsewhere", Key{Here: No}, []Code{HereNo}, checkup.Note},
		{"not to be told", Key{Here: Unknown}, []Code{HereUnknown}, checkup.Note},
		{"active, never proven", Key{Active: true}, []Code{NeverProven}, checkup.Warning},
		{"pending", Key{Server: true}, []Code{ServerMade}, checkup.Note},
		{"proof of half a year", Key{Active: true, Proven: in(-ProofLife)}, []Code{Proven}, checkup.Good},
		{"older proof", Key{Active: true, Proven: in(-ProofLife - time.Second)}, []Code{ProofOld}, checkup.Note},
		{"a clock that was ahead", Key{Active: true, Proven: in(day)}, []Code{Proven}, checkup.Good},
		{"everything at once", Key{NotAfter: in(5 * day), AlsoSigns: true, Server: true, Here: Yes, Active: true, Openings: []Opening{tender("A", 9*day)}},
			[]Code{ExpiresIn7, BeforeOpening, NeverProven, AlsoSigns, ServerMade, HereYes}, checkup.Bad},
	} {
		found := Check(c.key, now)
		var got []Code
		for _, f := range found {
			got = append(got, f.Code)
			if f.Level != f.Code.Level() || f.Code == BeforeOpening && f.Tender == "" {
				t.Errorf("%s: %+v", c.name, f)
			}
		}
		if !slices.Equal(got, c.want) || Worst(found) != c.worst {
			t.Errorf("%s: %v, worst %s; want %v, %s", c.name, got, Worst(found), c.want, c.worst)
		}
		if len(got) > 0 && !Has(found, got[0]) {
			t.Errorf("%s: Has", c.name)
		}
	}
}

func TestText(t *testing.T) {
	text := func(k Key, lang string) string { return Check(k, now)[0].Text(lang) }
	for want, got := range map[string]string{
		"Expire dans 12\u00a0jours, le":                             text(Key{NotAfter: in(12*day + time.Hour)}, "fr"),
		"Expire dans un jour, le":                                   text(Key{NotAfter: in(25 * time.Hour)}, "fr"),
		"Expires in less than a day, on":                            text(Key{NotAfter: in(time.Hour)}, "en"),
		"Expires in one day, on":                                    text(Key{NotAfter: in(day)}, "en"),
		"Expire avant l’ouverture de la consultation 2027-V-14, le": text(Key{NotAfter: in(200 * day), Openings: []Opening{{"2027-V-14", in(201 * day)}}}, "fr"),
		"Dernière preuve de possession\u00a0:":                      text(Key{Proven: now}, "fr"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestWords: every finding has both languages, and its code is an anchor of
// the guide that no fault and no check has.
func TestWords(t *testing.T) {
	taken := map[string]bool{}
	for _, c := range fault.Codes() {
		taken[string(c)] = true
	}
	for _, c := range checkup.Checks() {
		taken[string(c)] = true
	}
	if len(Codes()) < 13 {
		t.Fatalf("%d codes", len(Codes()))
	}
	for _, c := range Codes() {
		if taken[string(c)] {
			t.Errorf("%s stands for two things", c)
		}
		taken[string(c)] = true
		for _, lang := range []string{"fr", "en"} {
			other := map[string]string{"fr": "en", "en": "fr"}[lang]
			if c.Title(lang) == "" || c.Remedy(lang) == "" || c.Title(lang) == c.Title(other) || c.Remedy(lang) == c.Remedy(other) {
				t.Errorf("%s in %s: %q %q", c, lang, c.Title(lang), c.Remedy(lang))
			}
			if strings.ContainsAny(c.Title(lang), "{}") || strings.HasSuffix(c.Title(lang), ":") || strings.HasSuffix(c.Title(lang), " le") {
				t.Errorf("%s in %s: title %q", c, lang, c.Title(lang))
			}
		}
	}
	if c := Code("key-of-tomorrow"); c.Title("fr") != string(c) || c.Level() != checkup.Note {
		t.Errorf("a code that is not known: %q, %s", c.Title("fr"), c.Level())
	}
}
