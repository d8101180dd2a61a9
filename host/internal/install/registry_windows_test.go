package install

import (
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/windows/registry"

	"scelle/shared/protocol"
)

// both are the two halves of the registry. Tests write to both, so they need
// an administrator, as Wine's user and a runner's are.
var both = [...]registry.Key{registry.CURRENT_USER, registry.LOCAL_MACHINE}

// registryFor gives the computer a corner of the real registry to itself.
func registryFor(t *testing.T, s System) System {
	t.Helper()
	name := `Software\ScelleTest-` + rand.Text()
	s.Hive = name + `\`
	for _, root := range both {
		// Every Windows has the key Software.
		key, _, err := registry.CreateKey(root, name+`\Software`, registry.ALL_ACCESS)
		if err != nil {
			t.Fatal(err)
		}
		key.Close()
		t.Cleanup(func() { removeKey(t, root, name) })
	}
	return s
}

func removeKey(t *testing.T, root registry.Key, name string) {
	for _, n := range subKeys(t, root, name) {
		removeKey(t, root, name+`\`+n)
	}
	if err := registry.DeleteKey(root, name); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func subKeys(t *testing.T, root registry.Key, name string) []string {
	t.Helper()
	key, err := registry.OpenKey(root, name, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer key.Close()
	names, err := key.ReadSubKeyNames(-1)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// keysLeft is what lies in the computer's corner of the registry.
func keysLeft(t *testing.T, s System) []string {
	t.Helper()
	var left []string
	for _, root := range both {
		left = append(left, subKeys(t, root, s.Hive+`Software`)...)
	}
	return left
}

func set(t *testing.T, root registry.Key, name string, values map[string]any) {
	t.Helper()
	key, _, err := registry.CreateKey(root, name, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	defer key.Close()
	for n, v := range values {
		switch v := v.(type) {
		case string:
			err = key.SetStringValue(n, v)
		case int:
			err = key.SetDWordValue(n, uint32(v))
		case []string:
			err = key.SetStringsValue(n, v)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRegistryKeys: what the browsers will read, and others' keys and values
// beside ours stay.
func TestRegistryKeys(t *testing.T) {
	s := registryFor(t, awkward(t))
	copyOfThis(t, s.Executable, "")
	set(t, registry.CURRENT_USER, s.Hive+chromeKey+`\org.example.other`, map[string]any{"": `C:\other.json`})
	set(t, registry.CURRENT_USER, s.Hive+`Software\Chromium`, map[string]any{"theirs": 1})
	entries, err := s.Entries(allNames(), Scope{})
	if err != nil || len(entries) != 4 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if err := s.Install(e); err != nil {
			t.Fatal(err)
		}
		key, err := registry.OpenKey(registry.CURRENT_USER, e.Key, registry.QUERY_VALUE)
		if err != nil {
			t.Fatal(err)
		}
		path, _, err := key.GetStringValue("")
		key.Close()
		if err != nil || path != e.Path {
			t.Errorf("%s names %s, %v", e.Key, path, err)
		}
		data, err := os.ReadFile(path)
		var m Manifest
		if err != nil || json.Unmarshal(data, &m) != nil || m.Path != s.Executable || m.Name != protocol.HostName {
			t.Errorf("%s, %v", data, err)
		}
	}
	for _, e := range entries {
		if _, err := s.Uninstall(e); err != nil {
			t.Fatal(err)
		}
	}
	if got := subKeys(t, registry.CURRENT_USER, s.Hive+chromeKey); !slices.Equal(got, []string{"org.example.other"}) {
		t.Errorf("beside another program: %q", got)
	}
	if got := subKeys(t, registry.CURRENT_USER, s.Hive+`Software`); !slices.Equal(got, []string{"Chromium", "Google"}) {
		t.Errorf("left: %q", got)
	}
	if got := subKeys(t, registry.CURRENT_USER, s.Hive+`Software\Chromium`); len(got) != 0 {
		t.Errorf("left below Chromium: %q", got)
	}
}

// TestRegistryPointsNowhere: keys whose file is gone, is another program's or
// is only half removed.
func TestRegistryPointsNowhere(t *testing.T) {
	s := registryFor(t, awkward(t))
	copyOfThis(t, s.Executable, "")
	entries, err := s.Entries([]string{"edge"}, Scope{System: true})
	if err != nil {
		t.Fatal(err)
	}
	e := entries[0]
	set(t, registry.LOCAL_MACHINE, e.Key, map[string]any{"": `C:\gone\fr.scelle.host.json`})
	if r := s.Look(e); r.State != Stale || r.Reason != ManifestGone || r.Manifest != `C:\gone\fr.scelle.host.json` {
		t.Errorf("%+v", r)
	}
	foreign := filepath.Join(s.Home, "other.json")
	if err := os.MkdirAll(s.Home, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(foreign, []byte(`{"name":"org.example.other"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	set(t, registry.LOCAL_MACHINE, e.Key, map[string]any{"": foreign})
	if r := s.Look(e); r.State != Broken || r.Reason != ManifestForeign {
		t.Errorf("%+v", r)
	}
	if removed, err := s.Uninstall(e); !removed || err != nil {
		t.Errorf("the key is ours whatever it names: %v, %v", removed, err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("another program's manifest is gone")
	}
	if err := s.Install(e); err != nil {
		t.Fatal(err)
	}
	if err := e.unregister(); err != nil { // as somebody would by hand
		t.Fatal(err)
	}
	if removed, err := s.Uninstall(e); !removed || err != nil {
		t.Errorf("a manifest without a key: %v, %v", removed, err)
	}
	if _, err := os.Stat(e.Path); err == nil {
		t.Error("the manifest is still there")
	}
}

// TestRegistryPolicies sets policies as Windows has them: numbers for truth
// values, numbered values for lists, JSON in texts or keys for dictionaries.
func TestRegistryPolicies(t *testing.T) {
	s := registryFor(t, awkward(t))
	at := func(b string) string {
		row, _ := Find(b)
		return s.Hive + row.policy.windows
	}
	set(t, registry.LOCAL_MACHINE, at("chrome"), map[string]any{"NativeMessagingUserLevelHosts": 0})
	set(t, registry.CURRENT_USER, at("edge")+`\NativeMessagingBlocklist`, map[string]any{"1": "org.example.x", "2": "*"})
	set(t, registry.LOCAL_MACHINE, at("brave")+`\NativeMessagingBlocklist`, map[string]any{"1": "*"})
	set(t, registry.LOCAL_MACHINE, at("brave")+`\NativeMessagingAllowlist`, map[string]any{"1": protocol.HostName})
	set(t, registry.LOCAL_MACHINE, at("vivaldi"), map[string]any{"ExtensionSettings": `{"*":{"installation_mode":"blocked"}}`})
	set(t, registry.LOCAL_MACHINE, at("opera")+`\ExtensionSettings\`+protocol.ChromeID, map[string]any{"installation_mode": "removed"})
	set(t, registry.LOCAL_MACHINE, at("firefox"), map[string]any{"ExtensionSettings": []string{`{"*":`, `{"installation_mode":"blocked"}}`}})
	want := []Policy{
		{[]string{"chrome"}, "NativeMessagingUserLevelHosts", `HKEY_LOCAL_MACHINE\Software\Policies\Google\Chrome`, true, HidesUserHosts},
		{[]string{"edge"}, "NativeMessagingBlocklist", `HKEY_CURRENT_USER\Software\Policies\Microsoft\Edge`, false, HidesHost},
		{[]string{"vivaldi"}, "ExtensionSettings", `HKEY_LOCAL_MACHINE\Software\Policies\Vivaldi`, true, HidesExtension},
		{[]string{"opera"}, "ExtensionSettings", `HKEY_LOCAL_MACHINE\Software\Policies\Opera Software\Opera`, true, HidesExtension},
		{[]string{"firefox"}, "ExtensionSettings", `HKEY_LOCAL_MACHINE\Software\Policies\Mozilla\Firefox`, true, HidesExtension},
	}
	samePolicies(t, s.Policies(allNames()), want)
	// The computer's setting goes before the user's.
	set(t, registry.LOCAL_MACHINE, at("edge")+`\NativeMessagingBlocklist`, map[string]any{"1": "org.example.x"})
	samePolicies(t, s.Policies([]string{"edge"}), nil)
}

// TestUserShadowsComputer: HKEY_CURRENT_USER goes before HKEY_LOCAL_MACHINE,
// and a survey says so when the two differ.
func TestUserShadowsComputer(t *testing.T) {
	s := registryFor(t, awkward(t))
	copyOfThis(t, s.Executable, "")
	other := s
	other.Executable = filepath.Join(s.Root, "Program Files", "Scelle", "scelle.exe")
	copyOfThis(t, other.Executable, "")
	find := func(code ProblemCode) []Problem {
		t.Helper()
		v, err := s.Survey()
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(v.Problems, func(p Problem) bool { return p.Code != code })
	}
	register := func(s System, scope Scope) Entry {
		t.Helper()
		entries, err := s.Entries([]string{"chrome"}, scope)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Install(entries[0]); err != nil {
			t.Fatal(err)
		}
		return entries[0]
	}
	user := register(s, Scope{})
	register(other, Scope{System: true})
	got := find(Shadowed)
	// Opera shares Chrome's key.
	if len(got) != 2 || got[0].Browsers[0] != "chrome" || got[0].Place != user.Path || got[0].Detail != other.Executable || got[0].Blocks {
		t.Errorf("%+v", got)
	}
	if removed, err := s.Uninstall(user); !removed || err != nil { // the remedy
		t.Errorf("%v, %v", removed, err)
	}
	if got := find(Shadowed); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}
