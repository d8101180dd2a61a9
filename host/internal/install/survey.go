package install

import "slices"

// Survey is everything that decides whether browsers reach the host.
type Survey struct {
	Reports   []Report // the user's places, then the computer's
	Policies  []Policy
	Sandboxes []Sandbox
	Problems  []Problem
}

// Problem is one thing that keeps a browser from the host, or may.
type Problem struct {
	Code     ProblemCode
	Browsers []string
	System   bool   // it concerns the whole computer, not this account only
	Blocks   bool   // without a remedy those browsers do not reach this program
	Place    string // the file, registry key or folder to look at
	Detail   string // what stands there: a policy's name, a program, extension ids
}

// ProblemCode names a problem. Those of an entry are its [Reason].
type ProblemCode string

// The other problems.
const (
	NotRegistered    ProblemCode = "not-registered"     // the browser was used here and finds no host
	Shadowed         ProblemCode = "shadowed"           // the user's registration goes before the computer's, which differs
	Exposed          ProblemCode = "executable-exposed" // every user's browser starts a program that one user can change
	PolicyUserHosts  ProblemCode = "policy-user-hosts"  // Detail is the policy's name, as in those below
	PolicyHost       ProblemCode = "policy-host"
	PolicyPermission ProblemCode = "policy-permission"
	PolicyExtension  ProblemCode = "policy-extension"
	PolicyUnread     ProblemCode = "policy-unread"
	SandboxNone      ProblemCode = "sandbox-none" // Detail is "snap" or "flatpak", as in those below
	SandboxPortal    ProblemCode = "sandbox-portal"
	SandboxProxy     ProblemCode = "sandbox-proxy"
)

// ProblemCodes lists every code that [System.Survey] may give.
func ProblemCodes() []ProblemCode {
	codes := []ProblemCode{NotRegistered, Shadowed, Exposed, PolicyUserHosts, PolicyHost, PolicyPermission, PolicyExtension, PolicyUnread, SandboxNone, SandboxPortal, SandboxProxy}
	for _, r := range []Reason{ManifestGone, ManifestUnread, ManifestForeign, ExecutableGone, ExecutableOther, ExtensionsDiffer} {
		codes = append(codes, ProblemCode(r))
	}
	return codes
}

// Survey looks at every browser of the table. fault.BadRequest never happens
// with the table's own names.
func (s System) Survey() (Survey, error) {
	var v Survey
	for _, system := range []bool{false, true} {
		entries, err := s.Entries(allNames(), Scope{System: system})
		if err != nil {
			return v, err
		}
		for _, e := range entries {
			v.Reports = append(v.Reports, s.Look(e))
		}
	}
	v.Policies = s.Policies(allNames())
	v.Sandboxes = s.Sandboxes()
	v.Problems = slices.Concat(v.missing(s), v.entryProblems(s), v.shadows(), v.policyProblems(), v.sandboxProblems())
	return v, nil
}

// at is what stands for a browser in one scope; browsers with several places
// are reached by any of them.
func (v Survey) at(browser string, system bool) (Report, bool) {
	var found Report
	for _, r := range v.Reports {
		if r.System == system && slices.Contains(r.Browsers, browser) && (found.State == "" || found.State != Current && r.State != Absent) {
			found = r
		}
	}
	return found, found.State != "" && found.State != Absent
}

// missing names the browsers that left a folder on this account and have no
// registration at all. Windows cannot tell who was used.
func (v Survey) missing(s System) []Problem {
	var found []Problem
	for _, b := range Browsers() {
		_, user := v.at(b.Name, false)
		_, system := v.at(b.Name, true)
		if s.os() != "windows" && s.used(b) && !user && !system {
			entries := s.entries(b, false)
			found = append(found, Problem{Code: NotRegistered, Browsers: []string{b.Name}, Blocks: true, Place: entries[0].Path})
		}
	}
	return found
}

func (v Survey) entryProblems(s System) []Problem {
	var found []Problem
	for _, r := range v.Reports {
		if r.System && r.Host != "" && r.Reason != ExecutableGone && s.exposed(r.Host) {
			found = append(found, Problem{Code: Exposed, Browsers: r.Browsers, System: true, Place: r.Manifest, Detail: r.Host})
		}
		if r.Reason == "" {
			continue
		}
		p := Problem{Code: ProblemCode(r.Reason), Browsers: r.Browsers, System: r.System, Blocks: true, Place: r.Manifest, Detail: r.Host}
		if r.Reason == ManifestGone {
			p.Place, p.Detail = r.Key, r.Manifest
		}
		if r.Reason == ExtensionsDiffer && len(r.Foreign) > 0 {
			p.Detail = r.Foreign[0]
		}
		found = append(found, p)
	}
	return found
}

// shadows names browsers whose registration for this account hides another
// one for the computer: browsers look at the user's first and at no second.
func (v Survey) shadows() []Problem {
	var found []Problem
	for _, b := range Browsers() {
		user, registered := v.at(b.Name, false)
		system, both := v.at(b.Name, true)
		if registered && both && (user.State != system.State || user.Host != system.Host) {
			found = append(found, Problem{Code: Shadowed, Browsers: []string{b.Name}, Blocks: user.State != Current, Place: user.Manifest, Detail: system.Host})
		}
	}
	return found
}

func (v Survey) policyProblems() []Problem {
	codes := map[Effect]ProblemCode{HidesUserHosts: PolicyUserHosts, HidesHost: PolicyHost, HidesExtension: PolicyExtension, Unread: PolicyUnread}
	var found []Problem
	for _, p := range v.Policies {
		code := codes[p.Effect]
		if p.Effect == HidesHost && p.Name == "ExtensionSettings" {
			code = PolicyPermission
		}
		problem := Problem{Code: code, Browsers: p.Browsers, System: p.Computer, Blocks: p.Effect != Unread, Place: p.Source, Detail: p.Name}
		if p.Effect == HidesUserHosts { // harmless where the computer's own registration stands
			problem.Browsers = slices.DeleteFunc(slices.Clone(p.Browsers), func(name string) bool {
				r, ok := v.at(name, true)
				return ok && r.State == Current
			})
		}
		if len(problem.Browsers) > 0 {
			found = append(found, problem)
		}
	}
	return found
}

func (v Survey) sandboxProblems() []Problem {
	codes := map[Help]ProblemCode{None: SandboxNone, Portal: SandboxPortal, Proxy: SandboxProxy}
	var found []Problem
	for _, b := range v.Sandboxes {
		found = append(found, Problem{
			Code: codes[b.Help], Browsers: []string{b.Browser}, System: true,
			Blocks: b.Help == None, Place: b.Path, Detail: b.Kind,
		})
	}
	return found
}
