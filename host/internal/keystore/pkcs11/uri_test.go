package pkcs11

import (
	"strings"
	"testing"

	"scelle/shared/fault"
)

func TestURI(t *testing.T) {
	u := keyURI{
		token: tokenName{"Carte d'Anne; 100 %", "", "1a/2b", "x=y"},
		id:    []byte{0, 0xff, 'A', ';'}, cert: [32]byte{1, 2, 3},
	}
	want := "pkcs11:token=Carte%20d%27Anne%3B%20100%20%25;manufacturer=;serial=1a%2F2b;model=x%3Dy;id=%00%FFA%3B;x-scelle-cert=" +
		"010203" + strings.Repeat("0", 58)
	if got := u.String(); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	back, err := parseURI(want)
	if err != nil || back.String() != want || back.token != u.token || string(back.id) != string(u.id) || back.cert != u.cert {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{
		"", "pkcs11:", want + "0", want[1:], want[:len(want)-1], strings.ToUpper(want), want + "?pin-value=1234",
		strings.Replace(want, "%FF", "%ff", 1), strings.Replace(want, "A%3B", "%41%3B", 1), strings.Replace(want, "%2F", "/", 1),
		strings.Replace(want, "%2F2b", "%2", 1), strings.Replace(want, "%2F", "%", 1), strings.Replace(want, "%2F", "%GG", 1),
		strings.Replace(want, "serial", "SERIAL", 1), strings.Replace(want, ";model=x%3Dy", "", 1),
		strings.Replace(want, "token=", "token="+strings.Repeat("a", maxURI), 1),
	} {
		if _, err := parseURI(bad); fault.CodeOf(err) != fault.KeyNotFound {
			t.Errorf("%.200q: %v", bad, err)
		}
	}
}

// FuzzParseURI: what is accepted is what String writes.
func FuzzParseURI(f *testing.F) {
	f.Add(keyURI{}.String())
	f.Add(keyURI{token: tokenName{"a b", "c;d", "é", "%"}, id: []byte{0, 1, 255}}.String())
	f.Add("pkcs11:token=%;manufacturer=;serial=;model=;id=;x-scelle-cert=")
	f.Fuzz(func(t *testing.T, s string) {
		if u, err := parseURI(s); err == nil && u.String() != s {
			t.Errorf("%q became %q", s, u)
		}
	})
}
