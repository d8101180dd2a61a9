// Package checkup is the one table of what Scellé can look at on a computer
// to say why something does not work: the checks of `scelle doctor` and those
// that the extension makes itself.
//
// Every check has a code, which is part of the wire protocol and of reports,
// and texts in French and English: what is good when it passes, the cause when
// it does not, and the remedy. How a check is made is package doctor's (host)
// and package model's (extension).
package checkup

// Check names one check. Codes are never changed or reused, only added.
type Check string

// Maker is who makes a check.
type Maker string

// The makers.
const (
	Host      Maker = "host"
	Extension Maker = "extension"
)

// Level says how a check came out.
type Level string

// The levels.
const (
	Bad     Level = "bad"     // something does not work until it is put right
	Warning Level = "warning" // something may not work, or not for long
	Note    Level = "note"    // good to know, nothing is wrong
	Good    Level = "good"    // as it should be
	Skipped Level = "skipped" // there is nothing to look at here
)

// Levels lists them, what matters most first.
func Levels() []Level { return []Level{Bad, Warning, Note, Good, Skipped} }

// Rank is the place in Levels; a level that is not known comes last.
func (l Level) Rank() int {
	for i, known := range Levels() {
		if l == known {
			return i
		}
	}
	return len(Levels())
}

// The checks, by subject.
const (
	BrowserRegistration Check = "browser-registration"
	BrowserManifest     Check = "browser-manifest"
	HostPresent         Check = "host-present"
	HostSingle          Check = "host-single"
	HostExposed         Check = "host-exposed"
	HostLocation        Check = "host-location"
	ExtensionIDs        Check = "extension-ids"
	PolicyUserHosts     Check = "policy-user-hosts"
	PolicyMessaging     Check = "policy-native-messaging"
	PolicyExtension     Check = "policy-extension"
	PolicyReadable      Check = "policy-readable"
	SandboxedBrowser    Check = "sandboxed-browser"
	CommandInterpreter  Check = "command-interpreter"
	SettingsReadable    Check = "settings-readable"

	StoreLibrary    Check = "store-library"
	StoreOpen       Check = "store-open"
	StoreLocked     Check = "store-unlocked"
	StoreWritable   Check = "store-writable"
	StoreForbidden  Check = "store-allowed"
	FirefoxProfiles Check = "firefox-profiles"
	SecondReader    Check = "second-reader"

	KeysPresent  Check = "keys-present"
	KeysExpired  Check = "keys-expired"
	KeysExpiring Check = "keys-expiring"
	KeysUsable   Check = "keys-usable"

	CardReader  Check = "card-reader"
	CardService Check = "card-service"
	CardModule  Check = "card-module"
	CardPIN     Check = "card-pin"
	PINPrompt   Check = "pin-prompt"

	JournalIntact     Check = "journal-intact"
	JournalWritable   Check = "journal-writable"
	Clock             Check = "clock"
	DiskSpace         Check = "disk-space"
	HomeWritable      Check = "home-writable"
	FolderPermissions Check = "folder-permissions"
	Umask             Check = "umask"
	Language          Check = "language"
	SystemVersion     Check = "system-version"
	Antivirus         Check = "antivirus"
	OldAssistant      Check = "old-assistant"
	LocalPorts        Check = "local-ports"

	HostReachable   Check = "host-reachable"
	VersionsAgree   Check = "versions-agree"
	SitePermission  Check = "site-permission"
	WorkerAnswers   Check = "worker-answers"
	StorageQuota    Check = "storage-quota"
	ManagedSettings Check = "managed-settings"
	BrowserVersion  Check = "browser-version"
)

// entry is one check with its texts. The tables are read only.
type entry struct {
	code     Check
	maker    Maker
	fr       string
	frCause  string
	frRemedy string
	en       string
	enCause  string
	enRemedy string
}

// tables returns the entries in the order of the documentation.
func tables() [][]entry {
	return [][]entry{browserTexts, storeTexts, keyTexts, cardTexts, computerTexts, extensionTexts}
}

// Checks returns every check, in the order of the documentation.
func Checks() []Check {
	var all []Check
	for _, table := range tables() {
		for _, e := range table {
			all = append(all, e.code)
		}
	}
	return all
}

// Of returns the checks of one maker, in the order of the documentation.
func Of(m Maker) []Check {
	var all []Check
	for _, c := range Checks() {
		if c.Maker() == m {
			all = append(all, c)
		}
	}
	return all
}

// Known reports whether the check is one of Checks.
func (c Check) Known() bool { return c != "" && c.entry().code == c }

// Maker is who makes this check, "" for one that is not known.
func (c Check) Maker() Maker { return c.entry().maker }

// Title says what is so when the check passes, in "fr" or else in English. A
// check that is not known, which a newer peer may send, stands for itself.
func (c Check) Title(lang string) string { return c.entry().choose(lang, 0) }

// Cause says what is wrong when it does not pass, in "fr" or else in English.
func (c Check) Cause(lang string) string { return c.entry().choose(lang, 1) }

// Remedy says what to do then, in "fr" or else in English.
func (c Check) Remedy(lang string) string { return c.entry().choose(lang, 2) }

func (e entry) choose(lang string, which int) string {
	if lang == "fr" {
		return [...]string{e.fr, e.frCause, e.frRemedy}[which]
	}
	return [...]string{e.en, e.enCause, e.enRemedy}[which]
}

func (c Check) entry() entry {
	for _, table := range tables() {
		for _, e := range table {
			if e.code == c {
				return e
			}
		}
	}
	return entry{fr: string(c), en: string(c)}
}
