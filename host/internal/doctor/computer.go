package doctor

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/shared/checkup"
	"scelle/shared/fault"
)

func computerChecks() []check {
	return []check{
		{checkup.JournalIntact, (*look).journalIntact},
		{checkup.JournalWritable, (*look).journalWritable},
		{checkup.Clock, (*look).clock},
		{checkup.DiskSpace, (*look).diskSpace},
		{checkup.HomeWritable, (*look).homeWritable},
		{checkup.FolderPermissions, (*look).permissions},
		{checkup.Umask, onLinux((*look).umask)},
		{checkup.Language, onLinux((*look).language)},
		{checkup.SystemVersion, (*look).systemVersion},
		{checkup.Antivirus, (*look).antivirus},
		{checkup.OldAssistant, (*look).oldAssistant},
		{checkup.LocalPorts, (*look).localPorts},
	}
}

// record is what the journal says.
type record struct {
	any  bool      // there is a journal
	err  error     // of reading it
	last time.Time // of the last use
}

func (l *look) readRecord() record {
	if !journal.Present(l.StateDir) {
		return record{}
	}
	r := record{any: true}
	j, err := l.Journal()
	if err == nil {
		err = j.Each(func(e journal.Entry) error { r.last = e.Time; return nil })
	}
	r.err = err
	return r
}

func (l *look) journalIntact() finding {
	r := l.record()
	switch {
	case !r.any:
		return skipped
	case r.err != nil:
		return finding{checkup.Bad, string(fault.CodeOf(r.err))}
	}
	return good
}

func (l *look) journalWritable() finding {
	if !canWrite(existing(l.StateDir)) {
		return finding{checkup.Bad, l.StateDir}
	}
	return good
}

func (l *look) homeWritable() finding {
	if l.System.Home == "" || !canWrite(l.System.Home) {
		if l.Confined { // then it cannot be told from here
			return skipped
		}
		return finding{checkup.Bad, "~"}
	}
	return good
}

// existing is the folder itself, or the nearest one above that is there.
func existing(folder string) string {
	for {
		_, err := os.Lstat(folder)
		if up := filepath.Dir(folder); err != nil && up != folder {
			folder = up
			continue
		}
		return folder
	}
}

// canWrite makes a file and removes it: rights alone tell nothing of a full
// disk, a quota or a read-only mount.
func canWrite(folder string) bool {
	f, err := os.CreateTemp(folder, ".scelle-essai-*")
	if err != nil {
		return false
	}
	_, err = f.WriteString("scelle\n")
	closed := f.Close()
	return err == nil && closed == nil && os.Remove(f.Name()) == nil
}

// A clock is behind when this program, or the last use of a key, is from the
// future.
const (
	programSlack = 24 * time.Hour
	journalSlack = 10 * time.Minute
)

func (l *look) clock() finding {
	if info, err := os.Stat(l.System.Executable); err == nil && info.ModTime().After(l.Now.Add(programSlack)) {
		return finding{checkup.Bad, l.Now.UTC().Format(time.RFC3339)}
	}
	if l.record().last.After(l.Now.Add(journalSlack)) {
		return finding{checkup.Bad, l.Now.UTC().Format(time.RFC3339)}
	}
	if yes, known := l.Native.Synchronised(); known && !yes {
		return finding{level: checkup.Note}
	}
	return good
}

// What is left on a disk: below the first a pli of ordinary size is in doubt,
// below the second everything is.
const (
	lowSpace = 1 << 30
	noSpace  = 64 << 20
)

func (l *look) diskSpace() finding {
	least := ^uint64(0)
	for _, folder := range []string{l.System.Home, l.StateDir, os.TempDir()} {
		if free, err := l.Native.Free(existing(folder)); err == nil {
			least = min(least, free)
		}
	}
	level := checkup.Good
	switch {
	case least == ^uint64(0):
		return skipped
	case least < noSpace:
		level = checkup.Bad
	case least < lowSpace:
		level = checkup.Warning
	}
	return finding{level, strconv.FormatUint(least>>20, 10) + " MiB"}
}

// permissions looks at the folders that hold keys and the journal.
func (l *look) permissions() finding {
	folders := []string{l.StateDir}
	for _, s := range l.Stores {
		if filepath.IsAbs(s.Location) && s.State != keystore.Failed && s.Modules == nil { // a card is in no folder
			folders = append(folders, s.Location)
		}
	}
	var open []string
	looked := false
	for _, folder := range folders {
		ours, closed, known := l.Native.Ours(folder)
		looked = looked || known
		if known && (!ours || !closed) {
			open = append(open, folder)
		}
	}
	if !looked {
		return skipped
	}
	return found(checkup.Warning, open)
}

// umask reads the mask from /proc: asking the system would set it.
func (l *look) umask() finding {
	mask, ok := l.readUmask()
	switch {
	case !ok:
		return skipped
	case mask&0o700 != 0:
		return finding{checkup.Bad, strconv.FormatUint(mask, 8)}
	case mask&0o002 == 0:
		return finding{checkup.Warning, strconv.FormatUint(mask, 8)}
	}
	return good
}

func (l *look) readUmask() (uint64, bool) {
	file, err := os.Open(l.at("/proc/self/status"))
	if err != nil {
		return 0, false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), "Umask:"); ok {
			mask, err := strconv.ParseUint(strings.TrimSpace(value), 8, 32)
			return mask, err == nil
		}
	}
	return 0, false
}

// language wants a character set in which every name can be written.
func (l *look) language() finding {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		value := l.System.Getenv(name)
		if value == "" {
			continue
		}
		set := strings.ToUpper(value)
		if strings.Contains(set, "UTF-8") || strings.Contains(set, "UTF8") {
			return good
		}
		return finding{checkup.Warning, name + "=" + value}
	}
	return finding{checkup.Note, "LANG"}
}

func (l *look) systemVersion() finding {
	tooOld, version := l.Native.Outdated()
	if l.os() == "linux" && runtime.GOOS == "linux" {
		tooOld, version = l.oldGlibc()
	}
	switch {
	case version == "":
		return skipped
	case tooOld:
		return finding{checkup.Bad, version}
	}
	return finding{checkup.Good, version}
}

// minGlibc is what the packages ask for (scripts/dist/nfpm.yaml).
var minGlibc = [2]int{2, 34}

// maxLibrary bounds what is read of the C library, in bytes.
const maxLibrary = 8 << 20

// oldGlibc asks the C library that this process runs with.
func (l *look) oldGlibc() (tooOld bool, version string) {
	maps, err := os.ReadFile(l.at("/proc/self/maps"))
	if err != nil {
		return false, ""
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasPrefix(filepath.Base(fields[5]), "libc.so.6") && !strings.HasPrefix(filepath.Base(fields[5]), "libc-2.") {
			continue
		}
		info, err := os.Stat(l.at(fields[5]))
		if err != nil || info.Size() > maxLibrary {
			return false, ""
		}
		library, err := os.ReadFile(l.at(fields[5]))
		if err != nil {
			return false, ""
		}
		return judgeGlibc(string(library))
	}
	return false, ""
}

// judgeGlibc finds "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36."
func judgeGlibc(library string) (tooOld bool, version string) {
	_, rest, ok := strings.Cut(library, "GNU C Library ")
	if !ok {
		return false, ""
	}
	_, rest, _ = strings.Cut(rest[:min(len(rest), 200)], "release version ")
	major, rest, _ := strings.Cut(rest, ".")
	minor := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	if errA != nil || errB != nil {
		return false, ""
	}
	return slices.Compare([]int{a, b}, minGlibc[:]) < 0, "glibc " + major + "." + minor
}
