package doctor

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"scelle/host/internal/install"
	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/nss"
	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

func storeChecks() []check {
	return []check{
		{checkup.StoreLibrary, failing(checkup.Bad, func(c fault.Code) bool { return c == fault.StoreLibrary })},
		{checkup.StoreOpen, (*look).openable},
		{checkup.StoreLocked, (*look).locked},
		{checkup.StoreWritable, (*look).writable},
		{checkup.StoreForbidden, failing(checkup.Note, func(c fault.Code) bool { return c == fault.StoreForbidden })},
		{checkup.FirefoxProfiles, (*look).firefox},
		{checkup.SecondReader, (*look).second},
	}
}

// failing names the stores that cannot be opened for one of these reasons.
func failing(level checkup.Level, which func(fault.Code) bool) func(*look) finding {
	return func(l *look) finding {
		var details []string
		for _, s := range l.Stores {
			if code := fault.CodeOf(s.Err); s.State == keystore.Failed && which(code) {
				details = append(details, s.ID+": "+string(code))
			}
		}
		return found(level, details)
	}
}

// openable is about stores that are there and cannot be opened. A Firefox profile
// of former times does not keep the others from working.
func (l *look) openable() finding {
	level := checkup.Bad
	if slices.ContainsFunc(l.Stores, func(s keystore.Status) bool { return s.State == keystore.Ready && s.Capabilities.Import }) {
		level = checkup.Warning
	}
	return failing(level, func(c fault.Code) bool {
		return c != fault.StoreLibrary && c != fault.StoreForbidden && c != fault.PolicyUnreadable
	})(l)
}

func (l *look) locked() finding {
	var details []string
	usable := false
	for _, s := range l.Stores {
		if s.State == keystore.Locked {
			details = append(details, s.ID)
		}
		usable = usable || s.Keys > 0 && (s.State == keystore.Ready || s.State == keystore.ReadOnly)
	}
	if usable {
		return found(checkup.Warning, details)
	}
	return found(checkup.Bad, details)
}

func (l *look) writable() finding {
	opened := false
	for _, s := range l.Stores {
		takes := s.Capabilities.Import || s.Capabilities.Generate
		if s.State == keystore.Ready && takes {
			return good
		}
		opened = opened || s.State != keystore.Failed && takes
	}
	if !opened {
		return skipped // what keeps them shut is said by another check
	}
	return finding{level: checkup.Warning}
}

// firefox counts the profiles with a certificate database of their own that no
// store reads.
func (l *look) firefox() finding {
	n := 0
	for _, dir := range l.firefoxFolders() {
		for _, profile := range profiles(dir) {
			_, err := os.Stat(filepath.Join(profile, "key4.db"))
			if err == nil && !l.reads(profile) {
				n++
			}
		}
	}
	if n == 0 {
		return good
	}
	return finding{checkup.Note, strconv.Itoa(n)}
}

// reads reports whether one of the stores is that folder.
func (l *look) reads(folder string) bool {
	return slices.ContainsFunc(l.Stores, func(s keystore.Status) bool { return strings.Contains(s.Location, folder) })
}

// firefoxFolders are where Firefox keeps profiles.ini.
func (l *look) firefoxFolders() []string {
	home := l.System.Home
	switch l.os() {
	case "windows":
		return []string{filepath.Join(l.System.Getenv("APPDATA"), "Mozilla", "Firefox")}
	case "darwin":
		return []string{filepath.Join(home, "Library", "Application Support", "Firefox")}
	}
	var folders []string
	for _, root := range nss.ProfileRoots(home, l.System.Getenv) {
		folders = append(folders, root.Path)
	}
	return folders
}

// ProfileLists are the files that tell where Firefox keeps its profiles, which
// need not exist.
func ProfileLists(s install.System) []string {
	var files []string
	for _, dir := range (&look{Computer: Computer{System: s}}).firefoxFolders() {
		files = append(files, filepath.Join(dir, "profiles.ini"))
	}
	return files
}

// profiles are the folders that profiles.ini names.
func profiles(dir string) []string {
	file, err := os.Open(filepath.Join(dir, "profiles.ini"))
	if err != nil {
		return nil
	}
	defer file.Close()
	var folders []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		name, value, _ := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if name != "Path" || value == "" {
			continue
		}
		if folder := filepath.FromSlash(value); filepath.IsAbs(folder) {
			folders = append(folders, folder)
		} else {
			folders = append(folders, filepath.Join(dir, folder))
		}
	}
	return folders
}

// second compares with the second reader. How many differ is enough here:
// `scelle list --verify` says which.
func (l *look) second() finding {
	var ours []string
	for _, k := range l.Keys {
		ours = append(ours, k.Thumbprint)
	}
	d, err := l.Native.Second(ours)
	switch {
	case fault.CodeOf(err) == fault.StoreUnsupported:
		return skipped
	case err != nil:
		return failed(err)
	case d.Agree():
		return good
	}
	return finding{checkup.Warning, strconv.Itoa(len(d.OnlyOurs)) + " / " + strconv.Itoa(len(d.OnlyTheirs))}
}

func keyChecks() []check {
	return []check{
		{checkup.KeysPresent, (*look).present},
		{checkup.KeysExpired, (*look).expired},
		{checkup.KeysExpiring, (*look).expiring},
		{checkup.KeysUsable, (*look).unusable},
	}
}

func (l *look) present() finding {
	if len(l.Keys) > 0 {
		return finding{checkup.Good, strconv.Itoa(len(l.Keys))}
	}
	return finding{level: checkup.Note}
}

// count says how many keys fit.
func (l *look) count(level checkup.Level, which func(protocol.Certificate) bool) finding {
	n := 0
	for _, k := range l.Keys {
		if which(k) {
			n++
		}
	}
	switch {
	case len(l.Keys) == 0:
		return skipped
	case n == 0:
		return good
	}
	return finding{level, strconv.Itoa(n)}
}

func (l *look) expired() finding {
	return l.count(checkup.Note, func(k protocol.Certificate) bool { return slices.Contains(k.Reasons, fault.CertificateExpired) })
}

// expiring counts down: what is left in 7, 30 and 90 days.
func (l *look) expiring() finding {
	level, details := checkup.Note, []string(nil)
	for _, step := range []struct {
		warning keypair.Warning
		days    string
		level   checkup.Level
	}{{keypair.ExpiresIn7, "7", checkup.Warning}, {keypair.ExpiresIn30, "30", checkup.Warning}, {keypair.ExpiresIn90, "90", checkup.Note}} {
		f := l.count(step.level, func(k protocol.Certificate) bool { return slices.Contains(k.Warnings, string(step.warning)) })
		if f.level == checkup.Skipped {
			return f
		}
		if f.level != checkup.Good {
			details = append(details, f.detail+" < "+step.days)
			if f.level.Rank() < level.Rank() {
				level = f.level
			}
		}
	}
	return found(level, details)
}

// unusable names the reasons why keys that have not expired take no pli.
func (l *look) unusable() finding {
	if len(l.Keys) == 0 {
		return skipped
	}
	counts := map[fault.Code]int{}
	for _, k := range l.Keys {
		for _, reason := range k.Reasons {
			if reason != fault.CertificateExpired {
				counts[reason]++
			}
		}
	}
	var details []string
	for _, code := range fault.Codes() {
		if counts[code] > 0 {
			details = append(details, string(code)+": "+strconv.Itoa(counts[code]))
		}
	}
	return found(checkup.Note, details)
}
