package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"

	"scelle/host/internal/install"
	"scelle/shared/protocol"
)

// TestRegistration: install writes a manifest and names it in the registry,
// status reads both, uninstall removes both. The registry is the user's own,
// so that this runs in a throw-away Windows only; package install's tests have
// a corner of the registry for themselves.
func TestRegistration(t *testing.T) {
	if windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() != nil {
		t.Skip("would change this user's registry")
	}
	p := sit(t)
	p.env["USERPROFILE"] = p.env["HOME"]
	p.env["LOCALAPPDATA"] = filepath.Join(p.env["HOME"], "Données locales")
	p.does("install", "--browser", "chrome", "--browser", "firefox")
	for _, c := range []struct{ key, says string }{
		{`Software\Google\Chrome\NativeMessagingHosts\`, protocol.ChromeOrigin},
		{`Software\Mozilla\NativeMessagingHosts\`, protocol.FirefoxID},
	} {
		key, err := registry.OpenKey(registry.CURRENT_USER, c.key+protocol.HostName, registry.QUERY_VALUE)
		if err != nil {
			t.Fatalf("%s: %v", c.key, err)
		}
		path, _, err := key.GetStringValue("")
		key.Close()
		manifest, readErr := os.ReadFile(path)
		if err != nil || readErr != nil || !strings.HasPrefix(path, p.env["LOCALAPPDATA"]) || !strings.Contains(string(manifest), c.says) {
			t.Errorf("%s names %q: %s, %v, %v", c.key, path, manifest, err, readErr)
		}
	}
	states := registered(p)
	if states["chrome"] != install.Current || states["firefox"] != install.Current || states["edge"] != install.Absent {
		t.Errorf("registered: %v", states)
	}
	p.does("uninstall")
	for name, state := range registered(p) {
		if state != install.Absent {
			t.Errorf("%s is %s after uninstall", name, state)
		}
	}
	if key, err := registry.OpenKey(registry.CURRENT_USER, `Software\Google\Chrome\NativeMessagingHosts\`+protocol.HostName, registry.QUERY_VALUE); err == nil {
		key.Close()
		t.Error("the registry still names the host")
	}
}

// registered is what status says of this user's browsers.
func registered(p *person) map[string]install.State {
	p.does("status", "--json")
	var r statusReport
	p.json(&r)
	found := map[string]install.State{}
	for _, b := range r.Browsers {
		if !b.System {
			found[b.Browsers[0]] = b.State
		}
	}
	return found
}
