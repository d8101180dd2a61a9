package doctor

import (
	"cmp"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"scelle/host/internal/install"
	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/managed"
	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// Computer is what the checks look at. What others have found out already,
// such as the state of stores, comes in and is not looked for again.
type Computer struct {
	System   install.System
	Settings managed.Place
	Reached  bool                             // a browser started this program: it is registered somewhere
	StateDir string                           // of the host, which need not exist
	Journal  func() (*journal.Journal, error) // called only when there is a journal
	Stores   []keystore.Status
	Keys     []protocol.Certificate // those with a private key
	Tokens   []keystore.Token
	Now      time.Time
	Native   Native
	Confined bool // package confine keeps files from this process
}

// Native is what only the running system can tell. This is ThisSystem's;
// tests put in their own.
type Native struct {
	Second       func(ours []string) (Difference, error)        // Verify
	Free         func(folder string) (bytes uint64, err error)  // for this user, on the folder's disk
	Synchronised func() (yes, known bool)                       // the clock, by the kernel's word
	Outdated     func() (tooOld bool, version string)           // the system, "" when not known
	Programs     func() ([]Program, error)                      // of this user
	Listeners    func() ([]Listener, error)                     // outside of Linux
	Registry     func(machine bool, key string) map[string]any  // Windows: the values of a key, nil without
	Pinentry     func() bool                                    // a window for PINs can be shown
	Ours         func(folder string) (ours, closed, known bool) // it is this user's; others may not look into it
	HostName     func() (string, error)
}

// finding is a check's outcome before it goes out.
type finding struct {
	level  checkup.Level
	detail string
}

var (
	good    = finding{level: checkup.Good}
	skipped = finding{level: checkup.Skipped}
)

// found is bad, or whatever the level is, when there are details, otherwise
// good.
func found(level checkup.Level, details []string) finding {
	if len(details) == 0 {
		return good
	}
	return finding{level, strings.Join(details, "; ")}
}

// look is a Computer under examination: what several checks need is found out
// once.
type look struct {
	Computer
	survey  func() (install.Survey, error)
	record  func() record
	reports func() []install.Report // entries where something is registered
}

// check is one row of the table.
type check struct {
	code checkup.Check
	run  func(*look) finding
}

// checks is the table, in the order of checkup's.
func checks() []check {
	return slices.Concat(browserChecks(), storeChecks(), keyChecks(), cardChecks(), computerChecks())
}

// Examine makes every check of the host, in the order of checkup's table. It
// changes nothing: what it writes to see whether it can, it removes at once.
// Nothing that it returns names a person, a certificate or a folder below the
// home directory.
func Examine(c Computer) protocol.DoctorResult {
	l := &look{Computer: c, survey: sync.OnceValues(c.System.Survey)}
	l.record = sync.OnceValue(l.readRecord)
	l.reports = sync.OnceValue(l.registered)
	result := protocol.DoctorResult{
		Version: version.Version, Protocol: version.Protocol, OS: l.os(), Arch: runtime.GOARCH, System: systemVersion(),
		Time: c.Now.UTC().Truncate(time.Second),
	}
	hide := l.hider()
	for _, k := range checks() {
		f := k.run(l)
		result.Findings = append(result.Findings, protocol.Finding{Check: k.code, Level: f.level, Detail: hide(f.detail)})
	}
	return result
}

// os is GOOS, or a test's.
func (l *look) os() string { return cmp.Or(l.System.OS, runtime.GOOS) }

// at is a path of the system's.
func (l *look) at(path string) string { return l.System.Root + filepath.FromSlash(path) }

func (l *look) registered() []install.Report {
	v, err := l.survey()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(v.Reports), func(r install.Report) bool { return r.State == install.Absent })
}

// failed is a check that could not be made.
func failed(err error) finding {
	return finding{checkup.Warning, string(fault.CodeOf(err))}
}
