package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

// computer is a clean root file system to install packages into.
type computer struct {
	t      *testing.T
	root   string
	before []string
}

// newComputer has the folders of any system, and those that a package manager
// needs.
func newComputer(t *testing.T, folders ...string) *computer {
	t.Helper()
	c := &computer{t: t, root: t.TempDir()}
	for _, dir := range append(folders, "etc/opt", "usr/bin", "usr/lib", "usr/lib64", "usr/share/doc", "tmp") {
		if err := os.MkdirAll(filepath.Join(c.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.before = c.files()
	return c
}

// files lists what there is, but for the package manager's own notes.
func (c *computer) files() []string {
	c.t.Helper()
	var names []string
	err := filepath.WalkDir(c.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, c.root)
		if name == "/var" {
			return fs.SkipDir
		}
		names = append(names, name)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return names
}

// added lists the files, without folders, that came since.
func (c *computer) added() []string {
	return slices.DeleteFunc(c.files(), func(name string) bool {
		info, err := os.Stat(filepath.Join(c.root, name))
		return slices.Contains(c.before, name) || err == nil && info.IsDir()
	})
}

// gone: no file and no folder is left. In a root as empty as this one, dpkg
// even removes the system's own.
func (c *computer) gone() {
	c.t.Helper()
	for _, name := range c.files() {
		if !slices.Contains(c.before, name) {
			c.t.Errorf("%s is left", name)
		}
	}
}

// run runs a package manager as root, or as what looks like root to it.
func (c *computer) run(args ...string) string {
	c.t.Helper()
	if os.Geteuid() != 0 {
		args = append([]string{"unshare", "--map-root-user"}, args...)
	}
	return run(c.t, args[0], args[1:]...)
}

// holds checks what is installed: the program, the licence, and a manifest for
// every browser of the table that names the program.
func (c *computer) holds(program []byte, rpm bool) {
	c.t.Helper()
	want := []string{linuxProgramPath, "/usr/share/doc/scelle/copyright"}
	for _, p := range places() {
		if p.folder == "" || p.rpmOnly && !rpm {
			continue
		}
		name := p.folder + "/" + protocol.HostName + ".json"
		want = append(want, name)
		var m map[string]any
		if err := json.Unmarshal(read(c.t, c.root, name), &m); err != nil {
			c.t.Errorf("%s: %v", name, err)
		}
		if m["path"] != linuxProgramPath || m["name"] != protocol.HostName || (m["allowed_extensions"] != nil) != (p.dialect == firefox) || (m["allowed_origins"] != nil) == (p.dialect == firefox) {
			c.t.Errorf("%s: %v", name, m)
		}
	}
	slices.Sort(want)
	got := c.added()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		c.t.Errorf("installed %q, want %q", got, want)
	}
	same(c.t, filepath.Join(c.root, linuxProgramPath), program)
	if info, err := os.Stat(filepath.Join(c.root, linuxProgramPath)); err != nil || info.Mode() != 0o755 {
		c.t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestDeb installs, upgrades while the program runs, and removes.
func TestDeb(t *testing.T) {
	m := built(t)
	c := newComputer(t, "var/lib/dpkg/info", "var/lib/dpkg/updates")
	for _, name := range []string{"status", "available"} {
		if err := os.WriteFile(filepath.Join(c.root, "var/lib/dpkg", name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := (&build{options: options{version: version.Version}}).packageName("deb")
	next := (&build{options: options{version: newer}}).packageName("deb")
	dpkg := func(args ...string) string {
		return c.run(append([]string{"dpkg", "--root=" + c.root, "--force-depends", "--log=/dev/null"}, args...)...)
	}
	dpkg("--install", filepath.Join(m.first, name))
	c.holds(read(t, m.first, "scelle-linux-"+arch), false)
	stop := start(t, filepath.Join(c.root, linuxProgramPath))
	dpkg("--install", filepath.Join(m.newer, next))
	c.holds(read(t, m.newer, "scelle-linux-"+arch), false)
	stop()
	dpkg("--remove", "scelle")
	c.gone()
	if status := dpkg("--get-selections"); strings.Contains(status, "scelle") {
		t.Errorf("dpkg still knows: %s", status)
	}

	control := run(t, "dpkg-deb", "--field", filepath.Join(m.first, name))
	for _, want := range []string{"Package: scelle", "Version: " + version.Version, "Architecture: " + arch, "Depends: libc6 (>= 2.34), libnss3", "Maintainer: " + contact} {
		if !strings.Contains(control, want+"\n") {
			t.Errorf("no %q in\n%s", want, control)
		}
	}
	if out, err := exec.Command("dpkg-deb", "--control", filepath.Join(m.first, name), c.root+"/control").CombinedOutput(); err != nil {
		t.Errorf("%v %s", err, out)
	}
	if scripts, _ := filepath.Glob(c.root + "/control/*inst"); len(scripts) != 0 {
		t.Errorf("the package runs %q", scripts)
	}
}

// TestRPM does the same with rpm.
func TestRPM(t *testing.T) {
	m := built(t)
	c := newComputer(t)
	name := filepath.Join(m.first, (&build{options: options{version: version.Version}}).packageName("rpm"))
	next := filepath.Join(m.newer, (&build{options: options{version: newer}}).packageName("rpm"))
	rpm := func(args ...string) string {
		return c.run(append([]string{"rpm", "--root", c.root, "--dbpath", "/var/lib/rpm", "--nodeps", "--nosignature"}, args...)...)
	}
	rpm("--install", name)
	c.holds(read(t, m.first, "scelle-linux-"+arch), true)
	stop := start(t, filepath.Join(c.root, linuxProgramPath))
	rpm("--upgrade", next)
	c.holds(read(t, m.newer, "scelle-linux-"+arch), true)
	stop()
	rpm("--erase", "scelle")
	c.gone()
	if out := run(t, "rpm", "-qp", "--nosignature", "--requires", name); !strings.Contains(out, "libsoftokn3.so()(64bit)\n") {
		t.Errorf("it needs %s", out)
	}
	if out := run(t, "rpm", "-qp", "--nosignature", "--scripts", name); strings.TrimSpace(out) != "" {
		t.Errorf("the package runs %s", out)
	}
}

// start runs the program as a browser does, until stop.
func start(t *testing.T, program string) (stop func()) {
	t.Helper()
	cmd := exec.Command(program, protocol.ChromeOrigin)
	home := t.TempDir()
	cmd.Env = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &host{t, cmd, in, out}
	h.answers()
	return func() {
		h.answers()
		h.end()
	}
}

// TestLinuxTable holds the packages' places against the program's own table of
// browsers.
func TestLinuxTable(t *testing.T) {
	m := built(t)
	home := t.TempDir()
	cmd := exec.Command(filepath.Join(m.first, "scelle-linux-"+arch), "status", "--json")
	cmd.Env = []string{"HOME=" + home}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var status struct {
		Browsers []struct {
			System   bool
			Manifest string
		}
	}
	if err := json.Unmarshal(out, &status); err != nil {
		t.Fatal(err)
	}
	var own, ours []string
	for _, b := range status.Browsers {
		if b.System {
			own = append(own, b.Manifest)
		}
	}
	for _, p := range places() {
		name := p.folder + "/" + protocol.HostName + ".json"
		// The program looks into lib64 where a Firefox lies there.
		if p.folder != "" && (!p.rpmOnly || slices.Contains(own, name)) {
			ours = append(ours, name)
		}
	}
	slices.Sort(own)
	slices.Sort(ours)
	if !slices.Equal(own, ours) {
		t.Errorf("the program knows %q, the packages have %q", own, ours)
	}
}
