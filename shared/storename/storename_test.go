package storename

import (
	"slices"
	"testing"
)

func TestIn(t *testing.T) {
	for _, name := range []string{NSS, Windows, MacOS, Cards} {
		if In("fr", name) != name || In("en", name) == name || In("en", name) == "" {
			t.Errorf("%q is %q in French, %q in English", name, In("fr", name), In("en", name))
		}
	}
	if got := AllIn("en", []string{NSS, "Carte de Camille"}); !slices.Equal(got, []string{"Shared NSS database", "Carte de Camille"}) {
		t.Errorf("%q", got)
	}
}
