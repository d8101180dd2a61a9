package main

import (
	"archive/zip"
	"bytes"
	"debug/buildinfo"
	"debug/macho"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"scelle/shared/version"
)

// newer is the version that the tests upgrade to.
const newer = "0.99.1"

// made is where the packages lie that all tests look at.
type made struct {
	first, newer string // folders: this version complete, and a newer one's
	certificate  string // PEM, of the throw-away key that signed them
	sign         signing
	announced    updating
}

var packages = sync.OnceValues(func() (made, error) {
	dir := os.Getenv(folderVariable)
	m := made{first: filepath.Join(dir, "first"), newer: filepath.Join(dir, "newer")}
	if err := m.makeKey(dir); err != nil {
		return m, err
	}
	if err := (options{out: m.first, version: version.Version, sign: m.sign, updating: m.announced}).run(); err != nil {
		return m, err
	}
	installers := []string{"linux", "windows", "setup", "msi", "deb", "rpm"}
	return m, options{out: m.newer, version: newer, sign: m.sign, only: installers}.run()
})

// folderVariable names the folder that all tests share.
const folderVariable = "SCELLE_DIST_TEST"

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scelle-dist-test-")
	if err != nil {
		panic(err)
	}
	os.Setenv(folderVariable, dir)
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// makeKey makes a key for signing programs, good for a day, and those for
// announcing them.
func (m *made) makeKey(dir string) error {
	key := filepath.Join(dir, "key.pem")
	m.certificate = filepath.Join(dir, "certificate.pem")
	m.sign = signing{p12: filepath.Join(dir, "sign.p12"), passFile: filepath.Join(dir, "password")}
	m.announced = updating{packagesURL: served, keyFile: filepath.Join(dir, "update.pem"), nextKeyFile: filepath.Join(dir, "next.pem"), days: 90}
	if err := os.WriteFile(m.sign.passFile, []byte("mot de passe d'essai\n"), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=Scelle throw-away", "-addext", "extendedKeyUsage=codeSigning", "-keyout", key, "-out", m.certificate},
		{"genpkey", "-algorithm", "ed25519", "-out", m.announced.keyFile},
		{"genpkey", "-algorithm", "ed25519", "-out", key + ".next"},
		{"pkey", "-in", key + ".next", "-pubout", "-out", m.announced.nextKeyFile},
		{"pkcs12", "-export", "-inkey", key, "-in", m.certificate, "-out", m.sign.p12, "-passout", "file:" + m.sign.passFile},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("openssl: %w\n%s", err, out)
		}
	}
	return nil
}

func built(t *testing.T) made {
	t.Helper()
	m, err := packages()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// run runs a program that must succeed and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// names of everything that a release is made of.
func everything() []string {
	v := version.Version
	b := build{options: options{version: v}}
	return []string{
		"SHA256SUMS", b.packageName("rpm"), "scelle-" + v + "-macos.zip", "scelle-" + v + ".cdx.json", "scelle-" + v + ".msi",
		"scelle-extension-chrome.zip", "scelle-extension-firefox.zip", b.linuxName(), b.pageTarball(), "scelle-setup-" + v + ".exe",
		"scelle-windows-amd64.exe", "scelle-windows-arm64.exe", b.packageName("deb"), "update.json",
	}
}

// TestSameBytesTwice builds everything once more, elsewhere and later.
func TestSameBytesTwice(t *testing.T) {
	t.Parallel()
	m := built(t)
	again := filepath.Join(t.TempDir(), "another folder, deeper down")
	if err := (options{out: again, version: version.Version, sign: m.sign, updating: m.announced}).run(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(again)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if !bytes.Equal(read(t, again, e.Name()), read(t, m.first, e.Name())) {
			t.Errorf("%s differs", e.Name())
		}
	}
	if !slices.Equal(names, everything()) {
		t.Errorf("made %q, want %q", names, everything())
	}
}

// TestNothingOfThisMachine: no path of the repository, of the temporary
// folder or of Go's caches is in what is given away.
func TestNothingOfThisMachine(t *testing.T) {
	m := built(t)
	root := strings.TrimSpace(run(t, "go", "list", "-m", "-f", "{{.Dir}}"))
	cache := strings.TrimSpace(run(t, "go", "env", "GOMODCACHE"))
	for _, name := range []string{"scelle-linux-" + arch, "scelle-windows-amd64.exe", "scelle-windows-arm64.exe", "scelle-" + version.Version + ".msi", "scelle-" + version.Version + ".cdx.json"} {
		data := read(t, m.first, name)
		for _, bad := range []string{root, cache, os.TempDir() + "/scelle-dist"} {
			if bytes.Contains(data, []byte(bad)) {
				t.Errorf("%s holds %s", name, bad)
			}
		}
	}
}

func TestSums(t *testing.T) {
	m := built(t)
	cmd := exec.Command("sha256sum", "--strict", "-c", "SHA256SUMS")
	cmd.Dir = m.first
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Count(string(out), ": OK\n") != len(everything())-1 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestBillOfMaterials holds the list against what Go wrote into the programs.
func TestBillOfMaterials(t *testing.T) {
	m := built(t)
	var list bom
	if err := json.Unmarshal(read(t, m.first, "scelle-"+version.Version+".cdx.json"), &list); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, c := range list.Components {
		known[c.Ref] = true
	}
	parts := map[string][]string{}
	for _, d := range list.Dependencies {
		parts[d.Ref] = d.DependsOn
		for _, ref := range d.DependsOn {
			if !known[ref] {
				t.Errorf("%s uses %s, which is no component", d.Ref, ref)
			}
		}
	}
	for _, name := range []string{"scelle-linux-" + arch, "scelle-windows-amd64.exe", "scelle-windows-arm64.exe"} {
		info, err := buildinfo.ReadFile(filepath.Join(m.first, name))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"pkg:golang/std@" + strings.TrimPrefix(info.GoVersion, "go")}
		for _, d := range info.Deps {
			if d.Replace != nil {
				d = d.Replace
			}
			want = append(want, "pkg:golang/"+d.Path+"@"+d.Version)
		}
		slices.Sort(want)
		if !slices.Equal(parts[name], want) || len(want) < 2 {
			t.Errorf("%s: listed %q, linked %q", name, parts[name], want)
		}
	}
	if !slices.ContainsFunc(parts["scelle-extension-chrome.zip"], func(ref string) bool { return strings.Contains(ref, "hack-pad/safejs") }) {
		t.Errorf("the extension: %q", parts["scelle-extension-chrome.zip"])
	}
}

// TestMacZip reads the universal program as macOS would.
func TestMacZip(t *testing.T) {
	m := built(t)
	z, err := zip.OpenReader(filepath.Join(m.first, "scelle-"+version.Version+"-macos.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != 2 || z.File[0].Name != "scelle" || z.File[0].Mode() != 0o755 || z.File[1].Name != "LISEZMOI.txt" {
		t.Fatalf("%+v", z.File)
	}
	f, err := z.File[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	var program bytes.Buffer
	if _, err := program.ReadFrom(f); err != nil {
		t.Fatal(err)
	}
	fat, err := macho.NewFatFile(bytes.NewReader(program.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if len(fat.Arches) != 2 || fat.Arches[0].Cpu != macho.CpuAmd64 || fat.Arches[1].Cpu != macho.CpuArm64 {
		t.Errorf("%+v", fat.Arches)
	}
	for _, a := range fat.Arches {
		if a.Type != macho.TypeExec || a.Offset%(1<<fatAlign) != 0 || a.Section("__text") == nil {
			t.Errorf("%v: %+v", a.Cpu, a.FatArchHeader)
		}
	}
}

func TestExtensionZips(t *testing.T) {
	m := built(t)
	for _, browser := range []string{"chrome", "firefox"} {
		z, err := zip.OpenReader(filepath.Join(m.first, "scelle-extension-"+browser+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		for _, name := range []string{"manifest.json", "app/app.wasm", "app/keys.wasm", "app/plis.wasm", "app/crypto.wasm", "app/verify.wasm"} {
			if f, err := z.Open(name); err != nil {
				t.Errorf("%s: %v", browser, err)
			} else {
				f.Close()
			}
		}
	}
}

// TestRefusals: what cannot be built says so.
func TestRefusals(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for name, o := range map[string]options{
		"no key":             {out: t.TempDir(), version: version.Version, sign: signing{p12: none, passFile: none}},
		"password, no key":   {out: t.TempDir(), version: version.Version, sign: signing{passFile: none}},
		"two keys":           {out: t.TempDir(), version: version.Version, sign: signing{p12: none, passFile: none, options: "-key k"}},
		"a time, no key":     {out: t.TempDir(), version: version.Version, sign: signing{timestamp: "http://127.0.0.1/"}},
		"not a version":      {out: t.TempDir(), version: "1.2", only: []string{"windows"}},
		"too large a number": {out: t.TempDir(), version: "1.2.70000", only: []string{"windows"}},
	} {
		if err := o.run(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	if err := (options{out: t.TempDir(), version: version.Version, only: []string{"sums"}}).run(); err == nil {
		t.Error("a date that is none is accepted")
	}
}
