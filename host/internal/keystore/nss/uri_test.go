package nss

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/fault"
)

func TestURI(t *testing.T) {
	cert := strings.Repeat("ab", 32)
	for _, test := range []struct{ path, id, want string }{
		{"/home/anne/.pki/nssdb", "0102ff", "nss:path=/home/anne/.pki/nssdb;id=0102ff;cert=" + cert},
		{"/", "", "nss:path=/;id=;cert=" + cert},
		{"/a;id=00/é %/b,c?#", "7f", "nss:path=/a%3Bid=00/%C3%A9%20%25/b%2Cc%3F%23;id=7f;cert=" + cert},
		{"/line\nbreak", "7f", "nss:path=/line%0Abreak;id=7f;cert=" + cert},
	} {
		u := keyURI{scheme: ID, path: test.path, cert: [32]byte(bytes.Repeat([]byte{0xab}, 32))}
		u.id, _ = hex.DecodeString(test.id)
		if got := u.String(); got != test.want {
			t.Errorf("%q: %s, want %s", test.path, got, test.want)
		}
		back, err := parseURI(ID, test.want)
		if err != nil || back.path != u.path || !bytes.Equal(back.id, u.id) || back.cert != u.cert {
			t.Errorf("%s: %+v, %v", test.want, back, err)
		}
	}
}

func TestURIRefused(t *testing.T) {
	cert := strings.Repeat("ab", 32)
	good := "nss:path=/a;id=01;cert=" + cert
	if _, err := parseURI(ID, good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "nss", "nss:", "NSS:path=/a;id=01;cert=" + cert, "pkcs11:path=/a;id=01;cert=" + cert,
		"nss:path=a;id=01;cert=" + cert, "nss:path=;id=01;cert=" + cert,
		"nss:id=01;path=/a;cert=" + cert, "nss:path=/a;cert=" + cert, "nss:path=/a;id=01",
		"nss:path=/a;id=1;cert=" + cert, "nss:path=/a;id=0G;cert=" + cert, "nss:path=/a;id=0A;cert=" + cert,
		"nss:path=/a;id=01;cert=" + cert[2:], "nss:path=/a;id=01;cert=" + cert + "ab",
		"nss:path=/a;id=01;cert=" + strings.ToUpper(cert),
		"nss:path=/a%;id=01;cert=" + cert, "nss:path=/%61;id=01;cert=" + cert, "nss:path=/é;id=01;cert=" + cert,
		"nss:path=/a%2Fb;id=01;cert=" + cert, good + ";", good + ";x=y", good + "\n",
	} {
		if u, err := parseURI(ID, bad); fault.CodeOf(err) != fault.KeyNotFound {
			t.Errorf("%q: %+v, %v", bad, u, err)
		}
	}
}

func FuzzURI(f *testing.F) {
	f.Add("nss:path=/a%3Bb;id=01;cert=" + strings.Repeat("00", 32))
	f.Add("nss:path=/;id=;cert=" + strings.Repeat("ff", 32))
	f.Fuzz(func(t *testing.T, s string) {
		if u, err := parseURI(ID, s); err == nil && u.String() != s {
			t.Errorf("%q was accepted and is written %q", s, u)
		}
	})
}

func TestShared(t *testing.T) {
	for _, test := range []struct {
		name, dirs, data, want string
	}{
		{"fresh account", "", "", ".local/share/pki/nssdb"},
		{"old place, even empty", ".pki/nssdb", "", ".pki/nssdb"},
		{"old place and new one", ".pki/nssdb .local/share/pki/nssdb", "", ".pki/nssdb"},
		{"half of the old place", ".pki", "", ".local/share/pki/nssdb"},
		{"XDG_DATA_HOME", "", "HOME/data", "data/pki/nssdb"},
		{"XDG_DATA_HOME and old place", ".pki/nssdb", "HOME/data", ".pki/nssdb"},
		{"relative XDG_DATA_HOME", "", "data", ".local/share/pki/nssdb"},
	} {
		home := t.TempDir()
		for dir := range strings.FieldsSeq(test.dirs) {
			if err := os.MkdirAll(filepath.Join(home, dir), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		data := strings.Replace(test.data, "HOME", home, 1)
		got := Shared(home, func(name string) string {
			return map[string]string{"XDG_DATA_HOME": data}[name]
		})
		if want := filepath.Join(home, test.want); got != want {
			t.Errorf("%s: %s, want %s", test.name, got, want)
		}
	}
}

// TestSharedFile: a file in the old place is not a database.
func TestSharedFile(t *testing.T) {
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, ".pki"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, ".pki", "nssdb"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(home, ".local", "share", "pki", "nssdb")
	if got := Shared(home, func(string) string { return "" }); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
