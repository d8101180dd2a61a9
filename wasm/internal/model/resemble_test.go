package model_test

import (
	"testing"

	"scelle/wasm/internal/model"
)

// TestResemblance: names that could be taken for one that is allowed already.
func TestResemblance(t *testing.T) {
	known := []string{"https://autre.fr", "https://marches-publics.example.fr", "https://10.0.0.1"}
	for _, c := range []struct {
		origin string
		want   bool
	}{
		{"https://marches-publics.example.fr", false},      // itself
		{"https://marches-publics.example.fr:8443", false}, // another port of it
		{"https://ville.example.fr", false},
		{"https://profil.example.fr", false},
		{"https://10.0.0.2", false}, // addresses have a warning of their own
		{"https://marche-publics.example.fr", true},
		{"https://marchess-publics.example.fr", true},
		{"https://marcehs-publics.example.fr", true},
		{"https://marches-pub1ics.example.fr", true},
		{"https://rnarches-publics.example.fr", true},
		{"https://marches.publics.example.fr", true},
		{"https://marchespublics.example.fr", true},
		{"https://marches-publics.example.com", true},
		{"https://marches-publics.exarnple.fr", true},
		{"https://xn--marchs-publics-fkb.example.fr", true},    // marchés
		{"https://xn--mrches-publics-vtl.example.fr", true},    // Cyrillic a
		{"https://marches-publics.example.fr.evil.com", false}, // the host is shown in full
	} {
		s := model.NewSite(c.origin).Beside(known)
		if (s.Resembles != "") != c.want || c.want && (s.Resembles != "marches-publics.example.fr" || !s.Flagged()) {
			t.Errorf("%s: %+v", c.origin, s)
		}
	}
	for _, short := range []string{"https://a.fr", "https://b.fr", ""} {
		if s := model.NewSite(short).Beside([]string{"https://c.fr"}); s.Resembles != "" {
			t.Errorf("%q resembles %q", short, s.Resembles)
		}
	}
}

// TestMixedScripts: one label with letters of several scripts, or wholly of
// one that looks Latin, is flagged; names of one honest script are only read
// out.
func TestMixedScripts(t *testing.T) {
	for origin, lookAlike := range map[string]bool{
		"https://xn--marchs-fva.fr":   false, // marchés
		"https://xn--mrches-3ve.fr":   true,  // Greek omega among Latin
		"https://xn--e1awd7f.com":     true,  // ерис, Cyrillic alone
		"https://xn--fiqs8s.example":  false, // Han alone
		"https://plain.example":       false,
		"https://xn--l1aak.xn--p1ai":  true,
		"https://xn--mgba3a4f16a.com": false, // Arabic alone
	} {
		if s := model.NewSite(origin); s.LookAlike != lookAlike {
			t.Errorf("%s: %+v", origin, s)
		}
	}
}

func FuzzResemblance(f *testing.F) {
	for _, s := range []string{"https://marches.example", "https://xn--pple-43d.com", "x://[::1]:1", "", "https://\xff", "https://a..b"} {
		f.Add(s, "https://marches.example")
	}
	f.Add("0", "://-") // no host, and one of which nothing is left to compare
	f.Fuzz(func(t *testing.T, a, b string) {
		s := model.NewSite(a)
		if s.Beside([]string{a}).Resembles != "" {
			t.Errorf("%q resembles itself", a)
		}
		one, other := s.Beside([]string{b}).Resembles != "", model.NewSite(b).Beside([]string{a}).Resembles != ""
		if one != other {
			t.Errorf("%q and %q: %v one way, %v the other", a, b, one, other)
		}
	})
}
