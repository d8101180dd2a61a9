//go:build linux

package doctor_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/doctor"
	"scelle/host/internal/install"
	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// disorder is one thing that is wrong, and what its check must say of it.
type disorder struct {
	check  checkup.Check
	name   string
	breaks func(*world)
	level  checkup.Level
	detail string // that the finding's must hold
}

func disorders() []disorder {
	return slices.Concat(browserDisorders(), policyDisorders(), storeDisorders(), keyDisorders(), cardDisorders(), computerDisorders(), programDisorders())
}

// store replaces the first store's state.
func store(state keystore.State, code fault.Code) func(*world) {
	return func(w *world) {
		w.Stores[0].State = state
		if code != "" {
			w.Stores[0].Err = fault.Newf(code, canaryKey)
		}
	}
}

func replaceManifest(text func(program string) string) func(*world) {
	return func(w *world) {
		e := w.browser("chromium")
		if err := os.WriteFile(e.Path, []byte(text(w.System.Executable)), 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

func browserDisorders() []disorder {
	manifest := func(program string, origin string) string {
		return `{"name":"fr.scelle.host","description":"d","path":"` + program + `","type":"stdio","allowed_origins":["` + origin + `"]}`
	}
	ours := "chrome-extension://" + protocol.ChromeID + "/"
	return []disorder{
		{checkup.BrowserRegistration, "a browser was used", func(w *world) { w.mkdir("/home/"+canaryUser+"/.config/google-chrome", 0o700) }, checkup.Bad, "chrome: not-registered (~/.config/"},
		{checkup.BrowserRegistration, "none at all", func(w *world) { os.RemoveAll(w.home + "/.config") }, checkup.Bad, "none"},
		{checkup.BrowserRegistration, "but a browser of its own kind found it", func(w *world) { os.RemoveAll(w.home + "/.config"); w.Reached = true }, checkup.Good, ""},
		{checkup.BrowserRegistration, "and another browser found it", func(w *world) {
			w.mkdir("/home/"+canaryUser+"/.config/google-chrome", 0o700)
			w.Reached = true
		}, checkup.Warning, "chrome: not-registered"},
		{checkup.BrowserManifest, "no JSON", replaceManifest(func(string) string { return "{" }), checkup.Bad, "chromium: manifest-unread (~/"},
		{checkup.BrowserManifest, "another program's", replaceManifest(func(p string) string { return strings.Replace(manifest(p, ours), "fr.scelle.host", "other", 1) }), checkup.Bad, "manifest-foreign"},
		{checkup.HostPresent, "moved away", replaceManifest(func(string) string { return manifest("/gone/"+canaryUser+"/scelle", ours) }), checkup.Bad, "executable-gone"},
		{checkup.HostSingle, "another copy", func(w *world) {
			other := w.write("/opt/old/scelle", "program")
			if err := os.Chmod(other, 0o755); err != nil {
				w.t.Fatal(err)
			}
			replaceManifest(func(string) string { return manifest(other, ours) })(w)
		}, checkup.Warning, "executable-other"},
		{checkup.HostSingle, "this account's before the computer's", func(w *world) {
			entries, err := w.System.Entries([]string{"chromium"}, install.Scope{System: true})
			if err == nil {
				old := w.System
				old.Executable = w.write("/opt/old/scelle", "program")
				err = errors.Join(os.Chmod(old.Executable, 0o755), old.Install(entries[0]))
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Warning, "shadowed"},
		{checkup.HostExposed, "everybody may write", func(w *world) {
			entries, err := w.System.Entries([]string{"chromium"}, install.Scope{System: true})
			if err == nil {
				err = errors.Join(w.System.Install(entries[0]), os.Chmod(w.System.Executable, 0o757))
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Warning, "executable-exposed"},
		{checkup.HostLocation, "downloads", func(w *world) {
			w.System.Executable = w.write("/home/"+canaryUser+"/Téléchargements/scelle", "program")
			w.browser("chromium")
		}, checkup.Warning, "~/Téléchargements/scelle"},
		{checkup.HostLocation, "a stick", func(w *world) {
			w.System.Executable = w.write("/media/"+canaryUser+"/CLE/scelle", "program")
			w.browser("chromium")
		}, checkup.Warning, "/media/<user>/CLE/scelle"},
		{checkup.ExtensionIDs, "a foreign extension", replaceManifest(func(p string) string { return manifest(p, "chrome-extension://aaaabbbbccccddddeeeeffffgggghhhh/") }), checkup.Bad, "extensions-differ"},
		{checkup.SandboxedBrowser, "snap", func(w *world) { w.mkdir("/snap/chromium", 0o755) }, checkup.Bad, "chromium: sandbox-none (/snap/chromium, snap)"},
		{checkup.SandboxedBrowser, "Firefox snap", func(w *world) { w.mkdir("/snap/firefox", 0o755) }, checkup.Warning, "sandbox-portal"},
	}
}

func policyDisorders() []disorder {
	registry := func(values map[string]map[string]any) func(*world) {
		return func(w *world) {
			w.System.OS = "windows"
			w.Native.Registry = func(_ bool, key string) map[string]any { return values[key] }
		}
	}
	const shell, chrome, edge = `Software\Policies\Microsoft\Windows\System`, `Software\Policies\Google\Chrome`, `Software\Policies\Microsoft\Edge`
	blocked := map[string]any{"DisableCMD": int64(1)}
	direct := map[string]any{"NativeHostsExecutablesLaunchDirectly": int64(1)}
	return []disorder{
		{checkup.PolicyUserHosts, "off", func(w *world) { w.chromium(`{"NativeMessagingUserLevelHosts":false}`) }, checkup.Bad, "NativeMessagingUserLevelHosts"},
		{checkup.PolicyMessaging, "all hosts blocked", func(w *world) { w.chromium(`{"NativeMessagingBlocklist":["*"]}`) }, checkup.Bad, "policy-host"},
		{checkup.PolicyMessaging, "permission denied", func(w *world) {
			w.chromium(`{"ExtensionSettings":{"*":{"blocked_permissions":["nativeMessaging"]}}}`)
		}, checkup.Bad, "policy-permission"},
		{checkup.PolicyExtension, "all extensions blocked", func(w *world) { w.chromium(`{"ExtensionInstallBlocklist":["*"]}`) }, checkup.Bad, "ExtensionInstallBlocklist"},
		{checkup.PolicyReadable, "no JSON", func(w *world) { w.chromium(`{`) }, checkup.Warning, "policy-unread"},
		{checkup.SettingsReadable, "no JSON", func(w *world) { w.policy(`{`) }, checkup.Bad, "/etc/scelle/policy.json"},
		{checkup.SettingsReadable, "everybody may write", func(w *world) {
			if err := os.Chmod(w.root+"/etc/scelle/policy.json", 0o666); err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Bad, "/etc/scelle/policy.json"},
		{checkup.CommandInterpreter, "free", registry(nil), checkup.Good, ""},
		{checkup.CommandInterpreter, "blocked", registry(map[string]map[string]any{shell: blocked}), checkup.Warning, "chrome; edge"},
		{checkup.CommandInterpreter, "not needed by one", registry(map[string]map[string]any{shell: blocked, edge: direct}), checkup.Warning, "chrome"},
		{checkup.CommandInterpreter, "not needed", registry(map[string]map[string]any{shell: blocked, edge: direct, chrome: direct}), checkup.Good, ""},
	}
}

func storeDisorders() []disorder {
	profile := func(w *world) string {
		w.write("/home/"+canaryUser+"/.mozilla/firefox/profiles.ini", "[Profile0]\nName="+canaryKey+"\nIsRelative=1\nPath=x."+canaryUser+"\n")
		return filepath.Dir(w.write("/home/"+canaryUser+"/.mozilla/firefox/x."+canaryUser+"/key4.db", ""))
	}
	return []disorder{
		{checkup.StoreLibrary, "NSS is missing", store(keystore.Failed, fault.StoreLibrary), checkup.Bad, "nss: store-library-missing"},
		{checkup.StoreOpen, "damaged", store(keystore.Failed, fault.StoreDamaged), checkup.Bad, "nss: store-damaged"},
		{checkup.StoreLocked, "by a password, and there is no other", store(keystore.Locked, ""), checkup.Bad, "nss"},
		{checkup.StoreLocked, "beside one that is not", func(w *world) {
			w.Stores = append(w.Stores, keystore.Status{ID: "other", State: keystore.Locked})
		}, checkup.Warning, "other"},
		{checkup.StoreWritable, "read only", store(keystore.ReadOnly, ""), checkup.Warning, ""},
		{checkup.StoreWritable, "nothing is open", store(keystore.Failed, fault.StoreDamaged), checkup.Skipped, ""},
		{checkup.StoreForbidden, "forbidden", store(keystore.Failed, fault.StoreForbidden), checkup.Note, "nss: store-forbidden"},
		{checkup.FirefoxProfiles, "one with a database", func(w *world) { profile(w) }, checkup.Note, "1"},
		{checkup.FirefoxProfiles, "which a store reads", func(w *world) {
			w.Stores = append(w.Stores, keystore.Status{ID: "nss", State: keystore.Ready, Location: profile(w)})
		}, checkup.Good, ""},
		{checkup.SecondReader, "differs", func(w *world) {
			w.Native.Second = func(ours []string) (doctor.Difference, error) { return doctor.Difference{OnlyOurs: ours}, nil }
		}, checkup.Warning, "1 / 0"},
		{checkup.SecondReader, "there is none", func(w *world) {
			w.Native.Second = func([]string) (doctor.Difference, error) {
				return doctor.Difference{}, fault.New(fault.StoreUnsupported)
			}
		}, checkup.Skipped, ""},
		{checkup.SecondReader, "cannot read", func(w *world) {
			w.Native.Second = func([]string) (doctor.Difference, error) { return doctor.Difference{}, fault.New(fault.StoreFailed) }
		}, checkup.Warning, "store-failed"},
	}
}

func keyDisorders() []disorder {
	key := func(reason fault.Code, warning string) func(*world) {
		return func(w *world) {
			k := w.Keys[0]
			if reason != "" {
				k.Usable, k.Reasons = false, []fault.Code{reason}
			}
			k.Warnings = []string{warning}
			w.Keys = append(w.Keys, k)
		}
	}
	none := func(w *world) { w.Keys = nil }
	return []disorder{
		{checkup.KeysPresent, "none", none, checkup.Note, ""},
		{checkup.KeysExpired, "one", key(fault.CertificateExpired, ""), checkup.Note, "1"},
		{checkup.KeysExpired, "no key", none, checkup.Skipped, ""},
		{checkup.KeysExpiring, "this week", key("", "expires-in-7"), checkup.Warning, "1 < 7"},
		{checkup.KeysExpiring, "this month", key("", "expires-in-30"), checkup.Warning, "1 < 30"},
		{checkup.KeysExpiring, "this quarter", key("", "expires-in-90"), checkup.Note, "1 < 90"},
		{checkup.KeysUsable, "for signing", key(fault.CertificateUsage, ""), checkup.Note, "certificate-usage: 1"},
		{checkup.KeysUsable, "no key", none, checkup.Skipped, ""},
	}
}

func cardDisorders() []disorder {
	noReader := func(w *world) { os.RemoveAll(w.root + "/sys") }
	noModule := func(w *world) { w.policy(`{}`); w.Stores = w.Stores[:1] }
	brokenModule := func(w *world) { w.Stores[1].Modules[0].Err = fault.Newf(fault.StoreLibrary, canaryKey) }
	pin := func(states ...keystore.PINState) func(*world) {
		return func(w *world) {
			w.Tokens = nil
			for _, s := range states {
				w.Tokens = append(w.Tokens, keystore.Token{Label: canaryKey, PIN: s})
			}
		}
	}
	return []disorder{
		{checkup.CardReader, "unplugged", noReader, checkup.Note, ""},
		{checkup.CardReader, "no card is meant", func(w *world) { noReader(w); noModule(w) }, checkup.Skipped, ""},
		{checkup.CardService, "stopped", func(w *world) { os.RemoveAll(w.root + "/run") }, checkup.Bad, "pcscd"},
		{checkup.CardModule, "not named", noModule, checkup.Note, "pkcs11Modules"},
		{checkup.CardModule, "named, and broken", brokenModule, checkup.Bad, "/usr/lib/card.so: store-library-missing"},
		{checkup.CardModule, "only registered, and broken", func(w *world) { brokenModule(w); w.policy(`{}`) }, checkup.Warning, "/usr/lib/card.so"},
		{checkup.CardPIN, "locked", pin(keystore.PINFew, keystore.PINLocked), checkup.Bad, "pin-few-tries; pin-locked"},
		{checkup.CardPIN, "nearly locked", pin(keystore.PINFinalTry), checkup.Warning, "pin-final-try"},
		{checkup.CardPIN, "not chosen", pin(keystore.PINMissing), checkup.Warning, "pin-missing"},
		{checkup.CardPIN, "to be changed", pin(keystore.PINToChange), checkup.Warning, "pin-to-change"},
		{checkup.CardPIN, "no card", pin(), checkup.Skipped, ""},
		{checkup.PINPrompt, "none installed", func(w *world) { w.Native.Pinentry = func() bool { return false } }, checkup.Bad, ""},
		{checkup.PINPrompt, "nothing asks", func(w *world) { noModule(w); w.Tokens = nil }, checkup.Skipped, ""},
	}
}

func computerDisorders() []disorder {
	free := func(n uint64) func(*world) {
		return func(w *world) { w.Native.Free = func(string) (uint64, error) { return n, nil } }
	}
	glibc := func(version string) func(*world) {
		return func(w *world) {
			w.write("/lib/libc.so.6", "GNU C Library (X) stable release version "+version+".\n")
		}
	}
	inPlace := func(path string) func(*world) { // a file where a folder should be: nobody can write there
		return func(w *world) {
			full := filepath.Join(w.root, path)
			if err := errors.Join(os.RemoveAll(full), os.WriteFile(full, nil, 0o600)); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return []disorder{
		{checkup.JournalIntact, "changed", func(w *world) {
			path := filepath.Join(w.StateDir, "journal")
			text, err := os.ReadFile(path)
			if err == nil {
				err = os.WriteFile(path, []byte(strings.Replace(string(text), `"open"`, `"prove"`, 1)), 0o600)
			}
			if err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Bad, "journal-damaged"},
		{checkup.JournalIntact, "no key was ever used", func(w *world) { os.RemoveAll(w.StateDir) }, checkup.Skipped, ""},
		{checkup.JournalWritable, "no folder can be there", inPlace("/home/" + canaryUser + "/.local/state"), checkup.Bad, "~/.local/state/scelle"},
		{checkup.HomeWritable, "no folder", inPlace("/home/" + canaryUser), checkup.Bad, "~"},
		{checkup.Clock, "older than the program", func(w *world) {
			if err := os.Chtimes(w.System.Executable, now, now.AddDate(0, 1, 0)); err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Bad, "2026-11-30T12:00:00Z"},
		{checkup.Clock, "older than the journal", func(w *world) {
			w.Journal = func() (*journal.Journal, error) {
				return journal.New(w.StateDir, []byte("secret of the installation"), func() time.Time { return now.Add(time.Hour) }), nil
			}
			w.use()
		}, checkup.Bad, "2026-11-30"},
		{checkup.Clock, "not synchronised", func(w *world) { w.Native.Synchronised = func() (bool, bool) { return false, true } }, checkup.Note, ""},
		{checkup.DiskSpace, "low", free(500 << 20), checkup.Warning, "500 MiB"},
		{checkup.DiskSpace, "none", free(5 << 20), checkup.Bad, "5 MiB"},
		{checkup.FolderPermissions, "open to others", func(w *world) {
			if err := os.Chmod(w.Stores[0].Location, 0o755); err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Warning, "~/.pki/nssdb"},
		{checkup.FolderPermissions, "somebody else's", func(w *world) {
			w.Native.Ours = func(string) (bool, bool, bool) { return false, true, true }
		}, checkup.Warning, "~/.local/state/scelle"},
		{checkup.Umask, "everybody writes", func(w *world) { w.write("/proc/self/status", "Umask:\t0000\n") }, checkup.Warning, "0"},
		{checkup.Umask, "not even oneself", func(w *world) { w.write("/proc/self/status", "Umask:\t0777\n") }, checkup.Bad, "777"},
		{checkup.Language, "no UTF-8", func(w *world) { w.env["LC_ALL"] = "fr_FR@euro" }, checkup.Warning, "LC_ALL=fr_FR@euro"},
		{checkup.Language, "nothing is said", func(w *world) { delete(w.env, "LANG") }, checkup.Note, "LANG"},
		{checkup.SystemVersion, "old glibc", glibc("2.31"), checkup.Bad, "glibc 2.31"},
		{checkup.SystemVersion, "just old enough", glibc("2.34"), checkup.Good, "glibc 2.34"},
		{checkup.SystemVersion, "old Windows", func(w *world) {
			w.System.OS = "windows"
			w.Native.Outdated = func() (bool, string) { return true, "Windows 6.1.7601" }
		}, checkup.Bad, "Windows 6.1.7601"},
	}
}

func programDisorders() []disorder {
	runs := func(p ...doctor.Program) func(*world) {
		return func(w *world) { w.Native.Programs = func() ([]doctor.Program, error) { return p, nil } }
	}
	return []disorder{
		{checkup.Antivirus, "on Linux", func(w *world) { w.mkdir("/opt/eset", 0o755) }, checkup.Note, "ESET"},
		{checkup.Antivirus, "and the program is gone", func(w *world) {
			w.mkdir("/opt/sophos-spl", 0o755)
			if err := os.Remove(w.System.Executable); err != nil {
				w.t.Fatal(err)
			}
		}, checkup.Warning, "Sophos"},
		{checkup.Antivirus, "on Windows", func(w *world) {
			w.System.OS = "windows"
			w.Native.Registry = func(machine bool, key string) map[string]any {
				if machine && key == `SYSTEM\CurrentControlSet\Services\SentinelAgent` {
					return map[string]any{}
				}
				return nil
			}
		}, checkup.Note, "SentinelOne"},
		{checkup.Antivirus, "on macOS", func(w *world) { w.System.OS = "darwin"; w.mkdir("/Applications/Falcon.app", 0o755) }, checkup.Note, "CrowdStrike Falcon"},
		{checkup.OldAssistant, "Java", runs(doctor.Program{ID: 7, Name: "java", Args: []string{"java", "-jar", "/home/" + canaryUser + "/mamp-1.4.jar"}}), checkup.Note, "MAMP"},
		{checkup.OldAssistant, "by its own name", runs(doctor.Program{ID: 7, Name: "AutoFirma.exe"}), checkup.Note, "AutoFirma"},
		{checkup.LocalPorts, "on Windows", func(w *world) {
			runs(doctor.Program{ID: 7, Name: "javaw.exe"}, doctor.Program{ID: 8, Name: "other.exe"})(w)
			w.System.OS = "windows"
			w.Native.Listeners = func() ([]doctor.Listener, error) { return []doctor.Listener{{7, 9795}, {8, 80}, {7, 9795}}, nil }
		}, checkup.Note, "9795"},
		{checkup.LocalPorts, "where nobody tells", func(w *world) { w.System.OS = "darwin" }, checkup.Skipped, ""},
		{checkup.LocalPorts, "Java listens", func(w *world) {
			runs(doctor.Program{ID: 7, Name: "java"}, doctor.Program{ID: 8, Name: "node"})(w)
			row := func(port, inode string) string {
				return "   0: 0100007F:" + port + " 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 " + inode + " 1 0\n"
			}
			w.write("/proc/net/tcp", "  sl  local_address\n"+row("2643", "5001")+row("2644", "5002"))
			for pid, inode := range map[string]string{"7": "5001", "8": "5002"} {
				w.mkdir("/proc/"+pid+"/fd", 0o755)
				if err := os.Symlink("socket:["+inode+"]", w.root+"/proc/"+pid+"/fd/9"); err != nil {
					w.t.Fatal(err)
				}
			}
		}, checkup.Note, "9795"},
	}
}

// TestEverythingInOrder: on a computer where nothing is wrong no check says
// anything.
func TestEverythingInOrder(t *testing.T) {
	all := newWorld(t).examine()
	for _, c := range checkup.Of(checkup.Host) {
		want := checkup.Good
		if c == checkup.CommandInterpreter { // Windows' only
			want = checkup.Skipped
		}
		if f, made := all[c]; !made || f.Level != want {
			t.Errorf("%s: %+v", c, f)
		}
	}
	if len(all) != len(checkup.Of(checkup.Host)) {
		t.Errorf("%d findings", len(all))
	}
}

// TestEachCheckFindsItsDisorder provokes every check, and looks that nobody is
// named.
func TestEachCheckFindsItsDisorder(t *testing.T) {
	provoked := map[checkup.Check]bool{}
	for _, d := range disorders() {
		if d.level.Rank() < checkup.Good.Rank() {
			provoked[d.check] = true
		}
		t.Run(string(d.check)+"/"+d.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d.breaks(w)
			result := doctor.Examine(w.Computer)
			i := slices.IndexFunc(result.Findings, func(f protocol.Finding) bool { return f.Check == d.check })
			if f := result.Findings[i]; f.Level != d.level || !strings.Contains(f.Detail, d.detail) || d.detail == "" && d.level != checkup.Good && f.Detail != "" {
				t.Errorf("%+v, want %s with %q", f, d.level, d.detail)
			}
			anonymous(t, w, result)
		})
	}
	for _, c := range checkup.Of(checkup.Host) {
		if !provoked[c] {
			t.Errorf("%s is never provoked", c)
		}
	}
}

// anonymous looks for the canaries in a report.
func anonymous(t *testing.T, w *world, result protocol.DoctorResult) {
	t.Helper()
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	for _, canary := range []string{canaryUser, canaryHost, "CANARI", "canari", "Demo", w.root} {
		if strings.Contains(string(text), canary) {
			t.Errorf("the report holds %q: %s", canary, text)
		}
	}
}

// TestExamineWritesNothing: what was there is there, and nothing else.
func TestExamineWritesNothing(t *testing.T) {
	w := newWorld(t)
	tree := func() (all []string) {
		err := filepath.WalkDir(w.root, func(path string, _ os.DirEntry, err error) error {
			all = append(all, path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := tree()
	w.examine()
	if after := tree(); !slices.Equal(before, after) || len(before) < 20 {
		t.Errorf("before %q, after %q", before, after)
	}
}
