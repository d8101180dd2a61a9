package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/update"
	"scelle/shared/version"
)

// announcedBy opens a folder's update.json with the keys that its build knows.
func announcedBy(t *testing.T, u updating, folder string) (update.Manifest, updateKeys) {
	t.Helper()
	_, keys, err := u.checked()
	if err != nil {
		t.Fatal(err)
	}
	m, err := update.Open(read(t, folder, update.FileName), keys.accepted)
	if err != nil {
		t.Fatal(err)
	}
	return m, keys
}

// TestAnnounced: update.json tells the truth about the packages beside it, and
// OpenSSL finds its signature good.
func TestAnnounced(t *testing.T) {
	m := built(t)
	manifest, keys := announcedBy(t, m.announced, m.first)
	if manifest.Version != version.Version || manifest.Floor != version.Version || len(manifest.Packages) != 5 || len(keys.accepted) != 2 {
		t.Errorf("%+v", manifest)
	}
	sums := string(read(t, m.first, "SHA256SUMS"))
	kinds := map[update.Kind]bool{}
	for _, p := range manifest.Packages {
		kinds[p.Kind] = true
		data := read(t, m.first, p.Name)
		if sum := fmt.Sprintf("%x", sha256.Sum256(data)); p.Size != int64(len(data)) || p.SHA256 != sum || !strings.Contains(sums, sum+"  "+p.Name+"\n") {
			t.Errorf("%+v is not what lies there", p)
		}
	}
	if len(kinds) != len(update.Kinds()) {
		t.Errorf("kinds %v", kinds)
	}
	var f struct {
		Signed     []byte
		Signatures [][]byte
	}
	if err := json.Unmarshal(read(t, m.first, update.FileName), &f); err != nil || len(f.Signatures) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	dir := t.TempDir()
	message, signature := filepath.Join(dir, "message"), filepath.Join(dir, "signature")
	for name, data := range map[string][]byte{message: append([]byte("scelle-update/1\n"), f.Signed...), signature: f.Signatures[0]} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run(t, "openssl", "pkeyutl", "-verify", "-rawin", "-inkey", m.announced.keyFile, "-in", message, "-sigfile", signature)
}

// TestAnnouncedAnew: the same packages are signed again without being built,
// from another day on, and that day's readers take nothing older.
func TestAnnouncedAnew(t *testing.T) {
	m := built(t)
	dir := t.TempDir()
	first, _ := announcedBy(t, m.announced, m.first)
	for _, p := range first.Packages {
		if err := os.WriteFile(filepath.Join(dir, p.Name), read(t, m.first, p.Name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	issued, err := time.Parse(time.RFC3339, first.Issued)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOURCE_DATE_EPOCH", fmt.Sprint(issued.Add(24*time.Hour).Unix()))
	if err := (options{out: dir, version: version.Version, updating: m.announced, only: []string{"update"}}).run(); err != nil {
		t.Fatal(err)
	}
	again, _ := announcedBy(t, m.announced, dir)
	if again.Issued <= first.Issued || again.Expires <= first.Expires || fmt.Sprint(again.Packages) != fmt.Sprint(first.Packages) {
		t.Errorf("%+v", again)
	}
	s, err := again.Accept(update.State{}, issued.Add(25*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Accept(s, issued.Add(25*time.Hour)); fault.CodeOf(err) != fault.UpdateOld {
		t.Errorf("the older one counts: %v", err)
	}
	if err := (options{out: t.TempDir(), version: version.Version, updating: m.announced, only: []string{"update"}}).run(); err == nil {
		t.Error("nothing is announced without a word")
	}
}

// TestExtensionKnowsThePublisher: the extensions of the build look where its
// packages will be, and accept both keys.
func TestExtensionKnowsThePublisher(t *testing.T) {
	m := built(t)
	_, keys := announcedBy(t, m.announced, m.first)
	for _, browser := range []string{"chrome", "firefox"} {
		z, err := zip.OpenReader(filepath.Join(m.first, "scelle-extension-"+browser+".zip"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		f, err := z.Open("worker/publisher.js")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"` + served + `/"`, hex.EncodeToString(keys.accepted[0]), hex.EncodeToString(keys.accepted[1])} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: no %s in %s", browser, want, text)
			}
		}
	}
}

// TestUpdatingRefusals: what cannot be announced says so before anything is built.
func TestUpdatingRefusals(t *testing.T) {
	m := built(t)
	good := m.announced
	for name, spoil := range map[string]func(*updating){
		"no address":    func(u *updating) { u.packagesURL = "" },
		"no key":        func(u *updating) { u.keyFile = "" },
		"another key":   func(u *updating) { u.keyFile = filepath.Join(filepath.Dir(good.keyFile), "key.pem") },
		"a public key":  func(u *updating) { u.keyFile = u.nextKeyFile },
		"a private key": func(u *updating) { u.nextKeyFile = u.keyFile },
		"no file":       func(u *updating) { u.nextKeyFile += "x" },
		"no days":       func(u *updating) { u.days = 0 },
	} {
		u := good
		spoil(&u)
		if _, _, err := u.checked(); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
