package cli

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/checkup"
	"scelle/shared/version"
)

// TestDoctorReports: what is wrong comes first, with its remedy, until it is
// put right; and the report names nobody.
func TestDoctorReports(t *testing.T) {
	p := sit(t)
	home := filepath.Join(t.TempDir(), "canari-dupont")
	if err := errors.Join(os.MkdirAll(filepath.Join(home, ".config", "chromium"), 0o700), os.Chmod(p.state, 0o700)); err != nil {
		t.Fatal(err)
	}
	p.env = map[string]string{"HOME": home, "USER": "canari-dupont", "LANG": "fr_FR.UTF-8"}
	p.does("generate", "--cn", "CANARI Anne")
	p.refused("computer-unfit", "doctor")
	first := strings.Index(p.out, "PROBLÈME  "+checkup.BrowserRegistration.Cause("fr")+"  [browser-registration]")
	if first < 0 || strings.Index(p.out, "En ordre (") < first || !strings.Contains(p.out, "→ "+checkup.BrowserRegistration.Remedy("fr")) {
		t.Errorf("%s", p.out)
	}
	p.does("install", "--browser", "chromium")
	p.does("doctor")
	if strings.Contains(p.out, "PROBLÈME") || !strings.Contains(p.out, "Rien n’empêche Scellé") || !strings.Contains(p.out, "keys-present") {
		t.Errorf("%s", p.out)
	}
	text := p.out
	p.does("doctor", "--json")
	var r doctorReport
	if err := json.Unmarshal([]byte(p.out), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != len(checkup.Of(checkup.Host)) || r.Counts[checkup.Bad] != 0 || r.Counts[checkup.Good] < 20 || r.Version != version.Version {
		t.Errorf("%s", p.out)
	}
	for _, e := range r.Findings {
		if told := e.Level.Rank() < checkup.Good.Rank(); told != (e.Remedy != nil) || told && e.Remedy.English != e.Check.Remedy("en") || e.Title.French == "" {
			t.Errorf("%+v", e)
		}
	}
	for _, canary := range []string{"canari", "CANARI", home, p.state} {
		if strings.Contains(text+p.out, canary) {
			t.Errorf("the report holds %q:\n%s\n%s", canary, text, p.out)
		}
	}
}
