//go:build linux

package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"scelle/shared/protocol"
)

// mac is the computer, looked at as macOS has it.
func mac(t *testing.T) System {
	s := computer(t)
	s.OS = "darwin"
	s.Home = filepath.Join(s.Root, "Users", "hélène")
	return s
}

// TestMacPlaces holds the table for macOS.
func TestMacPlaces(t *testing.T) {
	s := mac(t)
	user, all := s.Home+"/Library/Application Support/", s.Root+"/Library/"
	for _, c := range []struct {
		system bool
		want   map[string]string
	}{
		{false, map[string]string{
			"chrome,brave": user + "Google/Chrome/NativeMessagingHosts/",
			"chromium":     user + "Chromium/NativeMessagingHosts/",
			"edge":         user + "Microsoft Edge/NativeMessagingHosts/",
			"brave":        user + "BraveSoftware/Brave-Browser/NativeMessagingHosts/",
			"vivaldi":      user + "Vivaldi/NativeMessagingHosts/",
			"opera":        user + "com.operasoftware.Opera/NativeMessagingHosts/",
			"firefox":      user + "Mozilla/NativeMessagingHosts/",
		}},
		{true, map[string]string{
			"chrome,brave":           all + "Google/Chrome/NativeMessagingHosts/",
			"chromium,vivaldi,opera": all + "Application Support/Chromium/NativeMessagingHosts/",
			"edge":                   all + "Microsoft/Edge/NativeMessagingHosts/",
			"firefox":                all + "Application Support/Mozilla/NativeMessagingHosts/",
		}},
	} {
		entries, err := s.Entries(allNames(), Scope{System: c.system})
		if err != nil || len(entries) != len(c.want) {
			t.Fatalf("system %v: %d entries, %v", c.system, len(entries), err)
		}
		for _, e := range entries {
			if names := strings.Join(e.Browsers, ","); e.Path != c.want[names]+FileName {
				t.Errorf("%s: %s, want it in %s", names, e.Path, c.want[names])
			}
			if err := s.Install(e); err != nil {
				t.Fatal(err)
			}
			if r := s.Look(e); r.State != Current {
				t.Errorf("%+v", r)
			}
		}
	}
	if got := s.Placed(false); got != s.Home+"/Library/Application Support/Scelle/bin/scelle" {
		t.Error(got)
	}
	if got := s.Placed(true); got != s.Root+"/Library/Application Support/Scelle/bin/scelle" {
		t.Error(got)
	}
}

// TestUninstallLeavesNothing: whatever the order in which browsers are
// removed, of what was there before nothing is missing, and of ours nothing
// is left.
func TestUninstallLeavesNothing(t *testing.T) {
	for _, system := range []bool{false, true} {
		for _, backwards := range []bool{false, true} {
			s := computer(t)
			theirs := filepath.Join(s.Root, "etc", "chromium", "native-messaging-hosts")
			if err := os.MkdirAll(theirs, 0o755); err != nil {
				t.Fatal(err)
			}
			top := filepath.Dir(s.Home)
			before := tree(t, top)
			entries, err := s.Entries(allNames(), Scope{System: system})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if err := s.Install(e); err != nil {
					t.Fatal(err)
				}
			}
			if backwards {
				slices.Reverse(entries)
			}
			for _, e := range entries {
				if removed, err := s.Uninstall(e); !removed || err != nil {
					t.Errorf("%s: %v, %v", e.Path, removed, err)
				}
			}
			if after := tree(t, top); !slices.Equal(after, before) {
				t.Errorf("system %v, backwards %v: left %q", system, backwards, after)
			}
		}
	}
}

// TestUsedFolderStays: a folder that we made and that the browser used since.
func TestUsedFolderStays(t *testing.T) {
	s := computer(t)
	e := entry(t, s, "vivaldi")
	if err := s.Install(e); err != nil {
		t.Fatal(err)
	}
	profile := filepath.Join(filepath.Dir(filepath.Dir(e.Path)), "Default")
	if err := os.Mkdir(profile, 0o755); err != nil {
		t.Fatal(err)
	}
	if removed, err := s.Uninstall(e); !removed || err != nil {
		t.Errorf("%v, %v", removed, err)
	}
	if left := tree(t, filepath.Dir(profile)); !slices.Equal(left, []string{profile}) {
		t.Errorf("left: %q", left)
	}
}

// TestReasons: what is wrong with a manifest is named, down to the extension.
func TestReasons(t *testing.T) {
	s := computer(t)
	e := entry(t, s, "chromium")
	other := filepath.Join(t.TempDir(), "scelle")
	writeFile(t, other, "#!/bin/sh\n")
	stranger := "chrome-extension://" + strings.Repeat("a", 32) + "/"
	with := func(change func(*Manifest)) string {
		m := NewManifest(Chromium, s.Executable)
		change(&m)
		return manifestText(t, m)
	}
	for name, c := range map[string]struct {
		text   string
		state  State
		reason Reason
	}{
		"as written":    {with(func(*Manifest) {}), Current, ""},
		"gone":          {with(func(m *Manifest) { m.Path = "/gone/scelle" }), Stale, ExecutableGone},
		"relative":      {with(func(m *Manifest) { m.Path = "scelle" }), Stale, ExecutableGone},
		"another":       {with(func(m *Manifest) { m.Path = other }), Other, ExecutableOther},
		"before Edge":   {with(func(m *Manifest) { m.AllowedOrigins = m.AllowedOrigins[:1] }), Stale, ExtensionsDiffer},
		"more":          {with(func(m *Manifest) { m.AllowedOrigins = append(m.AllowedOrigins, stranger) }), Stale, ExtensionsDiffer},
		"somebody else": {with(func(m *Manifest) { m.AllowedOrigins = []string{stranger} }), Stale, ExtensionsDiffer},
		"Firefox's":     {manifestText(t, NewManifest(Firefox, s.Executable)), Stale, ExtensionsDiffer},
		"not ours":      {`{"name":"org.example.other"}`, Broken, ManifestForeign},
		"no JSON":       {"{", Broken, ManifestUnread},
	} {
		writeFile(t, e.Path, c.text)
		r := s.Look(e)
		if r.State != c.state || r.Reason != c.reason {
			t.Errorf("%s: %s, %s", name, r.State, r.Reason)
		}
		if named := slices.Contains(r.Foreign, stranger); named != strings.Contains(c.text, stranger) {
			t.Errorf("%s: foreign extensions %q", name, r.Foreign)
		}
	}
}

// problems lists code, browsers and detail of what a survey finds.
func problems(t *testing.T, s System) []string {
	t.Helper()
	v, err := s.Survey()
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range v.Problems {
		text := string(p.Code) + " " + strings.Join(p.Browsers, ",")
		if p.Detail != "" {
			text += " " + p.Detail
		}
		found = append(found, text)
	}
	return found
}

func wantProblems(t *testing.T, s System, want ...string) {
	t.Helper()
	if got := problems(t, s); !slices.Equal(got, want) {
		t.Errorf("problems %q\nwant %q", got, want)
	}
}

// TestSurvey follows one computer from its first browser to a policy that
// hides the host and the remedy for it.
func TestSurvey(t *testing.T) {
	s := computer(t)
	wantProblems(t, s)
	os.MkdirAll(filepath.Join(s.Home, ".config", "google-chrome"), 0o755)
	wantProblems(t, s, "not-registered chrome")
	user := entry(t, s, "chrome")
	if err := s.Install(user); err != nil {
		t.Fatal(err)
	}
	wantProblems(t, s)

	writeFile(t, s.Root+"/etc/opt/chrome/policies/managed/10-base.json", `{"NativeMessagingUserLevelHosts": false}`)
	wantProblems(t, s, "policy-user-hosts chrome NativeMessagingUserLevelHosts")
	system, err := s.Entries([]string{"chrome"}, Scope{System: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Install(system[0]); err != nil {
		t.Fatal(err)
	}
	wantProblems(t, s) // the remedy

	// The file whose name sorts last decides.
	writeFile(t, s.Root+"/etc/opt/chrome/policies/managed/50-hosts.json", `{"NativeMessagingBlocklist": ["*"]}`)
	wantProblems(t, s, "policy-host chrome NativeMessagingBlocklist")
	writeFile(t, s.Root+"/etc/opt/chrome/policies/managed/99-hosts.json", `{"NativeMessagingBlocklist": ["org.example"]}`)
	wantProblems(t, s)
	writeFile(t, s.Root+"/etc/opt/chrome/policies/managed/99-hosts.json", `{`)
	wantProblems(t, s, "policy-unread chrome", "policy-host chrome NativeMessagingBlocklist")

	os.RemoveAll(s.Root + "/etc/opt/chrome/policies")
	other := filepath.Join(t.TempDir(), "scelle")
	writeFile(t, other, "#!/bin/sh\n")
	if err := s.register(system[0], other); err != nil {
		t.Fatal(err)
	}
	wantProblems(t, s, "executable-other chrome,brave "+other, "shadowed chrome "+other)
}

// TestExposedProgram: registered for all, but anybody may change it.
func TestExposedProgram(t *testing.T) {
	s := computer(t)
	entries, err := s.Entries([]string{"firefox"}, Scope{System: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Install(entries[0]); err != nil {
		t.Fatal(err)
	}
	wantProblems(t, s)
	if err := os.Chmod(s.Executable, 0o757); err != nil {
		t.Fatal(err)
	}
	wantProblems(t, s, "executable-exposed firefox "+s.Executable)
	if err := os.Chmod(s.Executable, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(s.Executable), 0o777); err != nil {
		t.Fatal(err)
	}
	wantProblems(t, s, "executable-exposed firefox "+s.Executable)
}

// TestPoliciesOfLinux: folders that browsers share, and Firefox's files, of
// which the computer's hides the rest.
func TestPoliciesOfLinux(t *testing.T) {
	s := computer(t)
	blocked := `{"policies":{"ExtensionSettings":{"*":{"installation_mode":"blocked"}}}}`
	shared := s.Root + "/etc/chromium/policies/managed/x.json"
	beside := s.Root + "/usr/lib/firefox-esr/distribution/policies.json"
	writeFile(t, shared, `{"NativeMessagingBlocklist": ["`+protocol.HostName+`"]}`)
	writeFile(t, s.Root+"/etc/brave/policies/recommended/x.json", `{"NativeMessagingBlocklist": ["*"]}`)
	writeFile(t, beside, blocked)
	hosts := Policy{[]string{"chromium", "vivaldi", "opera"}, "NativeMessagingBlocklist", shared, true, HidesHost}
	samePolicies(t, s.Policies(allNames()), []Policy{hosts, {[]string{"firefox"}, "ExtensionSettings", beside, true, HidesExtension}})
	writeFile(t, s.Root+"/etc/firefox/policies/policies.json", `{"policies":{}}`)
	samePolicies(t, s.Policies(allNames()), []Policy{hosts})
}

// TestPoliciesOfMac reads what macOS writes for a configuration profile; the
// binary list is package plist's.
func TestPoliciesOfMac(t *testing.T) {
	s := mac(t)
	managed := s.Root + "/Library/Managed Preferences/"
	binary, err := os.ReadFile("../plist/testdata/managed-binary.plist")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, managed+"com.google.Chrome.plist", string(binary))
	writeFile(t, managed+"hélène/com.microsoft.Edge.plist", `<plist version="1.0"><dict><key>NativeMessagingBlocklist</key><array><string>*</string></array></dict></plist>`)
	writeFile(t, managed+"org.mozilla.firefox.plist", `<plist version="1.0"><dict><key>EnterprisePoliciesEnabled</key><true/><key>ExtensionSettings</key><dict><key>*</key><dict><key>installation_mode</key><string>blocked</string></dict></dict></dict></plist>`)
	writeFile(t, managed+"com.vivaldi.Vivaldi.plist", "bplist00")
	samePolicies(t, s.Policies(allNames()), []Policy{
		{[]string{"chrome"}, "NativeMessagingUserLevelHosts", managed + "com.google.Chrome.plist", true, HidesUserHosts},
		{[]string{"chrome"}, "ExtensionSettings", managed + "com.google.Chrome.plist", true, HidesExtension},
		{[]string{"edge"}, "NativeMessagingBlocklist", managed + "hélène/com.microsoft.Edge.plist", false, HidesHost},
		{[]string{"vivaldi"}, "", managed + "com.vivaldi.Vivaldi.plist", true, Unread},
		{[]string{"firefox"}, "ExtensionSettings", managed + "org.mozilla.firefox.plist", true, HidesExtension},
	})
}

func TestSandboxes(t *testing.T) {
	s := computer(t)
	for _, dir := range []string{
		s.Root + "/snap/chromium", s.Root + "/snap/firefox", s.Root + "/var/lib/flatpak/app/com.google.Chrome",
		s.Home + "/.local/share/flatpak/app/org.mozilla.firefox",
	} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	wantProblems(t, s, "sandbox-none chrome flatpak", "sandbox-none chromium snap", "sandbox-portal firefox snap", "sandbox-proxy firefox flatpak")
	s.OS = "darwin"
	wantProblems(t, s)
}

// TestAnotherUsersProfile: what root registers in somebody's profile belongs
// to that person, who can remove it. It takes root, as tests here have.
func TestAnotherUsersProfile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can register for another user")
	}
	const nobody = 65534
	s := computer(t)
	profile := filepath.Join(t.TempDir(), "profil de Zoé")
	if err := os.Mkdir(profile, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(profile, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	entries, err := s.Entries(nil, Scope{UserDataDir: profile})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Install(entries[0]); err != nil {
		t.Fatal(err)
	}
	for _, path := range append(tree(t, profile), entries[0].Path) {
		info, err := os.Lstat(path)
		if err != nil {
			t.Fatal(err)
		}
		if o := info.Sys().(*syscall.Stat_t); o.Uid != nobody || o.Gid != nobody {
			t.Errorf("%s belongs to %d:%d", path, o.Uid, o.Gid)
		}
	}
	if removed, err := s.Uninstall(entries[0]); !removed || err != nil || len(tree(t, profile)) != 0 {
		t.Errorf("removed %v, %v, left %q", removed, err, tree(t, profile))
	}
}

// TestLinksLeadNowhere: a user who puts a link where root will make folders
// gets nothing made or given away behind it.
func TestLinksLeadNowhere(t *testing.T) {
	s := computer(t)
	profile, target := t.TempDir(), t.TempDir()
	dangling := filepath.Join(profile, "NativeMessagingHosts")
	if err := os.Symlink(filepath.Join(target, "made"), dangling); err != nil {
		t.Fatal(err)
	}
	entries, err := s.Entries(nil, Scope{UserDataDir: profile})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Install(entries[0]); err == nil {
		t.Error("registered through a dangling link")
	}
	if made := tree(t, target); len(made) != 0 {
		t.Errorf("made %q", made)
	}
}

// TestPlacedProgramRuns: the copy is a program that the system starts.
func TestPlacedProgramRuns(t *testing.T) {
	s := computer(t)
	writeFile(t, s.Executable, "#!/bin/sh\necho placed\n")
	placed, err := s.Place(true)
	if err != nil {
		t.Fatal(err)
	}
	if placed.Executable != s.Root+"/usr/local/lib/scelle/scelle" {
		t.Error(placed.Executable)
	}
	if out, err := exec.Command(placed.Executable).Output(); err != nil || string(out) != "placed\n" {
		t.Errorf("%q, %v", out, err)
	}
	if again, err := placed.Place(true); err != nil || again.Executable != placed.Executable {
		t.Errorf("from the copy itself: %+v, %v", again, err)
	}
}
