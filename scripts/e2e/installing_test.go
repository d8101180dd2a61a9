package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
)

// faulty waits until the page's status block says what is missing, in the
// words of that fault.
func faulty(t *testing.T, p browser.Page, code, words string) {
	t.Helper()
	must(t, p.Until(`document.querySelector("#assistant").dataset.fault === "`+code+`"`))
	must(t, p.Visible(`#assistant[data-state="offline"] [data-status-remedy]:not([hidden])`))
	must(t, p.Says("#assistant", words))
}

// TestInstallFromThePage has no host: it follows « Afficher plus
// d'informations » to the installer for this system, downloads it, runs the
// commands that the page shows, is led back to the page that was left, and sees
// the status there turn online by itself.
func TestInstallFromThePage(t *testing.T) {
	lengthy(t)
	w := newWorld(t)
	must(t, w.Stock())
	must(t, w.UnregisterHost())
	walk := browse(t, w)
	must(t, walk.GoKeys())
	must(t, walk.Allow())
	faulty(t, walk.Page, "host-missing", "n’est pas installé")
	must(t, walk.Page.Eval("window.asItWas = true", nil))
	must(t, walk.Page.Click("[data-status-more] a"))
	p, err := walk.Browser.(browser.Follower).Opened(w.Origin + "/telechargements")
	must(t, err)
	must(t, p.Visible(`section.mine[data-system="linux"] .button`))
	faulty(t, p, "host-missing", "n’est pas installé")

	offer := `[data-file="` + w.HostFile() + `"] `
	must(t, p.Click(offer+".button"))
	program := filepath.Join(w.Downloads, w.HostFile())
	arrived(t, program)
	fingerprint, err := p.Text(offer + "[data-sha256]")
	must(t, err)
	bytes, err := os.ReadFile(program)
	must(t, err)
	if sum := sha256.Sum256(bytes); hex.EncodeToString(sum[:]) != fingerprint {
		t.Errorf("the page says %s of a file with %x", fingerprint, sum)
	}
	commands, err := p.Text(offer + "pre")
	must(t, err)
	// The commands as they stand; only the browser's profile is not where
	// browsers have theirs.
	script := "set -e; cd " + w.Downloads + "\n" + strings.TrimSpace(commands) + " --browser chromium --user-data-dir " + w.UserDataDir
	said, err := w.Run("sh", "-c", script)
	must(t, err)
	t.Logf("%s", said)
	must(t, p.Visible("#back button"))
	must(t, p.Screenshot(filepath.Join(pictures(t), "back.png")))
	must(t, p.CloseBy("#back button"))
	must(t, walk.Online())
	must(t, walk.Page.Until("window.asItWas"))
	must(t, walk.AddLocal("Clé de Camille Lefort", false))
}

// arrived waits until a download is complete: Chromium gives a file its name
// at the end.
func arrived(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(browser.Patience); ; time.Sleep(50 * time.Millisecond) {
		if _, err := os.Stat(path); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not arrive", path)
		}
	}
}

// TestHostComesAndGoes: the page follows by itself, without a reload.
func TestHostComesAndGoes(t *testing.T) {
	lengthy(t)
	w := ready(t)
	must(t, w.Page.Eval("window.sameDocument = true", nil))
	for range 2 {
		must(t, w.World.UnregisterHost())
		faulty(t, w.Page, "host-missing", "n’est pas installé")
		must(t, w.World.RegisterHost())
		must(t, w.Online())
	}
	must(t, w.Page.Until("window.sameDocument"))
}

// buildHost builds the host with parts of one source file replaced: an older
// or newer one than the extension, or one on another kind of computer.
func buildHost(t *testing.T, file string, replace ...string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("../..", file))
	must(t, err)
	source, err := os.ReadFile(path)
	must(t, err)
	changed := strings.NewReplacer(replace...).Replace(string(source))
	if changed == string(source) {
		t.Fatalf("%s has nothing to replace", file)
	}
	dir := t.TempDir()
	other, err := journey.WriteFile(dir, "source.go", []byte(changed))
	must(t, err)
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{path: other}})
	must(t, err)
	list, err := journey.WriteFile(dir, "overlay.json", overlay)
	must(t, err)
	host := filepath.Join(dir, "scelle")
	out, err := exec.Command("go", "build", "-overlay", list, "-o", host, "scelle/host").CombinedOutput()
	if err != nil {
		t.Fatalf("building the host: %v: %s", err, out)
	}
	return host
}

const versionFile = "shared/version/version.go"

// TestOtherHosts registers hosts, one after the other, that do not fit: the
// page says what is wrong with each, and the current one over it is enough.
func TestOtherHosts(t *testing.T) {
	lengthy(t)
	w := newWorld(t)
	current := w.Host
	walk := browse(t, w)
	must(t, walk.GoKeys())
	must(t, walk.Allow())
	must(t, walk.Online())
	for _, other := range []struct {
		file        string
		changes     []string
		code, words string
		part        string // of the page with the installers
	}{
		// It speaks an older protocol than the extension still does.
		{versionFile, []string{"Protocol = 1", "Protocol = 0", `"0.1.0"`, `"0.0.9"`}, "host-outdated", "trop ancien pour l’extension", "program"},
		// It does not speak the extension's protocol any more, and says so, or
		// the extension sees it in the host's answer.
		{versionFile, []string{"const Protocol = 1", "const Protocol = 3", "MinProtocol = 1", "MinProtocol = 2"}, "extension-outdated", "trop ancienne pour le programme", "extension"},
		// A computer without NSS.
		{"host/internal/keystore/nss/softoken.go", []string{"libsoftokn3.so", "libabsent3.so"}, "store-library-missing", "(NSS) n’est pas installée", "program"},
	} {
		t.Log(other.code)
		w.Host = buildHost(t, other.file, other.changes...)
		must(t, w.RegisterHost())
		faulty(t, walk.Page, other.code, other.words)
		var link string
		must(t, walk.Page.Eval(`document.querySelector("[data-status-more] a").getAttribute("href")`, &link))
		if want := "/telechargements#" + other.part; link != want {
			t.Errorf("the page leads to %s, want %s", link, want)
		}
		w.Host = current
		must(t, w.RegisterHost())
		must(t, walk.Online())
	}
}

// storeFaults shows what is wrong with the database, as it happens and as it
// is mended, on one page that is never reloaded.
func storeFaults(t *testing.T, w *journey.Walk) {
	t.Helper()
	must(t, w.GoKeys())
	must(t, w.Online())
	here := func(answer string) {
		t.Helper()
		must(t, w.Page.Visible(journey.RowOf("Clé de Camille Lefort")+` [data-present="`+answer+`"]`))
	}
	here("yes")

	empty, password := passwordFiles(t)
	setPassword(t, w.World, empty, password)
	faulty(t, w.Page, "store-locked", "verrouillé par un mot de passe")
	passwordInAssistant(t, w)
	setPassword(t, w.World, password, empty)
	must(t, w.Online())

	key := filepath.Join(w.World.StoreDir(), "key4.db")
	whole, err := os.ReadFile(key)
	must(t, err)
	must(t, os.WriteFile(key, []byte("ceci n’est plus une base SQLite, depuis ce matin"), 0o600))
	faulty(t, w.Page, "store-damaged", "endommagé")
	must(t, os.WriteFile(key, whole, 0o600))
	must(t, w.Online())

	// Without a database there is nothing wrong: one is made with the first
	// key. But the registered key is not on this computer any more.
	aside := w.World.StoreDir() + ".aside"
	must(t, os.Rename(w.World.StoreDir(), aside))
	must(t, w.GoKeys())
	must(t, w.Online())
	here("no")
	must(t, os.Rename(aside, w.World.StoreDir()))
	must(t, w.GoKeys())
	here("yes")
}

// passwordFiles are an empty password and one that is not, as certutil takes
// them.
func passwordFiles(t *testing.T) (empty, password string) {
	t.Helper()
	dir := t.TempDir()
	empty, err := journey.WriteFile(dir, "empty", []byte("\n"))
	must(t, err)
	password, err = journey.WriteFile(dir, "password", []byte("secret-1\n"))
	must(t, err)
	return empty, password
}

func setPassword(t *testing.T, w *stack.World, from, to string) {
	t.Helper()
	_, err := w.Run("certutil", "-W", "-d", "sql:"+w.StoreDir(), "-f", from, "-@", to)
	must(t, err)
}
