package bridge

import "testing"

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"Scellé/2027/Bâti-Loire SARL/acte d’engagement.pdf": "Scelle/2027/Bati-Loire SARL/acte d'engagement.pdf",
		"œuvre ŒUVRE.zip": "oeuvre OEUVRE.zip",
		"план.pdf":        "____.pdf",
		"a/b.txt":         "a/b.txt",
	} {
		if got := Plain(in); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
}
