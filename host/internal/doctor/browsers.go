package doctor

import (
	"path/filepath"
	"slices"
	"strings"

	"scelle/host/internal/install"
	"scelle/shared/checkup"
)

func browserChecks() []check {
	return []check{
		{checkup.BrowserRegistration, (*look).registration},
		{checkup.BrowserManifest, problems(install.ProblemCode(install.ManifestGone), install.ProblemCode(install.ManifestUnread), install.ProblemCode(install.ManifestForeign))},
		{checkup.HostPresent, problems(install.ProblemCode(install.ExecutableGone))},
		{checkup.HostSingle, atMost(checkup.Warning, problems(install.ProblemCode(install.ExecutableOther), install.Shadowed))},
		{checkup.HostExposed, problems(install.Exposed)},
		{checkup.HostLocation, (*look).location},
		{checkup.ExtensionIDs, problems(install.ProblemCode(install.ExtensionsDiffer))},
		{checkup.PolicyUserHosts, problems(install.PolicyUserHosts)},
		{checkup.PolicyMessaging, problems(install.PolicyHost, install.PolicyPermission)},
		{checkup.PolicyExtension, problems(install.PolicyExtension)},
		{checkup.PolicyReadable, problems(install.PolicyUnread)},
		{checkup.SandboxedBrowser, problems(install.SandboxNone, install.SandboxPortal, install.SandboxProxy)},
		{checkup.CommandInterpreter, (*look).commandInterpreter},
		{checkup.SettingsReadable, (*look).settings},
	}
}

// problems is bad when the survey has one of these that blocks, a warning when
// it has one that does not.
func problems(codes ...install.ProblemCode) func(*look) finding {
	return func(l *look) finding {
		v, err := l.survey()
		if err != nil {
			return failed(err)
		}
		level := checkup.Warning
		var details []string
		for _, p := range v.Problems {
			if slices.Contains(codes, p.Code) {
				if p.Blocks {
					level = checkup.Bad
				}
				details = append(details, describe(p))
			}
		}
		return found(level, details)
	}
}

// describe names browsers, what is wrong and where.
func describe(p install.Problem) string {
	s := strings.Join(p.Browsers, ", ") + ": " + string(p.Code)
	where := slices.DeleteFunc([]string{p.Place, p.Detail}, func(s string) bool { return s == "" })
	if len(where) > 0 {
		s += " (" + strings.Join(where, ", ") + ")"
	}
	return s
}

// atMost makes a finding milder.
func atMost(level checkup.Level, run func(*look) finding) func(*look) finding {
	return func(l *look) finding {
		f := run(l)
		if f.level.Rank() < level.Rank() {
			f.level = level
		}
		return f
	}
}

// registration is bad for a browser that finds no host, and where no browser
// at all does: Windows cannot tell which ones are used. When a browser started
// this program, the others matter less.
func (l *look) registration() finding {
	if l.Reached {
		return atMost(checkup.Warning, problems(install.NotRegistered))(l)
	}
	f := problems(install.NotRegistered)(l)
	if f.level == checkup.Good && len(l.reports()) == 0 {
		return finding{checkup.Bad, "none"}
	}
	return f
}

// location warns of a program that may be gone tomorrow: those that browsers
// start, or this one where none is registered.
func (l *look) location() finding {
	var programs []string
	for _, r := range l.reports() {
		if r.Host != "" && !slices.Contains(programs, r.Host) {
			programs = append(programs, r.Host)
		}
	}
	if len(programs) == 0 {
		programs = []string{l.System.Executable}
	}
	return found(checkup.Warning, slices.DeleteFunc(programs, func(p string) bool { return !l.passing(p) }))
}

// passing reports whether a program lies where things come and go.
func (l *look) passing(program string) bool {
	if strings.HasPrefix(program, `\\`) || strings.Contains(program, "/AppTranslocation/") {
		return true
	}
	path := filepath.ToSlash(program)
	for _, name := range []string{"TEMP", "TMP", "TMPDIR"} {
		if dir := filepath.ToSlash(l.System.Getenv(name)); len(dir) > 1 && below(path, dir) {
			return true
		}
	}
	home := filepath.ToSlash(l.System.Home)
	for _, dir := range []string{"Downloads", "Téléchargements", "Desktop", "Bureau"} {
		if home != "" && below(path, home+"/"+dir) {
			return true
		}
	}
	if home != "" && below(path, home) {
		return false
	}
	for _, dir := range []string{"/tmp", "/var/tmp", "/media", "/run/media", "/mnt", "/Volumes"} {
		if below(strings.TrimPrefix(path, filepath.ToSlash(l.System.Root)), dir) {
			return true
		}
	}
	return false
}

func below(path, folder string) bool {
	return strings.HasPrefix(path, strings.TrimSuffix(folder, "/")+"/")
}

// commandInterpreter looks for what keeps cmd.exe from running: a browser that
// starts hosts through it finds a host that ends at once
// (learn.microsoft.com/windows/client-management/mdm/policy-csp-admx-shellcommandpromptregedittools:
// DisableCMD is 1 or 2; chromeenterprise.google/policies/#NativeHostsExecutablesLaunchDirectly).
func (l *look) commandInterpreter() finding {
	if l.os() != "windows" || l.Native.Registry == nil {
		return skipped
	}
	if v := l.Native.Registry(false, `Software\Policies\Microsoft\Windows\System`)["DisableCMD"]; v == nil || v == int64(0) {
		return good
	}
	var through []string
	for _, b := range install.Browsers() {
		if b.Family != install.Chromium || b.Name != "chrome" && b.Name != "edge" {
			continue
		}
		if !l.launchesDirectly(b.Name) {
			through = append(through, b.Name)
		}
	}
	return found(checkup.Warning, through)
}

func (l *look) launchesDirectly(browser string) bool {
	key := map[string]string{"chrome": `Software\Policies\Google\Chrome`, "edge": `Software\Policies\Microsoft\Edge`}[browser]
	for _, machine := range []bool{true, false} {
		if v, ok := l.Native.Registry(machine, key)["NativeHostsExecutablesLaunchDirectly"]; ok {
			return v == int64(1)
		}
	}
	return false
}

func (l *look) settings() finding {
	if _, err := l.Settings.Read(); err != nil {
		return finding{checkup.Bad, l.Settings.Name()}
	}
	return good
}
