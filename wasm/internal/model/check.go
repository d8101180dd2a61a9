package model

import (
	"strconv"
	"strings"

	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/stable"
)

// Check is the screen « Tester la configuration de mon poste »: the checks of
// the host and those that the extension makes of itself, what matters first.
type Check struct {
	Env      Env
	Done     int                    // questions that are answered
	Total    int                    // questions
	Findings []protocol.Finding     // of what is answered, what matters most first
	Host     *protocol.DoctorResult // what the host found, nil when it did not look
	Copied   bool                   // the report was put on the clipboard
	around   Surroundings
	runs
}

// Surroundings is what the browser tells of itself and of this extension.
type Surroundings struct {
	Browser   string   // "Chromium 130", "Firefox 128"
	Version   int      // its main version, 0 when not known
	Minimum   int      // the least that the manifest asks for, 0 without
	Missing   []string // functions that it lacks, by their names in JavaScript
	Sites     int      // sites that were allowed
	Free      int64    // bytes that the extension may still store, -1 when not known
	BadPolicy string   // name of a setting of the administrator that cannot be read
}

// LookAround asks the browser about itself.
type LookAround struct {
	Then func(Surroundings, error) Msg
}

func (LookAround) effect() {}

// CopyReport puts the report on the clipboard (check page).
type CopyReport struct{}

// OpenCheckPage opens the check page (popup).
type OpenCheckPage struct{}

// checkPage is the check page's address in the extension.
const checkPage = "app/check.html"

// NewCheck makes the screen.
func NewCheck(env Env) *Check { return &Check{Env: env} }

// Running reports whether an answer is still to come.
func (c *Check) Running() bool { return c.Done < c.Total }

// Count is how many findings have this level.
func (c *Check) Count(level checkup.Level) int {
	n := 0
	for _, f := range c.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// Init asks everything.
func (c *Check) Init() []Effect { return c.again() }

// Update changes the screen by a message.
func (c *Check) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return c.take(m)
	case Refresh:
		if c.Running() {
			return nil
		}
		return append(c.again(), Focus{ID: "title"})
	case CopyReport:
		if c.Running() {
			return nil
		}
		c.Copied = true
		return []Effect{CopyText{Text: c.Report()}}
	case Close, Cancel:
		return closing()
	}
	return nil
}

func (c *Check) again() []Effect {
	c.end()
	*c = Check{Env: c.Env, runs: c.runs, Total: 3}
	return []Effect{
		worker(&c.runs, protocol.Status, protocol.Empty{}, c.gotStatus),
		host(&c.runs, protocol.HostDoctor, protocol.Empty{}, c.gotHost),
		LookAround{Then: once(&c.runs, nil, c.gotSurroundings)},
	}
}

// found adds findings and keeps them in order.
func (c *Check) found(more ...protocol.Finding) {
	c.Done++
	c.Findings = append(c.Findings, more...)
	stable.Sort(c.Findings, func(a, b protocol.Finding) int { return a.Level.Rank() - b.Level.Rank() })
}

func (c *Check) gotStatus(s protocol.StatusResult, err error) []Effect {
	if err != nil {
		c.found(protocol.Finding{Check: checkup.WorkerAnswers, Level: checkup.Bad, Detail: string(fault.CodeOf(err))})
		return nil
	}
	reachable := protocol.Finding{Check: checkup.HostReachable, Level: checkup.Good, Detail: s.Host.Version}
	if !s.Host.Online {
		reachable.Level, reachable.Detail = checkup.Bad, string(faultCode(s.Host.Fault, fault.HostUnreachable))
	}
	c.found(protocol.Finding{Check: checkup.WorkerAnswers, Level: checkup.Good}, reachable, c.versions(s))
	return nil
}

// versions is a note when only the numbers differ: the protocol decides.
func (c *Check) versions(s protocol.StatusResult) protocol.Finding {
	f := protocol.Finding{Check: checkup.VersionsAgree, Level: checkup.Good}
	switch {
	case s.RequiresUpdate.Extension:
		f.Level, f.Detail = checkup.Bad, string(fault.ExtensionOutdated)
	case s.RequiresUpdate.Host:
		f.Level, f.Detail = checkup.Bad, string(fault.HostOutdated)
	case !s.Host.Online:
		f.Level = checkup.Skipped
	case s.Host.Version != c.Env.Version:
		f.Level, f.Detail = checkup.Note, c.Env.Version+" / "+s.Host.Version
	}
	return f
}

func faultCode(f *protocol.Fault, otherwise fault.Code) fault.Code {
	if f == nil {
		return otherwise
	}
	return f.Code
}

// gotHost takes the host's findings. Why a host that is not there found
// nothing is said by HostReachable; one that is too old for the question says
// so here.
func (c *Check) gotHost(r protocol.DoctorResult, err error) []Effect {
	switch {
	case err == nil:
		c.Host = &r
		c.found(r.Findings...)
	case fault.CodeOf(err) == fault.UnknownMethod || fault.CodeOf(err) == fault.NotPermitted:
		c.found(protocol.Finding{Check: checkup.VersionsAgree, Level: checkup.Warning, Detail: string(fault.HostOutdated)})
	default:
		c.found()
	}
	return nil
}

// lowQuota is what the browser should let the extension store, in bytes.
const lowQuota = 1 << 30

func (c *Check) gotSurroundings(s Surroundings, err error) []Effect {
	if err != nil {
		c.found(protocol.Finding{Check: checkup.BrowserVersion, Level: checkup.Warning, Detail: string(fault.CodeOf(err))})
		return nil
	}
	c.around = s
	c.found(s.version(), s.sites(), s.storage(), s.managed())
	return nil
}

func (s Surroundings) version() protocol.Finding {
	f := protocol.Finding{Check: checkup.BrowserVersion, Level: checkup.Good, Detail: s.Browser}
	if s.Version > 0 && s.Version < s.Minimum {
		f.Level, f.Detail = checkup.Bad, s.Browser+" < "+strconv.Itoa(s.Minimum)
	}
	if len(s.Missing) > 0 {
		f.Level, f.Detail = checkup.Bad, f.Detail+": "+strings.Join(s.Missing, ", ")
	}
	return f
}

func (s Surroundings) sites() protocol.Finding {
	if s.Sites == 0 {
		return protocol.Finding{Check: checkup.SitePermission, Level: checkup.Note}
	}
	return protocol.Finding{Check: checkup.SitePermission, Level: checkup.Good, Detail: strconv.Itoa(s.Sites)}
}

func (s Surroundings) storage() protocol.Finding {
	f := protocol.Finding{Check: checkup.StorageQuota, Level: checkup.Good, Detail: strconv.FormatInt(s.Free>>20, 10) + " MiB"}
	switch {
	case s.Free < 0:
		f.Level, f.Detail = checkup.Skipped, ""
	case s.Free < lowQuota:
		f.Level = checkup.Warning
	}
	return f
}

func (s Surroundings) managed() protocol.Finding {
	if s.BadPolicy != "" {
		return protocol.Finding{Check: checkup.ManagedSettings, Level: checkup.Bad, Detail: s.BadPolicy}
	}
	return protocol.Finding{Check: checkup.ManagedSettings, Level: checkup.Good}
}

// Report is the outcome as plain text in the person's language, to be sent to
// a support desk: it names no person, no site and no certificate.
func (c *Check) Report() string {
	var b strings.Builder
	b.WriteString("Scellé " + c.Env.Version)
	if c.around.Browser != "" {
		b.WriteString(", " + c.around.Browser)
	}
	if c.Host != nil {
		b.WriteString(", scelle " + c.Host.Version + ", " + c.Host.OS + "/" + c.Host.Arch + ", " + c.Host.System)
	}
	b.WriteString(", " + c.Env.Time().UTC().Format("2006-01-02 15:04") + " UTC\n")
	for _, f := range c.Findings {
		b.WriteString("\n[" + string(f.Level) + "] " + string(f.Check))
		if f.Detail != "" {
			b.WriteString(" (" + f.Detail + ")")
		}
		if f.Level.Rank() < checkup.Good.Rank() {
			b.WriteString("\n    " + f.Check.Cause(c.Env.Lang) + "\n    → " + f.Check.Remedy(c.Env.Lang))
		}
	}
	return b.String() + "\n"
}
