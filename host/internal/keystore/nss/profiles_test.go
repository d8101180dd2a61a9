package nss

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// firefoxINI is what Firefox 153 writes in a new account, with a profile added
// by hand in about:profiles and one in a folder of the person's choice.
const firefoxINI = `[Profile1]
Name=default
IsRelative=1
Path=kqh6ezjo.default
Default=1

[Profile0]
Name=default-esr
IsRelative=1
Path=5qa112n5.default-esr

[Profile2]
Name=Marchés publics
IsRelative=0
Path=ELSEWHERE

[Profile3]
Name=gone
IsRelative=1
Path=gone

[General]
StartWithLastProfile=1
Version=2

[Install3B6073811A6ABF12]
Default=5qa112n5.default-esr
Locked=1
`

// TestProfiles: the profiles of all places are found, those that have a
// database, each once.
func TestProfiles(t *testing.T) {
	home := t.TempDir()
	put := func(path, text string) string {
		path = filepath.Join(home, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return filepath.Dir(path)
	}
	elsewhere := put("autre/cert9.db", "")
	root := put(".config/mozilla/firefox/profiles.ini", strings.ReplaceAll(firefoxINI, "ELSEWHERE", elsewhere))
	put(".config/mozilla/firefox/5qa112n5.default-esr/key4.db", "")
	put(".config/mozilla/firefox/kqh6ezjo.default/prefs.js", "") // never started
	old := put(".mozilla/firefox/profiles.ini", "\ufeff; old\r\n[Profile0]\r\nName=vieux\r\nIsRelative=1\r\nPath=old\r\n[Profile1]\r\nPath="+elsewhere+"\r\n")
	put(".mozilla/firefox/old/key3.db", "")
	snap := put("snap/firefox/common/.mozilla/firefox/profiles.ini", "[Profile0]\nPath=abc.default\n")
	put("snap/firefox/common/.mozilla/firefox/abc.default/cert9.db", "")
	flatpak := put(".var/app/org.mozilla.firefox/config/mozilla/firefox/profiles.ini", "[Profile0]\nName=x\nPath=x\n")
	put(".var/app/org.mozilla.firefox/config/mozilla/firefox/x/cert9.db", "")
	want := []Profile{
		{"Firefox (default-esr)", filepath.Join(root, "5qa112n5.default-esr")},
		{"Firefox (Marchés publics)", elsewhere},
		{"Firefox (vieux)", filepath.Join(old, "old")},
		{"Firefox Snap (abc.default)", filepath.Join(snap, "abc.default")},
		{"Firefox Flatpak (x)", filepath.Join(flatpak, "x")},
	}
	if got := Profiles(home, func(string) string { return "" }); !slices.Equal(got, want) {
		t.Errorf("found %+v,\nwant %+v", got, want)
	}
	moved := func(name string) string {
		return map[string]string{"XDG_CONFIG_HOME": filepath.Join(home, "none")}[name]
	}
	if got := Profiles(home, moved); len(got) != 4 || got[0].Name != "Firefox (vieux)" {
		t.Errorf("with XDG_CONFIG_HOME found %+v", got)
	}
}

func FuzzProfiles(f *testing.F) {
	f.Add([]byte(firefoxINI))
	f.Add([]byte("[Profile0]\r\nPath=\x00\r\n[Profile]\nName=\u202e=\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		all := readProfiles(bytes.NewReader(b))
		if len(all) > maxProfiles {
			t.Errorf("%d profiles", len(all))
		}
		for _, p := range all {
			if p.Path == "" || strings.ContainsAny(p.Name, "\x00\n\r\u202e") || !bytes.Contains(b, []byte(p.Path)) {
				t.Errorf("%+v", p)
			}
		}
	})
}
