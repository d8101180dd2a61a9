package bridge

import "testing"

func TestNumbered(t *testing.T) {
	for _, c := range []struct {
		name string
		n    int
		want string
	}{
		{"offre.pdf", 1, "offre.pdf"},
		{"offre.pdf", 2, "offre (2).pdf"},
		{"archive.tar.gz", 3, "archive.tar (3).gz"},
		{"LISEZMOI", 2, "LISEZMOI (2)"},
		{".profil", 2, ".profil (2)"},
	} {
		stem, ending := splitName(c.name)
		if got := Numbered(stem, ending, c.n); got != c.want {
			t.Errorf("%s, %d: %s, want %s", c.name, c.n, got, c.want)
		}
	}
}
