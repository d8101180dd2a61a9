package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

// restartNeeded is ERROR_SUCCESS_REBOOT_REQUIRED, 3010, as far as an exit code
// goes here.
const restartNeeded = 3010 & 0xff

// windows is a throw-away Windows, made by scripts/wine.
type windows struct {
	t      *testing.T
	prefix string
	before []string // files when it was new
}

func newWindows(t *testing.T) *windows {
	t.Helper()
	w := &windows{t: t, prefix: filepath.Join(t.TempDir(), "wine")}
	run(t, "sh", "../wine/prefix.sh", w.prefix)
	t.Cleanup(func() {
		stop := exec.Command("wineserver", "-k")
		stop.Env = w.environment()
		_ = stop.Run() // nothing may be running any more
	})
	w.before = w.files()
	return w
}

func (w *windows) environment() []string {
	return append(os.Environ(), "WINEPREFIX="+w.prefix, "HOME="+w.prefix)
}

func (w *windows) command(args ...string) *exec.Cmd {
	cmd := exec.Command("sh", append([]string{"../wine/run.sh"}, args...)...)
	cmd.Env = w.environment()
	return cmd
}

// run runs a Windows program and returns its exit code and output.
func (w *windows) run(args ...string) (int, string) {
	w.t.Helper()
	cmd := w.command(args...)
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		w.t.Fatalf("%q: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

func (w *windows) must(args ...string) string {
	w.t.Helper()
	code, out := w.run(args...)
	if code != 0 {
		w.t.Fatalf("%q: exit %d\n%s", args, code, out)
	}
	return out
}

// files lists what lies on drive C, but for what Windows keeps for itself.
func (w *windows) files() []string {
	w.t.Helper()
	var names []string
	err := filepath.WalkDir(filepath.Join(w.prefix, "drive_c"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(w.prefix, path)
		names = append(names, name)
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

// added lists what came to drive C since it was new.
func (w *windows) added() []string {
	w.t.Helper()
	return slices.DeleteFunc(w.files(), func(name string) bool { return slices.Contains(w.before, name) })
}

// path is where a Windows path lies here.
func (w *windows) path(name string) string {
	if !strings.HasPrefix(name, `C:\`) {
		w.t.Fatalf("%q is not on drive C", name)
	}
	return filepath.Join(w.prefix, "drive_c", filepath.FromSlash(strings.ReplaceAll(name[3:], `\`, "/")))
}

// browserKeys are the keys that browsers read, below a root of the registry.
func browserKeys(root string) []string {
	var keys []string
	for _, p := range places() {
		if p.key != "" {
			keys = append(keys, root+`\`+p.key+`\`+protocol.HostName)
		}
	}
	return keys
}

// value is a value of the registry, "" when it is not there; no name is the
// key's default value.
func (w *windows) value(key, name string) string {
	w.t.Helper()
	args := []string{"reg", "query", key, "/v", name, "/reg:64"}
	if name == "" {
		args = []string{"reg", "query", key, "/ve", "/reg:64"}
	}
	_, out := w.run(args...)
	_, text, found := strings.Cut(out, "REG_SZ")
	if !found {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n")
	return strings.TrimSpace(text)
}

// registered checks that every browser finds this program, as it would look
// for it itself.
func (w *windows) registered(root, program string) {
	w.t.Helper()
	for _, key := range browserKeys(root) {
		file := w.value(key, "")
		if file == "" {
			w.t.Errorf("%s is not there", key)
			continue
		}
		var m struct {
			Name, Path, Type string
			Origins          []string `json:"allowed_origins"`
			Extensions       []string `json:"allowed_extensions"`
		}
		if err := json.Unmarshal(read(w.t, w.path(file)), &m); err != nil {
			w.t.Errorf("%s: %v", file, err)
		}
		host := m.Path
		if !strings.Contains(host, `\`) { // relative to the manifest
			host = file[:strings.LastIndex(file, `\`)+1] + host
		}
		if w.path(host) != program || m.Name != protocol.HostName || m.Type != "stdio" {
			w.t.Errorf("%s: %s: %+v", key, file, m)
		}
		firefox := strings.Contains(key, "Mozilla")
		if firefox != slices.Equal(m.Extensions, []string{protocol.FirefoxID}) || firefox == slices.Equal(m.Origins, protocol.ChromiumOrigins()) {
			w.t.Errorf("%s: %+v", key, m)
		}
	}
}

// gone checks that nothing of ours is left: no file, no key.
func (w *windows) gone() {
	w.t.Helper()
	var left []string
	for range 100 { // an uninstaller goes on as a copy of itself
		left = slices.DeleteFunc(w.added(), temporary)
		if len(left) == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if len(left) != 0 {
		w.t.Errorf("left on drive C: %q", left)
	}
	for _, root := range []string{"HKCU", "HKLM"} {
		for _, sub := range []string{`\Software\Microsoft\Windows\CurrentVersion\Uninstall`, `\Software\Google`, `\Software\Chromium`, `\Software\Mozilla`, `\Software\Microsoft\Edge`} {
			if _, out := w.run("reg", "query", root+sub, "/s", "/reg:64"); strings.Contains(strings.ToLower(out), "scell") {
				w.t.Errorf("left in the registry: %s", out)
			}
		}
	}
}

// temporary leaves out what Windows itself makes meanwhile.
func temporary(name string) bool {
	return strings.Contains(name, "/Temp/") || strings.HasPrefix(name, "drive_c/windows/")
}

// host is a program that a browser started: it answers as long as it runs.
type host struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func (w *windows) start(program string) *host {
	w.t.Helper()
	cmd := w.command(program, protocol.ChromeOrigin, "--parent-window=0")
	in, err := cmd.StdinPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		w.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	h := &host{w.t, cmd, in, out}
	w.t.Cleanup(h.end)
	h.answers()
	return h
}

// answers sends what is no request, which is always answered by a frame.
func (h *host) answers() {
	h.t.Helper()
	request := []byte(`{"v":1,"id":"1","method":"host.hello","params":{}}`)
	frame := binary.LittleEndian.AppendUint32(nil, uint32(len(request)))
	if _, err := h.in.Write(append(frame, request...)); err != nil {
		h.t.Fatal(err)
	}
	var size [4]byte
	if _, err := io.ReadFull(h.out, size[:]); err != nil {
		h.t.Fatalf("the host does not answer: %v", err)
	}
	answer := make([]byte, binary.LittleEndian.Uint32(size[:]))
	if _, err := io.ReadFull(h.out, answer); err != nil || !json.Valid(answer) {
		h.t.Fatalf("the host answers %q, %v", answer, err)
	}
}

// end closes its input, as a browser does.
func (h *host) end() {
	h.in.Close()
	_ = h.cmd.Wait()
}

func same(t *testing.T, path string, want []byte) {
	t.Helper()
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, want) {
		t.Errorf("%s is another program: %v", filepath.Base(path), err)
	}
}

// TestWindows installs both packages on one Windows, one after the other.
func TestWindows(t *testing.T) {
	t.Parallel()
	m := built(t)
	w := newWindows(t)
	for name, test := range map[string]func(*windows, made){"setup": (*windows).setup, "msi": (*windows).msi} {
		t.Run(name, func(t *testing.T) {
			of := *w
			of.t = t
			test(&of, m)
		})
	}
}

// setup installs for one user: new, over a running older version, over a
// newer one, beside an installation for all users; and removes.
func (w *windows) setup(m made) {
	t := w.t
	old, next := filepath.Join(m.first, "scelle-setup-"+version.Version+".exe"), filepath.Join(m.newer, "scelle-setup-"+newer+".exe")
	oldProgram, nextProgram := read(t, m.first, windowsName("amd64")), read(t, m.newer, windowsName("amd64"))
	const uninstall = `HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Scelle`

	w.must(old, "/S")
	dir := w.path(w.value(uninstall, "InstallLocation"))
	program := filepath.Join(dir, programName)
	same(t, program, oldProgram)
	w.registered("HKCU", program)
	if got := w.value(uninstall, "DisplayVersion"); got != version.Version {
		t.Errorf("version %q", got)
	}
	if out, err := verify(m, filepath.Join(dir, "uninstall.exe")); err != nil {
		t.Errorf("the uninstaller: %v\n%s", err, out)
	}

	running := w.start(program)
	w.must(next, "/S")
	same(t, program, nextProgram)
	w.registered("HKCU", program)
	running.answers()
	running.end()
	if out := w.must(program, "version"); !strings.Contains(out, newer) {
		t.Errorf("%q", out)
	}
	w.must(next, "/S") // again: what ran is swept away
	if left, _ := filepath.Glob(filepath.Join(dir, "*.scelle-old")); len(left) != 0 {
		t.Errorf("left: %q", left)
	}
	if code, _ := w.run(old, "/S"); code != 4 {
		t.Errorf("a downgrade: exit %d", code)
	}
	same(t, program, nextProgram)

	running = w.start(program)
	w.must(filepath.Join(dir, "uninstall.exe"), "/S")
	w.gone()
	running.answers()
	running.end()
	w.setupBesideAll(old)
}

// setupBesideAll: where Scellé is there for all users, nothing is installed.
func (w *windows) setupBesideAll(setup string) {
	w.t.Helper()
	key := browserKeys("HKLM")[0]
	w.must("reg", "add", key, "/ve", "/d", `C:\windows\win.ini`, "/f", "/reg:64")
	if code, _ := w.run(setup, "/S"); code != 3 {
		w.t.Errorf("beside an installation for all: exit %d", code)
	}
	w.must("reg", "delete", key, "/f", "/reg:64")
	w.gone()
}

// msi installs for all users: new, over a running older version, refuses
// an older one, and removes.
func (w *windows) msi(m made) {
	t := w.t
	old, next := filepath.Join(m.first, "scelle-"+version.Version+".msi"), filepath.Join(m.newer, "scelle-"+newer+".msi")
	program := w.path(`C:\Program Files\Scelle\` + programName)

	w.must("msiexec", "/i", old, "/qn")
	same(t, program, read(t, m.first, windowsName("amd64")))
	w.registered("HKLM", program)
	w.table(program)

	running := w.start(program)
	// Windows Installer puts off what concerns a running file, and says so.
	if code, out := w.run("msiexec", "/i", next, "/qn"); code != restartNeeded {
		t.Errorf("an upgrade while it runs: exit %d\n%s", code, out)
	}
	running.answers()
	running.end()
	w.must("wineboot", "-r")
	same(t, program, read(t, m.newer, windowsName("amd64")))
	w.registered("HKLM", program)
	if code, _ := w.run("msiexec", "/i", old, "/qn"); code == 0 {
		t.Error("a downgrade is accepted")
	}
	same(t, program, read(t, m.newer, windowsName("amd64")))

	w.must("msiexec", "/x", next, "/qn")
	w.gone()
}

// table holds the MSI's keys against the program's own table of browsers.
func (w *windows) table(program string) {
	w.t.Helper()
	cmd := w.command(program, "status", "--json")
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("status: %v", err)
	}
	var status struct {
		Browsers []struct {
			System     bool
			Key, State string
		}
	}
	if err := json.Unmarshal(out, &status); err != nil {
		w.t.Fatal(err)
	}
	var own, want []string
	for _, b := range status.Browsers {
		if b.System {
			own = append(own, `HKLM\`+b.Key)
			if b.State != "current" {
				w.t.Errorf("%s is %s to the program", b.Key, b.State)
			}
		}
	}
	want = browserKeys("HKLM")
	slices.Sort(own)
	slices.Sort(want)
	if !slices.Equal(own, want) {
		w.t.Errorf("the program knows the keys %q, the MSI has %q", own, want)
	}
}
