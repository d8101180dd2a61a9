//go:build !windows

package managed

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/policy"
)

// place is a computer whose administrator is who runs the test.
func place(t *testing.T, system string) Place {
	t.Helper()
	return Place{Root: t.TempDir(), OS: system, Owner: os.Getuid()}
}

func write(t *testing.T, p Place, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.Name()), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Name(), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestNothingSettled(t *testing.T) {
	for _, system := range []string{"linux", "darwin"} {
		if got, err := place(t, system).Read(); err != nil || !reflect.DeepEqual(got, policy.Policy{}) {
			t.Errorf("%s: %+v, %v", system, got, err)
		}
	}
}

// TestRead: the same settings in each system's form.
func TestRead(t *testing.T) {
	for system, text := range map[string]string{
		"linux":  `{"forbiddenStores": ["nss"], "pkcs11Modules": [], "language": "fr"}`,
		"darwin": `<plist><dict><key>forbiddenStores</key><array><string>nss</string></array><key>pkcs11Modules</key><array/></dict></plist>`,
	} {
		p := place(t, system)
		write(t, p, text)
		got, err := p.Read()
		if err != nil || !got.ForbiddenStores.Has("nss") || !got.PKCS11Modules.Set || got.Language != "" {
			t.Errorf("%s: %+v, %v", system, got, err)
		}
	}
}

// TestNotTrusted: what somebody else could have written, or nobody can read,
// is an error, since it may forbid something.
func TestNotTrusted(t *testing.T) {
	const good = `{"forbiddenStores": ["nss"]}`
	for name, spoil := range map[string]func(Place) error{
		"group may write":         func(p Place) error { return os.Chmod(p.Name(), 0o664) },
		"others may write":        func(p Place) error { return os.Chmod(p.Name(), 0o646) },
		"others write the folder": func(p Place) error { return os.Chmod(filepath.Dir(p.Name()), 0o777) },
		"a folder":                func(p Place) error { return os.Remove(p.Name()) },
		"a link": func(p Place) error {
			if err := os.Rename(p.Name(), p.Name()+".real"); err != nil {
				return err
			}
			return os.Symlink(p.Name()+".real", p.Name())
		},
		"no JSON":         func(p Place) error { return os.WriteFile(p.Name(), []byte("{"), 0o644) },
		"no dictionary":   func(p Place) error { return os.WriteFile(p.Name(), []byte("[]"), 0o644) },
		"wrong kind":      func(p Place) error { return os.WriteFile(p.Name(), []byte(`{"forbiddenStores":"nss"}`), 0o644) },
		"far too large":   func(p Place) error { return os.Truncate(p.Name(), maxFile+1) },
		"more than JSON":  func(p Place) error { return os.WriteFile(p.Name(), []byte(good+good), 0o644) },
		"a relative path": func(p Place) error { return os.WriteFile(p.Name(), []byte(`{"pkcs11Modules":["x.so"]}`), 0o644) },
	} {
		p := place(t, "linux")
		write(t, p, good)
		if _, err := p.Read(); err != nil {
			t.Fatal(err)
		}
		if err := spoil(p); err != nil {
			t.Fatal(err)
		}
		if name == "a folder" {
			if err := os.Mkdir(p.Name(), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := p.Read(); fault.CodeOf(err) != fault.PolicyUnreadable {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	p := place(t, "linux")
	write(t, p, good)
	p.Owner++
	if _, err := p.Read(); fault.CodeOf(err) != fault.PolicyUnreadable {
		t.Errorf("somebody else's: %v", err)
	}
}
