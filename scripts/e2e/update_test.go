package e2e

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/update"
)

// publisher serves update.json and packages on loopback.
type publisher struct {
	*httptest.Server
	key, foreign ed25519.PrivateKey
	mu           sync.Mutex
	files        map[string][]byte
	asked        []string
}

// newSecurePublisher serves the same over https, by a certificate of an
// authority that a Firefox profile knows.
func newSecurePublisher(t *testing.T, profile string) *publisher {
	t.Helper()
	ca := certtest.NewCA(t, "AC du service informatique")
	trustIn(t, profile, ca)
	p := newPublisher(t)
	p.Server.Close()
	p.Server = httptest.NewUnstartedServer(p)
	p.Server.TLS = &tls.Config{Certificates: []tls.Certificate{serverCertificate(t, ca)}}
	p.Server.StartTLS()
	return p
}

func newPublisher(t *testing.T) *publisher {
	p := &publisher{files: map[string][]byte{}}
	p.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	p.foreign = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	p.Server = httptest.NewServer(p)
	t.Cleanup(func() { p.Close() })
	return p
}

// ServeHTTP answers as a department's server is asked to: any origin may read.
func (p *publisher) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	name := strings.TrimPrefix(r.URL.Path, "/")
	p.asked = append(p.asked, name)
	w.Header().Set("Access-Control-Allow-Origin", "*")
	data, ok := p.files[name]
	if !ok || r.Header.Get("Cookie") != "" || r.Header.Get("Referer") != "" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(data)
}

func (p *publisher) put(name string, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.files[name] = data
}

// requests is how often a file was asked for.
func (p *publisher) requests(name string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, asked := range p.asked {
		if asked == name {
			n++
		}
	}
	return n
}

// manifest offers a package for this computer, issued some minutes from the
// test's beginning.
func (p *publisher) manifest(version string, minutes int, pkg []byte) update.Manifest {
	at := time.Now().Add(-time.Hour + time.Duration(minutes)*time.Minute)
	sum := sha256.Sum256(pkg)
	return update.Manifest{
		Product: update.Product, Version: version, Floor: "0.0.1", Issued: update.Moment(at), Expires: update.Moment(at.Add(24 * time.Hour)),
		Packages: []update.Package{{Kind: update.Deb, OS: runtime.GOOS, Arch: runtime.GOARCH, Name: "scelle_" + version + "_test.deb", Size: int64(len(pkg)), SHA256: hex.EncodeToString(sum[:])}},
	}
}

func signed(t *testing.T, m update.Manifest, key ed25519.PrivateKey) []byte {
	t.Helper()
	data, err := update.Sign(m, key)
	must(t, err)
	return data
}

// extendIn has a world's browser load an extension that looks there, packed
// from the built modules.
func (p *publisher) extendIn(t *testing.T, w *stack.World) {
	t.Helper()
	out := filepath.Join(w.Dir, "extension")
	public := hex.EncodeToString(p.key.Public().(ed25519.PublicKey))
	other := hex.EncodeToString(bytes.Repeat([]byte{1}, ed25519.PublicKeySize)) // the one before it
	cmd := exec.Command("go", "run", "./scripts/pack", "-out", out, "-wasm", modules("build"), "-demo", "-packages-url", p.URL+"/", "-update-keys", other+","+public)
	cmd.Dir = filepath.Join("..", "..")
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("pack: %v\n%s", err, said)
	}
	w.Extension, w.Firefox = filepath.Join(out, "chrome"), filepath.Join(out, "firefox")
}

// updateOf is what a portal's page is told.
func updateOf(t *testing.T, w *journey.Walk) string {
	t.Helper()
	var version string
	must(t, w.Page.Eval(`import("/scelle.js").then(m => m.scelle.status()).then(s => s.update?.host ?? "")`, &version))
	return version
}

// offer lays out a newer host and returns its manifest.
func (p *publisher) offer(t *testing.T, pkg []byte) update.Manifest {
	t.Helper()
	m := p.manifest("9.1.0", 10, pkg)
	p.put(update.FileName, signed(t, m, p.key))
	p.put(m.Packages[0].Name, pkg)
	return m
}

// TestUpdate: a newer host is announced in page and popup, and comes with one
// click; a manifest or package that is not what the publisher signed changes
// nothing.
func TestUpdate(t *testing.T) {
	lengthy(t)
	p := newPublisher(t)
	world := newWorld(t)
	p.extendIn(t, world)
	pkg := bytes.Repeat([]byte("a newer host\n"), 300_000)
	newer := p.offer(t, pkg)
	w := browseIn(t, world, false)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())

	must(t, w.Page.Says("[data-status-remedy]", "9.1.0"))
	if got := updateOf(t, w); got != "9.1.0" {
		t.Errorf("the page is told %q", got)
	}
	popup := openPopup(t, w)
	must(t, popup.Says("#update", "Mise à jour disponible"))
	must(t, popup.Click("#fetch-update"))
	must(t, popup.Says("#update-saved", "apt install ./"+newer.Packages[0].Name))
	if dir := os.Getenv("SCELLE_PICTURES"); dir != "" {
		must(t, popup.Screenshot(filepath.Join(dir, "update.png")))
	}
	onlyDownload(t, w, newer.Packages[0].Name, pkg)
	before := remembered(t, popup)
	must(t, popup.Shut())

	for _, c := range refusedManifests(t, p, newer, pkg) {
		p.put(update.FileName, c.file)
		popup := openPopup(t, w)
		must(t, popup.Click("#update-fault summary"))
		must(t, popup.Says("#update-fault .code", string(c.want)))
		if now := remembered(t, popup); now != before {
			t.Errorf("%s changed %s to %s", c.name, before, now)
		}
		must(t, popup.Gone("#fetch-update"))
		must(t, popup.Shut())
		if got := updateOf(t, w); got != "9.1.0" {
			t.Errorf("after %s the page is told %q", c.name, got)
		}
	}
	onlyDownload(t, w, newer.Packages[0].Name, pkg)
	damagedPackage(t, w, p)
	onlyDownload(t, w, newer.Packages[0].Name, pkg)
	if n := leftovers(t, w); n != 0 {
		t.Errorf("%d files are left in quarantine", n)
	}
	askedBackground := p.requests(update.FileName)
	for range 3 {
		updateOf(t, w)
		time.Sleep(1100 * time.Millisecond) // answers are shared for a second
	}
	if n := p.requests(update.FileName); n != askedBackground {
		t.Errorf("pages had the address asked %d times more within a day", n-askedBackground)
	}
}

func openPopup(t *testing.T, w *journey.Walk) browser.Page {
	t.Helper()
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	return popup
}

type refusedManifest struct {
	name string
	file []byte
	want fault.Code
}

// refusedManifests would all bring another package if they counted.
func refusedManifests(t *testing.T, p *publisher, newer update.Manifest, pkg []byte) []refusedManifest {
	t.Helper()
	next := p.manifest("9.2.0", 20, pkg)
	good := signed(t, next, p.key)
	expired := next
	expired.Issued, expired.Expires = update.Moment(time.Now().Add(-48*time.Hour)), update.Moment(time.Now().Add(-time.Minute))
	older := p.manifest("9.2.0", 2, pkg) // the test takes minutes on a busy machine
	var f map[string]any
	must(t, json.Unmarshal(good, &f))
	unsigned := fmt.Sprintf("{\n  \"format\": 1,\n  \"signed\": %q,\n  \"signatures\": []\n}\n", f["signed"])
	if older.Issued >= newer.Issued {
		t.Fatal("the older manifest is not older")
	}
	return []refusedManifest{
		{"an older manifest", signed(t, older, p.key), fault.UpdateOld},
		{"a foreign key", signed(t, next, p.foreign), fault.UpdateUnsigned},
		{"a truncated manifest", good[:len(good)-40], fault.UpdateUnreadable},
		{"an expired manifest", signed(t, expired, p.key), fault.UpdateExpired},
		{"an unsigned manifest", []byte(unsigned), fault.UpdateUnsigned},
	}
}

// damagedPackage offers a package with one bit flipped.
func damagedPackage(t *testing.T, w *journey.Walk, p *publisher) {
	t.Helper()
	pkg := bytes.Repeat([]byte("the next host\n"), 1000)
	next := p.manifest("9.3.0", 30, pkg)
	p.put(update.FileName, signed(t, next, p.key))
	flipped := bytes.Clone(pkg)
	flipped[777] ^= 1
	p.put(next.Packages[0].Name, flipped)
	popup := openPopup(t, w)
	must(t, popup.Says("#update", "9.3.0"))
	must(t, popup.Click("#fetch-update"))
	must(t, popup.Says("#fault .code", string(fault.UpdateDamaged)))
	must(t, popup.Shut())
}

// remembered is what the extension keeps of good manifests.
func remembered(t *testing.T, popup browser.Page) string {
	t.Helper()
	var kept string
	must(t, popup.Eval(`chrome.storage.local.get("update").then(({update: {state, version, expires}}) => JSON.stringify([state, version, expires]))`, &kept))
	return kept
}

// onlyDownload holds the download folder to one file with these bytes.
func onlyDownload(t *testing.T, w *journey.Walk, name string, want []byte) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.World.Downloads, "*"))
	must(t, err)
	if len(found) != 1 || filepath.Base(found[0]) != name {
		t.Fatalf("the downloads hold %q", found)
	}
	got, err := os.ReadFile(found[0])
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Errorf("%s has other bytes", name)
	}
}
