package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/certtest"
)

// person is somebody at a terminal, in a folder of her own, with a store in
// memory.
type person struct {
	t     *testing.T
	dir   string // the current folder
	store *memory.Store
	env   map[string]string
	in    io.Reader
	root  string
	state string // of the journal
	ctx   context.Context

	out, err string // of the last command
}

func sit(t *testing.T) *person {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	return &person{t: t, dir: dir, store: memory.New(), root: t.TempDir(), state: t.TempDir(), ctx: t.Context(),
		env: map[string]string{"HOME": t.TempDir()}}
}

// keep hides Close: the store outlives a command, as a real one's content does.
type keep struct{ *memory.Store }

func (keep) Close() error { return nil }

// run runs one command and returns its exit code.
func (p *person) run(args ...string) int {
	p.t.Helper()
	var out, err bytes.Buffer
	in := p.in
	if in == nil {
		in = strings.NewReader("")
	}
	code := Run(p.ctx, Env{
		In: in, Out: &out, Err: &err,
		Getenv:     func(name string) string { return p.env[name] },
		Executable: os.Executable,
		Stores:     func() []keystore.Store { return []keystore.Store{keep{p.store}} },
		Secret:     func() ([]byte, error) { return bytes.Repeat([]byte{1}, 32), nil },
		StateDir:   func() (string, error) { return p.state, nil },
		Root:       p.root,
	}, args)
	p.out, p.err, p.in = out.String(), err.String(), nil
	return code
}

// does runs a command that must succeed.
func (p *person) does(args ...string) {
	p.t.Helper()
	if code := p.run(args...); code != Done {
		p.t.Fatalf("scelle %s: exit %d\n%s%s", strings.Join(args, " "), code, p.out, p.err)
	}
}

// refused runs a command that must be refused with this code.
func (p *person) refused(code string, args ...string) {
	p.t.Helper()
	if exit := p.run(args...); exit != Refused || !strings.HasPrefix(p.err, code+": ") {
		p.t.Errorf("scelle %s: exit %d, not 1 with %s\n%s%s", strings.Join(args, " "), exit, code, p.out, p.err)
	}
}

// misused runs a command line that is wrong.
func (p *person) misused(args ...string) {
	p.t.Helper()
	if exit := p.run(args...); exit != Misused || !strings.HasPrefix(p.err, "scelle: ") {
		p.t.Errorf("scelle %s: exit %d, not 2\n%s%s", strings.Join(args, " "), exit, p.out, p.err)
	}
}

func (p *person) write(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) read(name string) string {
	p.t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(data)
}

// has asserts what lies in the current folder, hidden files included.
func (p *person) has(names ...string) {
	p.t.Helper()
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		p.t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	slices.Sort(names)
	if !slices.Equal(got, names) {
		p.t.Errorf("the folder holds %q, want %q", got, names)
	}
}

// pair puts a key pair into the folder as NAME.pem and NAME.key.
func (p *person) pair(name string, o certtest.Options) *certtest.Pair {
	p.t.Helper()
	if o.CommonName == "" {
		o.CommonName = name
	}
	pair := certtest.SelfSigned(p.t, o)
	p.write(name+".pem", string(pair.PEM()))
	p.write(name+".key", string(pair.KeyPEM(p.t)))
	return pair
}

// tool runs another program in the folder. Those programs are Linux's: what
// they check is the same on all systems.
func (p *person) tool(name string, args ...string) string {
	p.t.Helper()
	if runtime.GOOS == "windows" {
		p.t.Skipf("%s is run on Linux", name)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		p.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// json decodes what the last command printed.
func (p *person) json(v any) {
	p.t.Helper()
	d := json.NewDecoder(strings.NewReader(p.out))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		p.t.Fatalf("%v in %s", err, p.out)
	}
}
