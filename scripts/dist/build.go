package main

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"scelle/shared/version"
)

// options are the command line's, and the version, which only tests change.
type options struct {
	out  string
	sign signing
	hosting
	portals string // file with an organisation's portals, "" for none
	updating
	edgeID  string // that Edge's store gave, "" for the sources'
	version string
	only    []string // names of steps, all of them when empty
}

// build is one run.
type build struct {
	options
	root  string    // of the repository
	work  string    // temporary folder, removed at the end
	epoch time.Time // of everything in the packages
	made  []string  // names of the files in out that were made

	ids     identity        // of the extension in this build
	keys    updateKeys      // none when nothing is announced
	crxKey  *rsa.PrivateKey // nil when no CRX is made
	modules []string        // paths of the WebAssembly modules, once they are built
}

// step makes some of the packages; later ones use what earlier ones made.
type step struct {
	name string
	run  func(*build) error
}

func steps() []step {
	return []step{
		{"linux", (*build).linuxProgram},
		{"windows", (*build).windowsPrograms},
		{"setup", (*build).setup},
		{"msi", (*build).msi},
		{"deb", func(b *build) error { return b.linuxPackage("deb") }},
		{"rpm", func(b *build) error { return b.linuxPackage("rpm") }},
		{"macos", (*build).macZip},
		{"extension", (*build).extensions},
		{"hosted", (*build).hosted},
		{"update", (*build).announce},
		{"sbom", (*build).billOfMaterials},
		{"sums", (*build).sums},
	}
}

func (o options) knownSteps() error {
	for _, name := range o.only {
		if !slices.ContainsFunc(steps(), func(s step) bool { return s.name == name }) {
			return fmt.Errorf("there is no step %q", name)
		}
	}
	return nil
}

func (o options) run() error {
	b, err := o.prepare()
	if err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	for _, s := range steps() {
		if len(o.only) > 0 && !slices.Contains(o.only, s.name) {
			continue
		}
		if err := s.run(b); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return b.stamp()
}

func (o options) prepare() (*build, error) {
	b := &build{options: o}
	root, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	b.root = filepath.Dir(strings.TrimSpace(string(root)))
	if b.out, err = filepath.Abs(o.out); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return nil, err
	}
	if b.sign, err = o.sign.absolute(); err != nil {
		return nil, err
	}
	if b.hosting, err = o.hosting.checked(); err != nil {
		return nil, err
	}
	if b.updating, b.keys, err = o.updating.checked(); err != nil {
		return nil, err
	}
	if o.portals != "" {
		if b.portals, err = filepath.Abs(o.portals); err != nil {
			return nil, err
		}
	}
	if err := b.identify(); err != nil {
		return nil, err
	}
	if b.epoch, err = b.sourceDate(); err != nil {
		return nil, err
	}
	b.work, err = os.MkdirTemp("", "scelle-dist-")
	return b, err
}

// sourceDate is SOURCE_DATE_EPOCH (reproducible-builds.org/specs/source-date-epoch)
// or the time of the last commit.
func (b *build) sourceDate() (time.Time, error) {
	text := os.Getenv("SOURCE_DATE_EPOCH")
	if text == "" {
		out, err := exec.Command("git", "-C", b.root, "log", "-1", "--format=%ct").Output()
		if err != nil {
			return time.Time{}, fmt.Errorf("no SOURCE_DATE_EPOCH, and git log: %w", err)
		}
		text = strings.TrimSpace(string(out))
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// command runs a program in the repository with a fixed environment for what
// it makes; its output is part of the error.
func (b *build) command(env []string, name string, args ...string) error {
	return b.commandIn(b.root, env, name, args...)
}

func (b *build) commandIn(dir string, env []string, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "SOURCE_DATE_EPOCH="+strconv.FormatInt(b.epoch.Unix(), 10), "TZ=UTC", "LC_ALL=C.UTF-8")
	cmd.Env = append(cmd.Env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// program is the package of the native-messaging host.
const program = "./host"

// compile builds a command of this module for a system without anything of
// this machine in it.
func (b *build) compile(pkg, goos, goarch, to string) error {
	link := "-s -w -buildid="
	if pkg == program {
		link += " " + version.HostLinkFlags
	}
	args := []string{"build", "-buildvcs=false", "-trimpath", "-ldflags", link}
	overlay, err := b.overlay()
	if err != nil {
		return err
	}
	args = append(args, overlay...)
	if slices.Contains(screens, pkg) { // as the Makefile does: what draws needs to be small, not fast
		args = append(args, "-gcflags=scelle/...=-l", "-gcflags=fmt=-l", "-gcflags=strings=-l")
	}
	cgo := "0"
	if goos == "linux" { // NSS is reached through its C library
		cgo = "1"
	}
	env := []string{"GOOS=" + goos, "GOARCH=" + goarch, "CGO_ENABLED=" + cgo, "GOFLAGS=-mod=readonly", "CGO_CFLAGS=-O2", "CGO_LDFLAGS=-O2"}
	if err := b.command(env, "go", append(args, "-o", to, pkg)...); err != nil {
		return err
	}
	return b.touch(to)
}

func (b *build) touch(names ...string) error {
	var errs []error
	for _, name := range names {
		errs = append(errs, os.Chtimes(name, b.epoch, b.epoch))
	}
	return errors.Join(errs...)
}

// output is the path of a file that is made, and notes it.
func (b *build) output(name string) string {
	b.made = append(b.made, name)
	return filepath.Join(b.out, name)
}

// stamp gives every file that was made the packages' time.
func (b *build) stamp() error {
	for _, name := range b.made {
		if err := b.touch(filepath.Join(b.out, name)); err != nil {
			return err
		}
	}
	return nil
}

// temporary writes a file into the work folder, with the packages' time.
func (b *build) temporary(name string, data []byte, mode os.FileMode) (string, error) {
	path := filepath.Join(b.work, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		return "", err
	}
	return path, b.touch(path)
}

// arch is this machine's processor. The Linux program reaches NSS through C,
// and is only built for the machine that builds it.
const arch = runtime.GOARCH

func (b *build) linuxName() string { return "scelle-linux-" + arch }

func (b *build) linuxProgram() error {
	return b.compile(program, "linux", arch, b.output(b.linuxName()))
}
