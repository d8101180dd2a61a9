package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

const served = "https://deploiement.exemple.fr/scelle"

// departments' packages, made once for all tests: the options with which they
// were, and the folder.
var departments = sync.OnceValues(func() (options, error) {
	dir := filepath.Join(os.Getenv(folderVariable), "hosted")
	// One key for all runs: all that knows its id is compiled anew for another.
	key, err := filepath.Abs("../../testdata/cms/rsa.key.pem")
	if err != nil {
		return options{}, err
	}
	o := options{out: dir, version: version.Version, edgeID: strings.Repeat("e", 32), only: []string{"linux", "hosted"}}
	o.portals = dir + ".txt"
	if err := os.WriteFile(o.portals, []byte("# The city's\nhttps://marches.exemple.fr\nhttps://essais.exemple.fr:8443\n"), 0o644); err != nil {
		return options{}, err
	}
	o.hosting = hosting{updateURL: served, crxKeyFile: key}
	return o, o.run()
})

func hostedMade(t *testing.T) options {
	t.Helper()
	o, err := departments()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestHosted: the files lead to each other as browsers follow them.
func TestHosted(t *testing.T) {
	o := hostedMade(t)
	c, err := readCRX(read(t, o.out, "scelle-"+version.Version+".crx"))
	if err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(read(t, o.out, "scelle-"+version.Version+".crx")))
	var list struct {
		XMLName  xml.Name `xml:"http://www.google.com/update2/response gupdate"`
		Protocol string   `xml:"protocol,attr"`
		Apps     []struct {
			ID    string `xml:"appid,attr"`
			Check []struct {
				Codebase string `xml:"codebase,attr"`
				Version  string `xml:"version,attr"`
				Minimum  string `xml:"prodversionmin,attr"`
				Hash     string `xml:"hash_sha256,attr"`
			} `xml:"updatecheck"`
		} `xml:"app"`
	}
	if err := xml.Unmarshal(read(t, o.out, "update.xml"), &list); err != nil {
		t.Fatal(err)
	}
	if list.Protocol != "2.0" || len(list.Apps) != 1 || list.Apps[0].ID != c.id || len(list.Apps[0].Check) != 1 {
		t.Fatalf("%+v", list)
	}
	if u := list.Apps[0].Check[0]; u.Codebase != served+"/scelle-"+version.Version+".crx" || u.Version != version.Version || u.Minimum == "" || u.Hash != sum {
		t.Errorf("%+v", u)
	}
	m := manifestIn(t, c.archive)
	if m["update_url"] != served+"/update.xml" || m["key"] != base64.StdEncoding.EncodeToString(c.public) || m["version"] != version.Version {
		t.Errorf("Chromium's manifest: %v", m)
	}
	if hosts := fmt.Sprint(m["host_permissions"]); hosts != "[https://marches.exemple.fr/* https://essais.exemple.fr/*]" {
		t.Errorf("hosts without a prompt: %s", hosts)
	}
	gecko := m["browser_specific_settings"]
	m = manifestIn(t, read(t, o.out, "scelle-"+version.Version+"-unsigned.xpi"))
	text, _ := json.Marshal(m["browser_specific_settings"])
	if gecko != nil || !strings.Contains(string(text), `"update_url":"`+served+`/updates.json"`) || !strings.Contains(string(text), protocol.FirefoxID) {
		t.Errorf("Firefox's manifest: %v", m)
	}
	want := `{"addons":{"` + protocol.FirefoxID + `":{"updates":[{"applications":{"gecko":{"strict_min_version":"128.0"}},"update_link":"` + served + `/scelle-` + version.Version + `.xpi","version":"` + version.Version + `"}]}}}`
	var got bytes.Buffer
	if err := json.Compact(&got, read(t, o.out, "updates.json")); err != nil || got.String() != want {
		t.Errorf("%s, %v", got.String(), err)
	}
}

func manifestIn(t *testing.T, archive []byte) map[string]any {
	t.Helper()
	files, err := unzipped(archive)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]any{}
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestHostedTwice: the same bytes elsewhere and later.
func TestHostedTwice(t *testing.T) {
	o := hostedMade(t)
	again := o
	again.out, again.only = filepath.Join(t.TempDir(), "elsewhere"), []string{"hosted"}
	if err := again.run(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(again.out)
	if err != nil || len(entries) != 4 {
		t.Fatalf("%v, %v", entries, err)
	}
	for _, e := range entries {
		if !bytes.Equal(read(t, again.out, e.Name()), read(t, o.out, e.Name())) {
			t.Errorf("%s differs", e.Name())
		}
	}
}

// TestHostKnowsTheKey: the program of the same build lets the extension in
// that has the key's id, and Edge's, and no longer the sources' ones; packages
// name the same as the program does.
func TestHostKnowsTheKey(t *testing.T) {
	o := hostedMade(t)
	b := &build{options: o}
	if err := b.identify(); err != nil {
		t.Fatal(err)
	}
	c, err := readCRX(read(t, o.out, "scelle-"+version.Version+".crx"))
	if err != nil {
		t.Fatal(err)
	}
	own, edge := "chrome-extension://"+c.id+"/", "chrome-extension://"+o.edgeID+"/"
	program := filepath.Join(o.out, b.linuxName())
	home := t.TempDir()
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(program, args...)
		cmd.Env = []string{"HOME=" + home, "PATH=/usr/bin:/bin"}
		return cmd
	}
	for origin, ok := range map[string]bool{own: true, edge: true, protocol.ChromeOrigin: false, protocol.EdgeOrigin: false} {
		if out, err := command(origin).CombinedOutput(); (err == nil) != ok {
			t.Errorf("%s: %v\n%s", origin, err, out)
		}
	}
	if out, err := command("install", "--browser", "chromium").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	written := read(t, home, ".config/chromium/NativeMessagingHosts", protocol.HostName+".json")
	packaged, err := b.nativeManifest(chromium, linuxProgramPath)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string][]byte{"the program": written, "packages": packaged} {
		var m struct {
			Origins []string `json:"allowed_origins"`
		}
		if err := json.Unmarshal(text, &m); err != nil || !slices.Equal(m.Origins, []string{own, edge}) {
			t.Errorf("%s: %s, %v", what, text, err)
		}
	}
}

// TestForcedByPolicy: Chromium installs the CRX by the policy that the kit
// recommends, from an update.xml of ours.
func TestForcedByPolicy(t *testing.T) {
	o := hostedMade(t)
	crx := read(t, o.out, "scelle-"+version.Version+".crx")
	c, err := readCRX(crx)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"/scelle.crx": crx}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if files[r.URL.Path] == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(files[r.URL.Path])
	}))
	defer server.Close()
	if files["/update.xml"], err = updateXML(c.id, version.Version, server.URL+"/scelle.crx", crx); err != nil {
		t.Fatal(err)
	}
	policy, err := json.Marshal(map[string]any{"ExtensionSettings": map[string]any{c.id: map[string]any{"installation_mode": "force_installed", "update_url": server.URL + "/update.xml"}}})
	if err != nil {
		t.Fatal(err)
	}
	installed := filepath.Join("Default", "Extensions", c.id, version.Version+"_0", "manifest.json")
	profile := governed(t, policy, installed)
	var m map[string]any
	if err := json.Unmarshal(read(t, profile, installed), &m); err != nil || m["version"] != version.Version {
		t.Errorf("installed: %v, %v", m, err)
	}
}

// governed runs Chromium under a policy until a file is in its profile: in a
// mount namespace of its own, so that the computer's /etc is not touched.
func governed(t *testing.T, policy []byte, until string) (profile string) {
	t.Helper()
	dir := t.TempDir()
	etc := filepath.Join(dir, "etc", "policies", "managed")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(etc, "scelle.json"), policy, 0o644); err != nil {
		t.Fatal(err)
	}
	const script = `mount --bind "$1" /etc/chromium && shift && exec "$@"`
	inside := func(ctx context.Context, args ...string) *exec.Cmd {
		head := []string{"--map-root-user", "--mount", "sh", "-c", script, "sh", filepath.Join(dir, "etc")}
		cmd := exec.CommandContext(ctx, "unshare", append(head, args...)...)
		cmd.Env = append(os.Environ(), "HOME="+dir)
		cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
		cmd.WaitDelay = 10 * time.Second
		return cmd
	}
	if out, err := inside(t.Context(), "true").CombinedOutput(); err != nil {
		t.Skipf("this system lets nobody make a mount namespace: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	profile = filepath.Join(dir, "profile")
	var log bytes.Buffer
	cmd := inside(ctx, "chromium", "--headless", "--no-sandbox", "--no-first-run", "--disable-component-update", "--user-data-dir="+profile, "about:blank")
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	found := false
	for !found && ctx.Err() == nil {
		_, err := os.Stat(filepath.Join(profile, until))
		found = err == nil
		time.Sleep(50 * time.Millisecond)
	}
	cancel()
	_ = cmd.Wait() // it was interrupted
	if !found {
		t.Fatalf("%s does not come:\n%s", until, log.String())
	}
	return profile
}

// zipOf makes a zip of pairs of names and contents.
func zipOf(t *testing.T, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		f, err := w.Create(pairs[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestSignedXPI: what Mozilla signed is taken in with its hash if it is this
// build and a signature.
func TestSignedXPI(t *testing.T) {
	unsigned := zipOf(t, "manifest.json", "{}", "a.js", "a", "empty", "")
	const rsaFile = "META-INF/mozilla.rsa"
	signed := zipOf(t, "a.js", "a", "empty", "", "META-INF/", "", "META-INF/manifest.mf", "m", rsaFile, "s", "manifest.json", "{}")
	dir := t.TempDir()
	name := filepath.Join(dir, "from-mozilla.xpi")
	if err := os.WriteFile(name, signed, 0o600); err != nil {
		t.Fatal(err)
	}
	b := &build{options: options{out: dir, version: "1.2.3", hosting: hosting{updateURL: served + "/", signedXPI: name}}}
	if err := b.hostXPI(unsigned); err != nil {
		t.Fatal(err)
	}
	same(t, filepath.Join(dir, "scelle-1.2.3.xpi"), signed)
	if want := fmt.Sprintf(`"update_hash": "sha256:%x"`, sha256.Sum256(signed)); !strings.Contains(string(read(t, dir, "updates.json")), want) {
		t.Errorf("updates.json has no %s", want)
	}
	for what, other := range map[string][]byte{
		"unsigned":    unsigned,
		"other words": zipOf(t, "manifest.json", "{}", "a.js", "b", "empty", "", rsaFile, "s"),
		"more":        zipOf(t, "manifest.json", "{}", "a.js", "a", "empty", "", "b.js", "", rsaFile, "s"),
		"less":        zipOf(t, "manifest.json", "{}", "a.js", "a", rsaFile, "s"),
		"twice":       zipOf(t, "manifest.json", "{}", "a.js", "a", "a.js", "a", "empty", "", rsaFile, "s"),
		"no zip":      []byte("x"),
	} {
		if err := sameButSigned(unsigned, other); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
}

// TestHostedRefusals: what browsers could not use is not made.
func TestHostedRefusals(t *testing.T) {
	_, key := crxKey(t)
	for what, o := range map[string]options{
		"a key, no address":   {hosting: hosting{crxKeyFile: key}},
		"an XPI, no address":  {hosting: hosting{signedXPI: key}},
		"not https":           {hosting: hosting{updateURL: "http://deploiement.exemple.fr/"}},
		"no host":             {hosting: hosting{updateURL: "https:///scelle/"}},
		"a query":             {hosting: hosting{updateURL: served + "?x=1"}},
		"no key there":        {hosting: hosting{updateURL: served, crxKeyFile: key + ".none"}},
		"no XPI there":        {hosting: hosting{updateURL: served, signedXPI: key + ".none"}},
		"an id that is none":  {edgeID: strings.Repeat("z", 32)},
		"an id of two values": {edgeID: strings.Repeat("a", 32) + `"`},
	} {
		o.out, o.version, o.only = t.TempDir(), version.Version, []string{"sums"}
		if err := o.run(); err == nil {
			t.Errorf("%s is accepted", what)
		}
	}
	if err := (options{only: []string{"hosted", "posted"}}).knownSteps(); err == nil || !strings.Contains(err.Error(), "posted") {
		t.Errorf("an unknown step: %v", err)
	}
}
