//go:build linux

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/fault"
)

// under runs the shipped host to its end where /etc/scelle/policy.json has that
// text and mode.
func (a account) under(text, mode string, args ...string) (string, error) {
	a.t.Helper()
	out, err := a.settled(text, mode, append([]string{binaryPath}, args...)...).CombinedOutput()
	return string(out), err
}

// settled is a program under such a file: in a mount namespace of its own, over
// a copy-on-write /etc, so that the computer's /etc is not touched.
func (a account) settled(text, mode string, program ...string) *exec.Cmd {
	a.t.Helper()
	const script = `set -e
mkdir -p "$LAYERS/upper" "$LAYERS/work"
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$LAYERS/upper,workdir=$LAYERS/work" /etc
mkdir -m 755 /etc/scelle
printf %s "$SETTINGS" >/etc/scelle/policy.json
chmod "$MODE" /etc/scelle/policy.json
exec "$@"`
	layers, err := os.MkdirTemp("", "scelle-etc-")
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { os.RemoveAll(layers) })
	cmd := exec.Command("unshare", append([]string{"--map-root-user", "--mount", "sh", "-c", script, "sh"}, program...)...)
	cmd.Dir = a.home
	cmd.Env = append(a.env(), "LAYERS="+layers, "SETTINGS="+text, "MODE="+mode)
	return cmd
}

// TestAdministratorForbidsStore runs the shipped host under an administrator's
// settings: the store is named as forbidden, none of its certificates is
// listed and no key goes into it; what cannot be trusted closes it too.
func TestAdministratorForbidsStore(t *testing.T) {
	a := newAccount(t)
	if out, err := a.under("{}", "644", "version"); err != nil {
		t.Skipf("this system lets nobody make a mount namespace with an overlay: %v\n%s", err, out)
	}
	a.does("generate", "--cn", "Service achats")
	if out := a.does("list"); !strings.Contains(out, "Service achats") {
		t.Fatalf("no key to forbid: %s", out)
	}
	for _, c := range []struct {
		text, mode string
		want       fault.Code // "" when nothing is forbidden
	}{
		{`{}`, "644", ""},
		{`{"forbiddenStores":["capi"]}`, "644", ""},
		{`{"forbiddenStores":["nss"]}`, "644", fault.StoreForbidden},
		{`{"forbiddenStores":["nss"]`, "644", fault.PolicyUnreadable},
		{`{}`, "666", fault.PolicyUnreadable},
	} {
		out, err := a.under(c.text, c.mode, "status", "--json")
		if err != nil {
			t.Fatalf("%s: %v\n%s", c.text, err, out)
		}
		var status struct {
			Stores []struct {
				ID    string
				Fault *struct{ Code fault.Code }
			}
		}
		// Cards come after it, where a module is registered on this computer.
		if err := json.Unmarshal([]byte(out), &status); err != nil || len(status.Stores) == 0 || status.Stores[0].ID != "nss" {
			t.Fatalf("%s: %v\n%s", c.text, err, out)
		}
		got := fault.Code("")
		if f := status.Stores[0].Fault; f != nil {
			got = f.Code
		}
		if got != c.want {
			t.Errorf("%s, mode %s: the store says %q, want %q", c.text, c.mode, got, c.want)
		}
		if out, err := a.under(c.text, c.mode, "list"); strings.Contains(out, "Service achats") != (c.want == "") {
			t.Errorf("%s: list: %v\n%s", c.text, err, out)
		}
		out, err = a.under(c.text, c.mode, "generate", "--cn", "Autre")
		if (err == nil) != (c.want == "") || c.want != "" && !strings.Contains(out, string(c.want)) {
			t.Errorf("%s: generate: %v\n%s", c.text, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join("/etc", "scelle")); err == nil {
		t.Error("the computer's own /etc was touched")
	}
}
