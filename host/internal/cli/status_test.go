//go:build linux

package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/host/internal/install"
	"scelle/shared/version"
)

// TestEveryProblemHasARemedy: both languages, with nothing left unfilled.
func TestEveryProblemHasARemedy(t *testing.T) {
	left := regexp.MustCompile(`\b(BROWSERS|PLACE|DETAIL|INSTALL|UNINSTALL|HOST|ID)\b|%!`)
	codes := install.ProblemCodes()
	for _, code := range codes {
		p := install.Problem{Code: code, Browsers: []string{"firefox", "chrome"}, Place: "/p", Detail: "d", System: true}
		text, remedy := explain(p)
		for _, s := range []string{text.French, text.English, remedy.French, remedy.English} {
			if len(s) < 20 || left.MatchString(s) {
				t.Errorf("%s: %q", code, s)
			}
		}
		if !strings.Contains(text.French, "Firefox, Google Chrome") || text.French == text.English || remedy.French == remedy.English && !strings.Contains(remedy.French, "scelle") {
			t.Errorf("%s: %+v, %+v", code, text, remedy)
		}
	}
	if len(problemTexts()) != len(codes) {
		t.Errorf("%d texts for %d problems", len(problemTexts()), len(codes))
	}
}

func TestInstallStatusUninstall(t *testing.T) {
	p := sit(t)
	home := p.env["HOME"]
	os.MkdirAll(filepath.Join(home, ".config", "chromium"), 0o755)
	p.does("install")
	manifest := filepath.Join(home, ".config", "chromium", "NativeMessagingHosts", install.FileName)
	if !strings.Contains(p.out, manifest) || strings.Contains(p.out, "firefox") {
		t.Errorf("%q", p.out)
	}
	p.does("install", "--browser", "firefox", "--browser", "chrome")
	states := func() map[string]install.State {
		p.does("status", "--json")
		var r statusReport
		p.json(&r)
		if r.Version != version.Version || len(r.Stores) != 1 || !filepath.IsAbs(r.Path) {
			t.Errorf("%+v", r)
		}
		found := map[string]install.State{}
		for _, b := range r.Browsers {
			if !b.System {
				found[b.Browsers[0]] = b.State
			}
		}
		return found
	}
	s := states()
	if s["chromium"] != install.Current || s["firefox"] != install.Current || s["chrome"] != install.Current || s["edge"] != install.Absent {
		t.Errorf("%v", s)
	}
	p.does("install", "--system", "--browser", "all")
	if _, err := os.Stat(filepath.Join(p.root, "etc", "chromium", "native-messaging-hosts", install.FileName)); err != nil {
		t.Error(err)
	}
	p.does("uninstall", "--browser", "chrome")
	if s := states(); s["chrome"] != install.Absent || s["chromium"] != install.Current {
		t.Errorf("%v", s)
	}
	p.does("uninstall")
	for name, state := range states() {
		if state != install.Absent {
			t.Errorf("%s: %s", name, state)
		}
	}
	p.does("status") // for people
	p.does("uninstall", "--system")
	p.does("uninstall")
	dir := t.TempDir()
	p.does("install", "--user-data-dir", dir)
	if _, err := os.Stat(filepath.Join(dir, "NativeMessagingHosts", install.FileName)); err != nil {
		t.Error(err)
	}
	p.does("uninstall", "--user-data-dir", dir)
	p.misused("install", "--browser", "lynx")
	p.misused("install", "chromium")
}

// TestStatusNamesPolicyAndRemedy: what hides the host, where it stands, and
// the command that puts it right, which does.
func TestStatusNamesPolicyAndRemedy(t *testing.T) {
	p := sit(t)
	policy := filepath.Join(p.root, "etc", "chromium", "policies", "managed", "base.json")
	if err := os.MkdirAll(filepath.Dir(policy), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(policy, []byte(`{"NativeMessagingUserLevelHosts": false}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p.does("install", "--browser", "chromium")
	if !strings.Contains(p.out, "NativeMessagingUserLevelHosts") || !strings.Contains(p.out, policy) {
		t.Errorf("install says nothing of the policy: %q", p.out)
	}
	status := func() statusReport {
		p.does("status", "--json")
		var r statusReport
		p.json(&r)
		return r
	}
	r := status()
	if len(r.Policies) != 1 || r.Policies[0].Source != policy || r.Policies[0].Scope != "computer" || r.Policies[0].Effect != install.HidesUserHosts {
		t.Errorf("%+v", r.Policies)
	}
	i := slices.IndexFunc(r.Problems, func(p problemStatus) bool { return p.Code == install.PolicyUserHosts })
	if i < 0 || !r.Problems[i].Blocks || !slices.Contains(r.Problems[i].Browsers, "chromium") {
		t.Fatalf("%+v", r.Problems)
	}
	command := "scelle install --browser chromium --browser vivaldi --browser opera --system"
	if !strings.Contains(r.Problems[i].Remedy.English, command) || !strings.Contains(r.Problems[i].Remedy.French, command) {
		t.Errorf("%+v", r.Problems[i].Remedy)
	}
	p.env["LANG"] = "fr_FR.UTF-8"
	p.does("status")
	if !strings.Contains(p.out, "Problème : Chromium, Vivaldi, Opera : la stratégie NativeMessagingUserLevelHosts ("+policy+")") || !strings.Contains(p.out, "ce compte") {
		t.Errorf("%s", p.out)
	}
	p.does(strings.Fields(command)[1:]...)
	if r := status(); len(r.Problems) != 0 || len(r.Policies) != 1 {
		t.Errorf("after the remedy: %+v", r.Problems)
	}
	p.does("status")
	if !strings.Contains(p.out, "tout l’ordinateur") {
		t.Errorf("%s", p.out)
	}
}

// TestStatusTellsSettings: what the administrator settled, or that it cannot
// be trusted.
func TestStatusTellsSettings(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only what root wrote counts")
	}
	p := sit(t)
	place := filepath.Join(p.root, "etc", "scelle", "policy.json")
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(`{"forbiddenStores":["capi"]}`), 0o644); err != nil {
		t.Fatal(err)
	}
	p.env["LANG"] = "fr_FR.UTF-8"
	p.does("status")
	if !strings.Contains(p.out, "Réglages de l’administrateur ("+place+") : magasins interdits : capi ;") {
		t.Errorf("%s", p.out)
	}
	if err := os.Chmod(place, 0o666); err != nil {
		t.Fatal(err)
	}
	p.does("status")
	if !strings.Contains(p.out, "policy-unreadable: ") || !strings.Contains(p.out, place) {
		t.Errorf("%s", p.out)
	}
	p.does("status", "--json")
	var r statusReport
	p.json(&r)
	if r.Settings.Place != place || r.Settings.Fault != "policy-unreadable" || r.Settings.ForbiddenStores.Set {
		t.Errorf("%+v", r.Settings)
	}
}

// TestInstallCopy: the program moves to a folder of its own, and goes with the
// last registration.
func TestInstallCopy(t *testing.T) {
	p := sit(t)
	placed := filepath.Join(p.env["HOME"], ".local", "share", "scelle", "bin", "scelle")
	p.does("install", "--copy", "--browser", "firefox")
	if !strings.Contains(p.out, placed) {
		t.Errorf("%q", p.out)
	}
	manifest, err := os.ReadFile(filepath.Join(p.env["HOME"], ".mozilla", "native-messaging-hosts", install.FileName))
	if err != nil || !strings.Contains(string(manifest), placed) {
		t.Errorf("%s, %v", manifest, err)
	}
	p.does("uninstall")
	if !strings.Contains(p.out, placed) {
		t.Errorf("%q", p.out)
	}
	if left, err := os.ReadDir(p.env["HOME"]); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
