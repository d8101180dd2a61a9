//go:build linux

package install

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// computer is an account with nothing on it but the host.
func computer(t *testing.T) System {
	t.Helper()
	root := t.TempDir()
	s := System{
		Executable: filepath.Join(root, "opt", "scelle"),
		Home:       filepath.Join(root, "home"),
		Getenv:     func(string) string { return "" },
		Root:       filepath.Join(root, "root"),
	}
	writeFile(t, s.Executable, "#!/bin/sh\n")
	return s
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func all() []string {
	var names []string
	for _, b := range Browsers() {
		names = append(names, b.Name)
	}
	return names
}

// TestPlaces holds the table to the places that browsers document, and that
// Chromium and Firefox were seen to read.
func TestPlaces(t *testing.T) {
	s := computer(t)
	for _, c := range []struct {
		system bool
		want   map[string]string
	}{
		{false, map[string]string{
			"chrome":   s.Home + "/.config/google-chrome/NativeMessagingHosts/",
			"chromium": s.Home + "/.config/chromium/NativeMessagingHosts/",
			"edge":     s.Home + "/.config/microsoft-edge/NativeMessagingHosts/",
			"brave":    s.Home + "/.config/BraveSoftware/Brave-Browser/NativeMessagingHosts/",
			"vivaldi":  s.Home + "/.config/vivaldi/NativeMessagingHosts/",
			"opera":    s.Home + "/.config/opera/NativeMessagingHosts/",
			"firefox":  s.Home + "/.mozilla/native-messaging-hosts/",
		}},
		{true, map[string]string{
			"chrome,brave":           s.Root + "/etc/opt/chrome/native-messaging-hosts/",
			"chromium,vivaldi,opera": s.Root + "/etc/chromium/native-messaging-hosts/",
			"edge":                   s.Root + "/etc/opt/edge/native-messaging-hosts/",
			"firefox":                s.Root + "/usr/lib/mozilla/native-messaging-hosts/",
		}},
	} {
		entries, err := s.Entries(all(), Scope{System: c.system})
		if err != nil || len(entries) != len(c.want) {
			t.Fatalf("system %v: %d entries, %v", c.system, len(entries), err)
		}
		for _, e := range entries {
			names := strings.Join(e.Browsers, ",")
			if e.Path != c.want[names]+FileName {
				t.Errorf("%s: %s, want it in %s", names, e.Path, c.want[names])
			}
		}
	}
}

// TestFedora: 64-bit Firefox looks beside /usr/lib there.
func TestFedora(t *testing.T) {
	s := computer(t)
	if err := os.MkdirAll(s.Root+"/usr/lib64/mozilla", 0o755); err != nil {
		t.Fatal(err)
	}
	entries, err := s.Entries([]string{"firefox"}, Scope{System: true})
	if err != nil || len(entries) != 2 || entries[1].Path != s.Root+"/usr/lib64/mozilla/native-messaging-hosts/"+FileName {
		t.Errorf("%+v, %v", entries, err)
	}
}

func TestXDGConfigHome(t *testing.T) {
	s := computer(t)
	elsewhere := t.TempDir()
	s.Getenv = func(name string) string { return map[string]string{"XDG_CONFIG_HOME": elsewhere}[name] }
	entries, err := s.Entries([]string{"chromium", "firefox"}, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(entries[0].Path, elsewhere+"/chromium/") || !strings.HasPrefix(entries[1].Path, s.Home+"/.mozilla/") {
		t.Errorf("%s, %s", entries[0].Path, entries[1].Path)
	}
}

// TestWhichBrowsers: those that were used, or all of them.
func TestWhichBrowsers(t *testing.T) {
	s := computer(t)
	names := func() []string {
		entries, err := s.Entries(nil, Scope{})
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for _, e := range entries {
			found = append(found, e.Browsers...)
		}
		return found
	}
	if got := names(); !slices.Equal(got, all()) {
		t.Errorf("on a fresh account: %q", got)
	}
	os.MkdirAll(filepath.Join(s.Home, ".config", "chromium"), 0o755)
	if got := names(); !slices.Equal(got, []string{"chromium"}) {
		t.Errorf("with Chromium used: %q", got)
	}
	os.MkdirAll(filepath.Join(s.Home, ".config", "mozilla"), 0o755)
	if got := names(); !slices.Equal(got, []string{"chromium", "firefox"}) {
		t.Errorf("with a Firefox of 147 or later: %q", got)
	}
	if _, err := s.Entries([]string{"lynx"}, Scope{}); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("an unknown browser: %v", err)
	}
}

// TestManifests reads what was written as a browser would: absolute path, our
// extension and no other, no key of the other dialect.
func TestManifests(t *testing.T) {
	s := computer(t)
	entries, err := s.Entries(all(), Scope{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := s.Install(e); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(e.Path)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatalf("%s: %v", e.Path, err)
		}
		want, other := "allowed_origins", "allowed_extensions"
		ids := []any{protocol.ChromeOrigin, protocol.EdgeOrigin}
		if e.Family == Firefox {
			want, other, ids = other, want, []any{protocol.FirefoxID}
		}
		allowed, _ := m[want].([]any)
		if m["name"] != protocol.HostName || m["type"] != "stdio" || m["path"] != s.Executable || m["description"] == "" ||
			!slices.Equal(allowed, ids) || m[other] != nil {
			t.Errorf("%s: %s", e.Path, data)
		}
		if info, _ := os.Stat(e.Path); info.Mode().Perm() != 0o644 {
			t.Errorf("%s has mode %v", e.Path, info.Mode())
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(e.Path), "."+FileName+"*")); len(left) != 0 {
			t.Errorf("left behind: %q", left)
		}
		if r := s.Look(e); r.State != Current || r.Host != s.Executable {
			t.Errorf("%+v", r)
		}
	}
}

func TestUserDataDir(t *testing.T) {
	s := computer(t)
	dir := t.TempDir()
	entries, err := s.Entries(nil, Scope{UserDataDir: dir})
	if err != nil || len(entries) != 1 || entries[0].Path != filepath.Join(dir, "NativeMessagingHosts", FileName) || entries[0].Family != Chromium {
		t.Fatalf("%+v, %v", entries, err)
	}
	t.Chdir(filepath.Dir(dir))
	entries, err = s.Entries(nil, Scope{UserDataDir: filepath.Base(dir)})
	if err != nil || !filepath.IsAbs(entries[0].Path) {
		t.Errorf("a relative folder: %+v, %v", entries, err)
	}
}

// TestLifeOfARegistration: installed twice, moved, repaired, removed.
func TestLifeOfARegistration(t *testing.T) {
	s := computer(t)
	e := entry(t, s, "chromium")
	state := func(want State) {
		t.Helper()
		if r := s.Look(e); r.State != want {
			t.Errorf("%s, want %s", r.State, want)
		}
	}
	state(Absent)
	for range 2 {
		if err := s.Install(e); err != nil {
			t.Fatal(err)
		}
		state(Current)
	}
	moved := filepath.Join(filepath.Dir(s.Executable), "scelle2")
	if err := os.Rename(s.Executable, moved); err != nil {
		t.Fatal(err)
	}
	s.Executable = moved
	state(Stale) // the path it names is gone
	if err := s.Install(e); err != nil {
		t.Fatal(err)
	}
	state(Current)
	old := NewManifest(Chromium, s.Executable)
	old.AllowedOrigins = []string{"chrome-extension://" + strings.Repeat("a", 32) + "/"}
	if err := old.write(e.Path); err != nil {
		t.Fatal(err)
	}
	state(Stale) // it would start for another extension
	for _, removed := range []bool{true, false} {
		got, err := s.Uninstall(e)
		if got != removed || err != nil {
			t.Errorf("removed %v, %v", got, err)
		}
		state(Absent)
	}
}

func entry(t *testing.T, s System, name string) Entry {
	t.Helper()
	entries, err := s.Entries([]string{name}, Scope{})
	if err != nil {
		t.Fatal(err)
	}
	return entries[0]
}

// TestUninstallLeavesOthersAlone: another copy of the host that is there, and
// whatever else lies under our name.
func TestUninstallLeavesOthersAlone(t *testing.T) {
	s := computer(t)
	e := entry(t, s, "firefox")
	another := filepath.Join(t.TempDir(), "scelle")
	writeFile(t, another, "#!/bin/sh\n")
	for text, want := range map[string]State{
		manifestText(t, NewManifest(Firefox, another)): Other,
		"not JSON":                         Broken,
		`{"name":"org.example.other"}`:     Broken,
		strings.Repeat(" ", maxManifest+1): Broken,
	} {
		writeFile(t, e.Path, text)
		if r := s.Look(e); r.State != want {
			t.Errorf("%.30q: %s, want %s", text, r.State, want)
		}
		if removed, err := s.Uninstall(e); removed || err != nil {
			t.Errorf("%.30q: removed %v, %v", text, removed, err)
		}
		if data, err := os.ReadFile(e.Path); err != nil || string(data) != text {
			t.Errorf("%.30q was touched: %v", text, err)
		}
	}
	sibling := filepath.Join(filepath.Dir(e.Path), "org.example.other.json")
	writeFile(t, sibling, "{}")
	if err := s.Install(e); err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Uninstall(e); !removed || err != nil {
		t.Errorf("our own: removed %v, %v", removed, err)
	}
	if _, err := os.Stat(sibling); err != nil {
		t.Error("another program's manifest is gone")
	}
}

func manifestText(t *testing.T, m Manifest) string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestTheSameProgramByAnotherName: a link to this program is this program.
func TestTheSameProgramByAnotherName(t *testing.T) {
	s := computer(t)
	e := entry(t, s, "chrome")
	link := filepath.Join(filepath.Dir(s.Executable), "link")
	if err := os.Symlink(s.Executable, link); err != nil {
		t.Fatal(err)
	}
	if err := NewManifest(Chromium, link).write(e.Path); err != nil {
		t.Fatal(err)
	}
	if r := s.Look(e); r.State != Current {
		t.Errorf("%+v", r)
	}
}

func TestInstallFailsClearly(t *testing.T) {
	s := computer(t)
	e := entry(t, s, "chrome")
	writeFile(t, filepath.Dir(e.Path), "a file where a folder should be")
	if err := s.Install(e); fault.CodeOf(err) != fault.WriteFailed {
		t.Errorf("%v", err)
	}
}
