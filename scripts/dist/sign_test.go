package main

import (
	"bytes"
	"debug/pe"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"scelle/shared/version"
)

// verify asks osslsigncode whether a file is signed by our throw-away key.
func verify(m made, path string) (string, error) {
	out, err := exec.Command("osslsigncode", "verify", "-CAfile", m.certificate, "-in", path).CombinedOutput()
	return string(out), err
}

// TestSignatures: every Windows package is signed, and one bit that changes
// anywhere in what is signed ends that.
func TestSignatures(t *testing.T) {
	m := built(t)
	v := version.Version
	for _, name := range []string{"scelle-windows-amd64.exe", "scelle-windows-arm64.exe", "scelle-setup-" + v + ".exe", "scelle-" + v + ".msi"} {
		path := filepath.Join(m.first, name)
		if out, err := verify(m, path); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
		data := read(t, path)
		for _, at := range []int{len(data) / 3, len(data) / 2} {
			changed := append([]byte(nil), data...)
			changed[at] ^= 1
			other := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(other, changed, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := verify(m, other); err == nil {
				t.Errorf("%s with byte %d changed passes:\n%s", name, at, out)
			}
		}
	}
}

// TestUnsigned: without a key nothing is signed, and the program is otherwise
// the same.
func TestUnsigned(t *testing.T) {
	m := built(t)
	dir := t.TempDir()
	if err := (options{out: dir, version: version.Version, only: []string{"windows"}}).run(); err != nil {
		t.Fatal(err)
	}
	name := windowsName("amd64")
	if out, err := verify(m, filepath.Join(dir, name)); err == nil {
		t.Errorf("signed:\n%s", out)
	}
	plain, signed := filepath.Join(dir, name), filepath.Join(m.first, name)
	stripped := filepath.Join(dir, "stripped.exe")
	run(t, "osslsigncode", "remove-signature", "-in", signed, "-out", stripped)
	a, b := sections(t, plain), sections(t, stripped)
	if len(a) < 5 || a[".rsrc"] == "" {
		t.Errorf("%d sections", len(a))
	}
	for name := range a {
		if a[name] != b[name] {
			t.Errorf("section %s differs", name)
		}
	}
}

func sections(t *testing.T, path string) map[string]string {
	t.Helper()
	f, err := pe.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all := map[string]string{}
	for _, s := range f.Sections {
		data, err := s.Data()
		if err != nil {
			t.Fatal(err)
		}
		all[s.Name] = string(data)
	}
	return all
}

// TestResources reads our resources with the resource compiler of binutils.
func TestResources(t *testing.T) {
	m := built(t)
	for folder, v := range map[string]string{m.first: version.Version, m.newer: newer} {
		text := run(t, "x86_64-w64-mingw32-windres", "-J", "coff", "-O", "rc", filepath.Join(folder, windowsName("amd64")))
		for _, want := range []string{
			`FILEVERSION ` + strings.ReplaceAll(v, ".", ", ") + `, 0`,
			`VALUE "FileVersion", "` + v + `"`, `VALUE "OriginalFilename", "scelle.exe"`, `1 14 /* RT_GROUP_ICON */`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s is not in\n%.2000s", want, text)
			}
		}
		if n := len(regexp.MustCompile(`(?m)^\d+ 3 /\* RT_ICON`).FindAllString(text, -1)); n != 3 {
			t.Errorf("%d icons", n)
		}
		if rsrc := sections(t, filepath.Join(folder, windowsName("amd64")))[".rsrc"]; !strings.Contains(rsrc, appManifest) {
			t.Error("no application manifest")
		}
	}
	if _, err := withResources(read(t, m.first, windowsName("arm64")), nil); err == nil {
		t.Error("a second .rsrc section is accepted")
	}
	if _, err := withResources([]byte("MZ, but no program"), nil); err == nil {
		t.Error("no program is accepted")
	}
}

// TestSignOptions signs with a key that is not in a PKCS#12 file, as one on a
// card would be.
func TestSignOptions(t *testing.T) {
	m := built(t)
	dir := t.TempDir()
	key := filepath.Join(filepath.Dir(m.certificate), "key.pem")
	o := options{out: dir, version: version.Version, only: []string{"windows"}, sign: signing{options: "-certs " + m.certificate + " -key " + key}}
	if err := o.run(); err != nil {
		t.Fatal(err)
	}
	name := windowsName("amd64")
	if !bytes.Equal(read(t, dir, name), read(t, m.first, name)) {
		t.Error("the same key signs otherwise")
	}
}
