//go:build linux

package doctor_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/host/internal/doctor"
	"scelle/host/internal/install"
	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/managed"
	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Names that must never come out of a report.
const (
	canaryUser = "canari-dupont"
	canaryHost = "poste-canari"
	canaryKey  = "CANARI Anne Mairie de Demo"
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

// world is a computer below a folder, where everything is as it should be until
// a case breaks something.
type world struct {
	t    *testing.T
	root string
	home string
	env  map[string]string
	doctor.Computer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, root: t.TempDir()}
	w.home = filepath.Join(w.root, "home", canaryUser)
	w.env = map[string]string{"LANG": "fr_FR.UTF-8", "USER": canaryUser, "LOGNAME": canaryUser}
	program := w.write("/opt/scelle/scelle", "program")
	for _, path := range []string{w.root + "/opt/scelle", program} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(program, now, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	w.mkdir("/home/"+canaryUser, 0o700)
	w.Computer = doctor.Computer{
		System: install.System{
			Executable: program, Home: w.home, Root: w.root, OS: "linux",
			Getenv: func(name string) string { return w.env[name] },
		},
		Settings: managed.Place{Root: w.root, OS: "linux", Owner: os.Getuid()},
		StateDir: w.home + "/.local/state/scelle",
		Now:      now,
	}
	w.linux()
	w.stores()
	w.native()
	w.browser("chromium")
	return w
}

// linux is what the kernel and the administrator would show.
func (w *world) linux() {
	w.write("/proc/self/status", "Name:\tscelle\nUmask:\t0022\n")
	w.write("/proc/self/maps", "7f00-7f01 r-xp 00000000 00:01 42   /lib/libc.so.6\n")
	w.write("/lib/libc.so.6", "\x7fELF\x00GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36.\nCopyright")
	w.write("/sys/bus/usb/devices/1-1:1.0/bInterfaceClass", "0b\n")
	w.write("/run/pcscd/pcscd.comm", "")
	w.policy(`{"pkcs11Modules":["/usr/lib/card.so"]}`)
}

// stores are one database with one key, one token, and a journal of one use.
func (w *world) stores() {
	database := w.mkdir("/home/"+canaryUser+"/.pki/nssdb", 0o700)
	w.mkdir("/home/"+canaryUser+"/.local/state/scelle", 0o700)
	w.Stores = []keystore.Status{{ID: "nss", Name: "Base NSS partagée", Location: database, State: keystore.Ready, Keys: 1,
		Capabilities: keystore.Capabilities{Import: true}},
		{ID: "pkcs11", Name: "Cartes", Location: "/usr/lib/card.so", State: keystore.Ready, Modules: []keystore.Module{{Path: "/usr/lib/card.so", Tokens: 1}}}}
	w.Keys = []protocol.Certificate{{Thumbprint: "aa", CommonName: canaryKey, Issuer: canaryKey, Name: canaryKey, HasKey: true, Usable: true}}
	w.Tokens = []keystore.Token{{Label: canaryKey, PIN: keystore.PINSet}}
	w.Journal = func() (*journal.Journal, error) {
		return journal.New(w.StateDir, []byte("secret of the installation"), func() time.Time { return now.Add(-time.Hour) }), nil
	}
	w.use()
}

// use adds a line to the journal.
func (w *world) use() {
	w.t.Helper()
	j, err := w.Journal()
	if err == nil {
		err = j.Add(journal.Entry{Verb: journal.Open, Origin: "https://" + canaryHost + ".example", Outcome: journal.Done})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) native() {
	w.Native = doctor.Native{
		Second:       func([]string) (doctor.Difference, error) { return doctor.Difference{}, nil },
		Free:         func(string) (uint64, error) { return 50 << 30, nil },
		Synchronised: func() (bool, bool) { return true, true },
		Outdated:     func() (bool, string) { return false, "" },
		Programs: func() ([]doctor.Program, error) {
			return []doctor.Program{{ID: 1, Name: "bash", Args: []string{"/bin/bash", "/home/" + canaryUser + "/mamp.sh"}}}, nil
		},
		Listeners: func() ([]doctor.Listener, error) { return nil, fault.New(fault.StoreUnsupported) },
		Registry:  func(bool, string) map[string]any { return nil },
		Pinentry:  func() bool { return true },
		Ours:      doctor.ThisSystem().Ours,
		HostName:  func() (string, error) { return canaryHost + ".mairie.example", nil },
	}
}

// browser is one that was used on this account, with the host registered.
func (w *world) browser(name string) install.Entry {
	w.t.Helper()
	entries, err := w.System.Entries([]string{name}, install.Scope{})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.System.Install(entries[0]); err != nil {
		w.t.Fatal(err)
	}
	return entries[0]
}

func (w *world) write(path, text string) string {
	w.t.Helper()
	full := filepath.Join(w.root, path)
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		w.t.Fatal(err)
	}
	return full
}

func (w *world) mkdir(path string, mode os.FileMode) string {
	w.t.Helper()
	full := filepath.Join(w.root, path)
	if err := os.MkdirAll(full, 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chmod(full, mode); err != nil {
		w.t.Fatal(err)
	}
	return full
}

// policy is the administrator's settings for the host.
func (w *world) policy(text string) { w.write("/etc/scelle/policy.json", text) }

// chromium is an administrator's policy for the browser.
func (w *world) chromium(text string) { w.write("/etc/chromium/policies/managed/p.json", text) }

// examine makes every check and returns the findings by check.
func (w *world) examine() map[checkup.Check]protocol.Finding {
	w.t.Helper()
	all := map[checkup.Check]protocol.Finding{}
	for _, f := range doctor.Examine(w.Computer).Findings {
		all[f.Check] = f
	}
	return all
}
