package update

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

// rewrite writes the file of testdata again:
//
//	go test ./shared/update -run TestStored -update
var rewrite = flag.Bool("update", false, "sign the manifest of testdata again")

// Throw-away keys that are the same in every run.
var (
	ours    = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
	next    = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{2}, ed25519.SeedSize))
	foreign = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))
)

var now = time.Date(2027, 3, 1, 9, 30, 0, 0, time.UTC)

func public(keys ...ed25519.PrivateKey) []ed25519.PublicKey {
	var all []ed25519.PublicKey
	for _, k := range keys {
		all = append(all, k.Public().(ed25519.PublicKey))
	}
	return all
}

func manifest() Manifest {
	hash := strings.Repeat("0123456789abcdef", 4)
	return Manifest{
		Product: Product, Version: "0.2.0", Floor: "0.1.5", Issued: "2027-02-28T12:00:00Z", Expires: "2027-05-29T12:00:00Z",
		Packages: []Package{
			{Setup, "windows", "", "scelle-setup-0.2.0.exe", 5_000_000, hash},
			{MSI, "windows", "", "scelle-0.2.0.msi", 5_100_000, hash},
			{Zip, "darwin", "", "scelle-0.2.0-macos.zip", 9_000_000, hash},
			{Deb, "linux", "amd64", "scelle_0.2.0_amd64.deb", 2_000_000, hash},
			{RPM, "linux", "amd64", "scelle-0.2.0-1.x86_64.rpm", 2_000_000, hash},
		},
	}
}

func signed(t testing.TB, m Manifest, keys ...ed25519.PrivateKey) []byte {
	t.Helper()
	data, err := Sign(m, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestStored pins the bytes: readers in the field must understand the file of
// a later release.
func TestStored(t *testing.T) {
	name := filepath.Join("testdata", FileName)
	data := signed(t, manifest(), ours, next)
	if *rewrite {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stored, data) {
		t.Errorf("the same manifest and keys give other bytes:\n%s", data)
	}
	for _, key := range []ed25519.PrivateKey{ours, next} {
		m, err := Open(stored, public(foreign, key))
		if err != nil || m.Version != "0.2.0" || !slices.Equal(m.Packages, manifest().Packages) {
			t.Errorf("opened %+v, %v", m, err)
		}
	}
}

// raw signs bytes that Sign would not write.
func raw(t *testing.T, payload []byte, key ed25519.PrivateKey) []byte {
	t.Helper()
	f := file{Format: format, Signed: payload, Signatures: [][]byte{ed25519.Sign(key, append([]byte(domain), payload...))}}
	data, err := written(f)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestRefusedFiles: what is not exactly a manifest of an accepted key.
func TestRefusedFiles(t *testing.T) {
	good := signed(t, manifest(), ours)
	payload, err := written(manifest())
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(old, new string) []byte { return bytes.Replace(good, []byte(old), []byte(new), 1) }
	flipped := func(at int) []byte {
		p := bytes.Clone(payload)
		p[at] ^= 1
		return bytes.Replace(good, []byte(base64.StdEncoding.EncodeToString(payload)), []byte(base64.StdEncoding.EncodeToString(p)), 1)
	}
	noDomain, err := written(file{format, payload, [][]byte{ed25519.Sign(ours, payload)}})
	if err != nil {
		t.Fatal(err)
	}
	unsigned, err := written(file{format, payload, [][]byte{}})
	if err != nil {
		t.Fatal(err)
	}
	many, err := written(file{format, payload, slices.Repeat([][]byte{{1}}, MaxSignatures+1)})
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name string
		data []byte
		want fault.Code
	}{
		{"nothing", nil, fault.UpdateUnreadable},
		{"a web page", []byte("<!doctype html><title>404</title>"), fault.UpdateUnreadable},
		{"truncated", good[:len(good)/2], fault.UpdateUnreadable},
		{"its last byte cut off", good[:len(good)-1], fault.UpdateUnreadable},
		{"something after it", append(bytes.Clone(good), '\n'), fault.UpdateUnreadable},
		{"two files", append(bytes.Clone(good), good...), fault.UpdateUnreadable},
		{"another spacing", replaced("  ", " "), fault.UpdateUnreadable},
		{"an unknown name", replaced(`"format"`, `"x": 1, "format"`), fault.UpdateUnreadable},
		{"another format", replaced(`"format": 1`, `"format": 2`), fault.UpdateUnreadable},
		{"too long", append(bytes.Clone(good), make([]byte, MaxFile)...), fault.UpdateUnreadable},
		{"too many signatures", many, fault.UpdateUnreadable},
		{"unsigned", unsigned, fault.UpdateUnsigned},
		{"a foreign key", signed(t, manifest(), foreign), fault.UpdateUnsigned},
		{"signed for something else", noDomain, fault.UpdateUnsigned},
		{"a flipped bit at the start", flipped(20), fault.UpdateUnsigned},
		{"a flipped bit at the end", flipped(len(payload) - 10), fault.UpdateUnsigned},
		{"signed, but other JSON of the same meaning", raw(t, bytes.ReplaceAll(payload, []byte("  "), []byte(" ")), ours), fault.UpdateUnreadable},
		{"signed, but a name twice", raw(t, bytes.Replace(payload, []byte(`"version"`), []byte(`"version": "9.9.9", "version"`), 1), ours), fault.UpdateUnreadable},
		{"signed, but no manifest", raw(t, []byte("[]\n"), ours), fault.UpdateUnreadable},
	}
	for _, c := range cases {
		m, err := Open(c.data, public(next, ours))
		if fault.CodeOf(err) != c.want || m.Version != "" {
			t.Errorf("%s: %v and %+v, want %s", c.name, err, m, c.want)
		}
	}
	if _, err := Open(good, nil); fault.CodeOf(err) != fault.UpdateUnsigned {
		t.Errorf("no key is accepted: %v", err)
	}
	if _, err := Open(good, []ed25519.PublicKey{{1, 2, 3}}); fault.CodeOf(err) != fault.UpdateUnsigned {
		t.Errorf("a short key: %v", err)
	}
}

// TestRefusedManifests: what a manifest may not say, whoever signs it.
func TestRefusedManifests(t *testing.T) {
	cases := map[string]func(*Manifest){
		"product":    func(m *Manifest) { m.Product = "scelle-extension" },
		"version":    func(m *Manifest) { m.Version = "0.2" },
		"floor":      func(m *Manifest) { m.Floor = "0.2.1" },
		"issued":     func(m *Manifest) { m.Issued = "2027-02-28T13:00:00+01:00" },
		"expires":    func(m *Manifest) { m.Expires = m.Issued },
		"packages":   func(m *Manifest) { m.Packages = nil },
		"package 0":  func(m *Manifest) { m.Packages[0].Name = "../scelle.exe" },
		"package 1":  func(m *Manifest) { m.Packages[1].Name = `a\b.msi` },
		"package 2":  func(m *Manifest) { m.Packages[2].SHA256 = strings.ToUpper(m.Packages[2].SHA256) },
		"package 3":  func(m *Manifest) { m.Packages[3].Size = MaxPackage + 1 },
		"package 4":  func(m *Manifest) { m.Packages[4].Name = m.Packages[3].Name },
		"package  5": func(m *Manifest) { m.Packages = append(m.Packages, m.Packages[0]) },
	}
	more := []func(*Manifest){
		func(m *Manifest) { m.Version = "0.02.0" },
		func(m *Manifest) { m.Version = "0.2.70000" },
		func(m *Manifest) { m.Floor = "" },
		func(m *Manifest) { m.Expires = "soon" },
		func(m *Manifest) { m.Packages[0].OS = "linux" },
		func(m *Manifest) { m.Packages[0].Kind, m.Packages[0].OS = "exe", "" },
		func(m *Manifest) { m.Packages[0].Arch = "386" },
		func(m *Manifest) { m.Packages[0].Name = strings.Repeat("a", MaxName+1) },
		func(m *Manifest) { m.Packages[0].Name = "setup.exe " },
		func(m *Manifest) { m.Packages[0].Size = 0 },
		func(m *Manifest) { m.Packages[0].SHA256 = "" },
		func(m *Manifest) { m.Packages = slices.Repeat(m.Packages, MaxPackages) },
	}
	refused := func(what string, spoil func(*Manifest)) {
		m := manifest()
		spoil(&m)
		if _, err := Sign(m, ours); fault.CodeOf(err) != fault.BadRequest {
			t.Errorf("%s: signed, %v", what, err)
		}
		payload, err := written(m)
		if err != nil {
			t.Fatal(err)
		}
		word, _, _ := strings.Cut(what, " ")
		if _, err = Open(raw(t, payload, ours), public(ours)); fault.CodeOf(err) != fault.UpdateUnreadable || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: opened, %v", what, err)
		}
	}
	for what, spoil := range cases {
		refused(what, spoil)
	}
	for _, spoil := range more {
		refused("", spoil)
	}
	if _, err := Sign(manifest()); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("signed by nobody: %v", err)
	}
}

// TestAccept: a manifest counts until it expires, and nothing older after it.
func TestAccept(t *testing.T) {
	older, newer, back := manifest(), manifest(), manifest()
	older.Version, older.Issued = "0.1.6", "2027-01-01T00:00:00Z"
	newer.Version, newer.Floor, newer.Issued = "0.3.0", "0.3.0", "2027-02-28T12:00:01Z"
	back.Version, back.Issued = "0.2.9", "2027-02-28T12:00:02Z" // below the floor of newer
	steps := []struct {
		m    Manifest
		at   time.Time
		want fault.Code
		then State
	}{
		{manifest(), now, "", State{"0.1.5", "2027-02-28T12:00:00Z"}},
		{manifest(), now, "", State{"0.1.5", "2027-02-28T12:00:00Z"}}, // again
		{older, now, fault.UpdateOld, State{"0.1.5", "2027-02-28T12:00:00Z"}},
		{newer, time.Date(2027, 5, 29, 12, 0, 0, 0, time.UTC), fault.UpdateExpired, State{"0.1.5", "2027-02-28T12:00:00Z"}},
		{newer, time.Date(2027, 5, 29, 11, 59, 59, 0, time.UTC), "", State{"0.3.0", "2027-02-28T12:00:01Z"}},
		{manifest(), now, fault.UpdateOld, State{"0.3.0", "2027-02-28T12:00:01Z"}},
		{back, now, fault.UpdateOld, State{"0.3.0", "2027-02-28T12:00:01Z"}},
	}
	var s State
	for i, step := range steps {
		after, err := step.m.Accept(s, step.at)
		if fault.CodeOf(err) != step.want || after != step.then {
			t.Errorf("step %d: %+v, %v", i, after, err)
		}
		s = after
	}
}

func TestCompare(t *testing.T) {
	sorted := []string{"", "0.0.1", "0.1.0", "0.2.0", "0.10.0", "1.0.0", "1.0.65535", "10.0.0"}
	for i, a := range sorted {
		for j, b := range sorted {
			want := min(max(i-j, -1), 1)
			if got := Compare(a, b); got != want {
				t.Errorf("Compare(%q, %q) = %d", a, b, got)
			}
		}
	}
	for _, bad := range []string{"1", "1.2", "1.2.3.4", "1.2.x", "1.2.03", "1.2.-3", "1.2.+3", " 1.2.3", "1.2.65536", "1.2.99999999999999999999"} {
		if _, ok := ParseVersion(bad); ok {
			t.Errorf("%q is taken for a version", bad)
		}
	}
}

// TestJudge is the whole decision as the extension's worker asks for it.
func TestJudge(t *testing.T) {
	windows := Host{"0.1.0", "windows", "amd64", Setup}
	ask := func(h Host, file []byte) Answer {
		return Judge(Question{File: string(file), Keys: []string{hex.EncodeToString(public(next)[0]), hex.EncodeToString(public(ours)[0])}, Host: h, Now: now})
	}
	good := signed(t, manifest(), ours)
	for _, c := range []struct {
		host  Host
		newer bool
		kind  Kind
	}{
		{windows, true, Setup},
		{Host{"0.1.0", "windows", "arm64", MSI}, true, MSI},
		{Host{"0.1.0", "windows", "arm64", ""}, true, Setup},
		{Host{"0.2.0", "linux", "amd64", RPM}, false, RPM},
		{Host{"0.3.0", "linux", "amd64", ""}, false, Deb},
		{Host{"0.1.0", "linux", "arm64", Deb}, true, ""},
		{Host{"", "darwin", "arm64", ""}, true, Zip},
		{Host{"0.1.0", "plan9", "amd64", ""}, true, ""},
	} {
		a := ask(c.host, good)
		if a.Fault != nil || a.Newer != c.newer || a.Version != "0.2.0" || a.State.Floor != "0.1.5" || (a.Package == nil) != (c.kind == "") || a.Package != nil && a.Package.Kind != c.kind {
			t.Errorf("%+v: %+v", c.host, a)
		}
	}
	onlyMSI := manifest()
	onlyMSI.Packages = onlyMSI.Packages[1:2]
	if a := ask(windows, signed(t, onlyMSI, ours)); a.Package != nil {
		t.Errorf("a setup is to be replaced by %+v", a.Package)
	}
	refused := ask(windows, signed(t, manifest(), foreign))
	if refused.Fault == nil || refused.Fault.Code != fault.UpdateUnsigned || refused.Newer || refused.Package != nil || refused.Version != "" {
		t.Errorf("a foreign key: %+v", refused)
	}
	kept := State{Floor: "0.4.0", Issued: "2027-01-01T00:00:00Z"}
	old := Judge(Question{File: string(good), Keys: []string{hex.EncodeToString(public(ours)[0])}, State: kept, Host: windows, Now: now})
	if old.Fault == nil || old.Fault.Code != fault.UpdateOld || old.State != kept {
		t.Errorf("below the floor: %+v", old)
	}
	for _, key := range []string{"", "zz", strings.Repeat("00", 31)} {
		if a := Judge(Question{File: string(good), Keys: []string{key}, Now: now}); a.Fault == nil || a.Fault.Code != fault.Internal {
			t.Errorf("the key %q: %+v", key, a)
		}
	}
}

// FuzzOpen: whatever is opened is what Sign writes, and nothing else is.
func FuzzOpen(f *testing.F) {
	stored, err := os.ReadFile(filepath.Join("testdata", FileName))
	if err != nil {
		f.Fatal(err)
	}
	payload, err := written(manifest())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(stored, payload)
	f.Add([]byte("{}"), []byte("{}"))
	f.Add(stored[:100], []byte(`{"product":"scelle-host"}`))
	f.Fuzz(func(t *testing.T, data, payload []byte) {
		if m, err := Open(data, public(ours)); err == nil {
			again, err := Sign(m, ours)
			var f file
			if err != nil || json.Unmarshal(data, &f) != nil || !bytes.Contains(again, []byte(base64.StdEncoding.EncodeToString(f.Signed))) {
				t.Errorf("%+v is signed as other bytes: %v", m, err)
			}
		}
		// Past the signature: the manifest's own reader.
		var m Manifest
		if read(payload, MaxFile, &m) == nil && m.check() == nil {
			if again, err := written(m); err != nil || !bytes.Equal(again, payload) {
				t.Errorf("%q is written as %q", payload, again)
			}
		}
	})
}
