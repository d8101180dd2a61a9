//go:build linux

package pkcs11

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// registry is a computer of its own: files by path, with their text.
func registry(t *testing.T, files map[string]string) Registry {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Registry{Root: root, Owner: os.Getuid()}
}

func (r Registry) found() string {
	var names []string
	for _, path := range r.Modules() {
		names = append(names, strings.TrimPrefix(path, r.Root))
	}
	return strings.Join(names, " ")
}

const (
	packages = "/usr/share/p11-kit/modules/"
	admin    = "/etc/pkcs11/modules/"
	folder   = "/usr/lib64/pkcs11/"
)

// TestRegistered: what packages and the administrator registered, by the rules
// of pkcs11.conf(5).
func TestRegistered(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"nothing": {nil, ""},
		"by name and by path": {map[string]string{
			packages + "b.module": "# OpenSC\nmodule: opensc-pkcs11.so\n", packages + "a.module": "module: /opt/a.so",
			folder + "opensc-pkcs11.so": "", "/opt/a.so": "",
		}, "/opt/a.so " + folder + "opensc-pkcs11.so"},
		"by priority": {map[string]string{
			packages + "a.module": "module: a.so", packages + "b.module": "module:b.so\npriority: 7\n", packages + "c.module": "module: c.so\npriority: -3",
			folder + "a.so": "", folder + "b.so": "", folder + "c.so": "",
		}, folder + "b.so " + folder + "a.so " + folder + "c.so"},
		"not there": {map[string]string{packages + "a.module": "module: a.so\n"}, ""},
		"twice": {map[string]string{
			packages + "a.module": "module: a.so", packages + "b.module": "module: a.so", folder + "a.so": "",
		}, folder + "a.so"},
		"the administrator's word counts": {map[string]string{
			packages + "a.module": "module: a.so\npriority: 1", admin + "a.module": "disable-in: firefox, scelle",
			packages + "b.module": "module: b.so", admin + "b.module": "module: other.so",
			folder + "a.so": "", folder + "b.so": "", folder + "other.so": "",
		}, folder + "other.so"},
		"for others": {map[string]string{
			packages + "a.module": "module: a.so\nenable-in: p11-kit-proxy", packages + "b.module": "module: a.so\nenable-in:", folder + "a.so": "",
		}, ""},
		"for us": {map[string]string{
			packages + "a.module": "module: a.so\nenable-in: x scelle\ndisable-in: scelle", folder + "a.so": "",
		}, folder + "a.so"},
		"authorities and other processes": {map[string]string{
			packages + "t.module": "module: a.so\ntrust-policy: yes", packages + "r.module": "remote: |sh\nmodule: a.so", folder + "a.so": "",
		}, ""},
		"no registration": {map[string]string{
			packages + "a.module~": "module: a.so", packages + "README": "module: a.so", packages + "b.module": "\x00\xff:::\nmodule a.so\n:", folder + "a.so": "",
			packages + "c.module": "module: a.so\n" + strings.Repeat("#", maxRegistration),
		}, ""},
	} {
		if got := registry(t, c.files).found(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestRegisteredByOthers: what somebody but the owner could have written is
// passed over, wherever on the way it lies; so is a person's own registration.
func TestRegisteredByOthers(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	fresh := func() Registry {
		return registry(t, map[string]string{
			packages + "a.module": "module: a.so", folder + "a.so": "", "/opt/a.so": "",
			"/home/.config/pkcs11/modules/x.module": "module: /opt/a.so",
		})
	}
	if got := fresh().found(); got != folder+"a.so" {
		t.Fatalf("untouched: %s", got)
	}
	for _, open := range []string{packages + "a.module", packages, "/usr", folder + "a.so", folder, "/usr/lib64"} {
		r := fresh()
		for _, mode := range []os.FileMode{0o775, 0o757} {
			if err := os.Chmod(r.Root+open, mode); err != nil {
				t.Fatal(err)
			}
			if got := r.found(); got != "" {
				t.Errorf("%s with mode %o: %s", open, mode, got)
			}
		}
	}
	r := fresh()
	r.Owner++
	if got := r.found(); got != "" {
		t.Errorf("another owner: %s", got)
	}
	r = fresh()
	outside := t.TempDir()
	for _, err := range []error{
		os.Remove(r.Root + folder + "a.so"), os.WriteFile(filepath.Join(outside, "a.so"), nil, 0o644),
		os.Chmod(outside, 0o777), os.Symlink(filepath.Join(outside, "a.so"), r.Root+folder+"a.so"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := r.found(); got != "" {
		t.Errorf("a link out of what is guarded: %s", got)
	}
	for _, err := range []error{os.Remove(r.Root + folder + "a.so"), os.Symlink("../../../opt/a.so", r.Root+folder+"a.so")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := r.found(); got != "/opt/a.so" {
		t.Errorf("a link within: %s", got)
	}
}

// TestThisComputer: Debian's softhsm2, which the tests install, is registered.
func TestThisComputer(t *testing.T) {
	if os.Getuid() != 0 {
		if info, err := os.Stat("/usr"); err != nil || !(Registry{}).owned(info) {
			t.Skip("the system's folders are not root's here")
		}
	}
	if got := (Registry{}).Modules(); !slices.ContainsFunc(got, func(p string) bool { return filepath.Base(p) == "libsofthsm2.so" }) {
		t.Errorf("%v", got)
	}
}

func FuzzParseRegistration(f *testing.F) {
	for _, text := range []string{"module: a.so\n", "# x\nmodule:a\r\n\r\nenable-in: a, b", ":", "\x00", "priority: 99999999999999999999"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := parseRegistration(data)
		if len(s) > len(data) {
			t.Errorf("%d settings in %d bytes", len(s), len(data))
		}
		priority(s)
		enabled(s)
	})
}
