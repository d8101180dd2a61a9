package doctor

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"scelle/host/internal/install"
	"scelle/shared/checkup"
)

// Program is one running program of this user.
type Program struct {
	ID   int
	Name string   // of the file, or what it calls itself
	Args []string // empty where the system does not tell
}

// guard is an antivirus or security agent and where it shows.
type guard struct {
	name    string
	linux   []string // folders or files
	darwin  []string
	windows []string // services
}

// guards are products that stop programs which browsers start, or hold them
// back for a while. Windows' own, which is everywhere, is not among them.
func guards() []guard {
	return []guard{
		{"ClamAV", []string{"/var/run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"}, nil, []string{"ClamD"}},
		{"CrowdStrike Falcon", []string{"/opt/CrowdStrike"}, []string{"/Applications/Falcon.app"}, []string{"CSFalconService"}},
		{"ESET", []string{"/opt/eset"}, []string{"/Applications/ESET Endpoint Security.app"}, []string{"ekrn"}},
		{"Kaspersky", []string{"/opt/kaspersky"}, []string{"/Library/Application Support/Kaspersky Lab"}, []string{"klnagent", "avp"}},
		{"Microsoft Defender for Endpoint", []string{"/opt/microsoft/mdatp"}, []string{"/Applications/Microsoft Defender.app"}, []string{"Sense"}},
		{"SentinelOne", []string{"/opt/sentinelone"}, []string{"/Library/Sentinel"}, []string{"SentinelAgent"}},
		{"Sophos", []string{"/opt/sophos-spl", "/opt/sophos-av"}, []string{"/Library/Sophos Anti-Virus"}, []string{"Sophos Endpoint Defense Service", "SAVService"}},
		{"Symantec", []string{"/opt/Symantec"}, []string{"/Applications/Symantec Solutions"}, []string{"SepMasterService"}},
		{"Trellix (McAfee)", []string{"/opt/McAfee", "/opt/isec"}, []string{"/Library/McAfee"}, []string{"mfemms", "McAfeeFramework"}},
		{"Trend Micro", []string{"/opt/ds_agent"}, []string{"/Applications/TrendMicroSecurity.app"}, []string{"ntrtscan", "ds_agent"}},
		{"WithSecure", []string{"/opt/f-secure"}, []string{"/Applications/F-Secure"}, []string{"F-Secure Gatekeeper Handler Starter", "fshoster"}},
		{"HarfangLab", []string{"/opt/hurukai-agent", "/opt/hurukai"}, []string{"/Applications/Hurukai.app"}, []string{"hurukai"}},
	}
}

// antivirus is a note, and a warning when a registered program is gone.
func (l *look) antivirus() finding {
	var names []string
	for _, g := range guards() {
		if l.sees(g) {
			names = append(names, g.name)
		}
	}
	level := checkup.Note
	if slices.ContainsFunc(l.reports(), func(r install.Report) bool { return r.Reason == install.ExecutableGone }) {
		level = checkup.Warning
	}
	return found(level, names)
}

func (l *look) sees(g guard) bool {
	if l.os() == "windows" {
		return slices.ContainsFunc(g.windows, func(service string) bool {
			return l.Native.Registry != nil && l.Native.Registry(true, `SYSTEM\CurrentControlSet\Services\`+service) != nil
		})
	}
	places := g.linux
	if l.os() == "darwin" {
		places = g.darwin
	}
	return slices.ContainsFunc(places, func(place string) bool {
		_, err := os.Stat(l.at(place))
		return err == nil
	})
}

// assistants are programs of this field that stay in memory, by a word that
// stands in a file name of their command line.
func assistants() map[string]string {
	return map[string]string{"mamp": "MAMP", "atexo": "MAMP", "nexu": "NexU", "autofirma": "AutoFirma", "libersign": "LiberSign", "scwsserver": "SConnect"}
}

// oldAssistant names products, never command lines: those hold folders and
// people's names.
func (l *look) oldAssistant() finding {
	programs, err := l.Native.Programs()
	if err != nil {
		return skipped
	}
	var names []string
	for _, p := range programs {
		if name := product(p); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return found(checkup.Note, names)
}

func product(p Program) string {
	words := []string{p.Name}
	if isJava(p.Name) {
		words = append(words, p.Args...)
	} else if len(p.Args) > 0 {
		words = append(words, p.Args[0])
	}
	for _, word := range words {
		base := strings.ToLower(word[strings.LastIndexAny(word, `/\`)+1:])
		for mark, name := range assistants() {
			if strings.HasPrefix(base, mark) {
				return name
			}
		}
	}
	return ""
}

func isJava(name string) bool {
	switch strings.ToLower(strings.TrimSuffix(name, ".exe")) {
	case "java", "javaw", "javaws", "jp2launcher":
		return true
	}
	return false
}

// Listener is a TCP socket that accepts connections.
type Listener struct {
	Program int // Program.ID
	Port    int
}

// localPorts names the ports on which Java programs of this user listen.
// Nothing is connected to.
func (l *look) localPorts() finding {
	programs, err := l.Native.Programs()
	if err != nil {
		return skipped
	}
	all, err := l.listeners(programs)
	if err != nil {
		return skipped
	}
	var details []string
	for _, p := range programs {
		for _, s := range all {
			if port := strconv.Itoa(s.Port); isJava(p.Name) && s.Program == p.ID && !slices.Contains(details, port) {
				details = append(details, port)
			}
		}
	}
	slices.Sort(details)
	return found(checkup.Note, details)
}

// listeners are what these programs listen on.
func (l *look) listeners(programs []Program) ([]Listener, error) {
	if l.os() != "linux" {
		return l.Native.Listeners()
	}
	ports := l.listening()
	var all []Listener
	for _, p := range programs {
		if !isJava(p.Name) {
			continue
		}
		folder := l.at("/proc/" + strconv.Itoa(p.ID) + "/fd")
		files, err := os.ReadDir(folder)
		if errors.Is(err, os.ErrPermission) {
			return nil, err // package confine keeps a browser's host from it
		}
		for _, file := range files {
			target, _ := os.Readlink(filepath.Join(folder, file.Name()))
			if port, ok := ports[target]; ok {
				all = append(all, Listener{p.ID, port})
			}
		}
	}
	return all, nil
}

// listening are the ports that accept connections from this computer, by the
// name that their socket has in /proc/PID/fd (proc(5), /proc/net/tcp).
func (l *look) listening() map[string]int {
	ports := map[string]int{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(l.at(table))
		if err != nil {
			continue
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			fields := strings.Fields(lines.Text())
			if len(fields) < 10 || fields[3] != "0A" { // TCP_LISTEN
				continue
			}
			_, hex, _ := strings.Cut(fields[1], ":")
			if port, err := strconv.ParseUint(hex, 16, 16); err == nil {
				ports["socket:["+fields[9]+"]"] = int(port)
			}
		}
		file.Close()
	}
	return ports
}
