package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/browser"
	"scelle/scripts/e2e/journey"
)

// keepsABackup registers a key with its protected copy, reads the copy with
// OpenSSL and on « Tester ma sauvegarde », loses the key, brings it back, and
// looks for the words in everything that is left on the disk and in the page.
func keepsABackup(t *testing.T, w *journey.Walk) {
	t.Helper()
	const name = "Clé gardée"
	must(t, w.GoKeys())
	a, err := w.StartAdd(name, false)
	must(t, err)
	must(t, a.Click("#backup"))
	must(t, a.Click("#use-key"))
	must(t, a.Visible("#save-copy"))
	must(t, w.Active(name))
	var words []string
	must(t, a.Eval(`[...document.querySelectorAll(".screen .words b")].map((e) => e.innerText)`, &words))
	if len(words) != 12 {
		t.Fatalf("the words are %q", words)
	}
	must(t, a.Click("#save-copy"))
	must(t, a.Visible(".allowed"))
	var page string
	must(t, w.Page.Eval(`document.documentElement.outerHTML`, &page))
	for _, word := range words {
		if strings.Contains(page, ">"+word+"<") {
			t.Errorf("the portal's page shows %q", word)
		}
	}
	must(t, a.CloseBy(".actions .button"))
	file := copyOpensWithOpenSSL(t, w, words)
	drilled(t, w, file, words)
	for _, kept := range []string{w.World.Home, w.World.UserDataDir, filepath.Join(w.World.Dir, "portal")} {
		nowhere(t, kept, strings.Join(words[:3], "-"), strings.Join(words[:3], " "))
	}
}

// copyOpensWithOpenSSL finds the copy in the downloads and opens it.
func copyOpensWithOpenSSL(t *testing.T, w *journey.Walk, words []string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(w.World.Downloads, "*", "Sauvegarde Clé gardée*.p12"))
	must(t, err)
	if len(found) != 1 {
		t.Fatalf("the downloads hold %q", found)
	}
	secret := filepath.Join(t.TempDir(), "mots")
	must(t, os.WriteFile(secret, []byte(strings.Join(words, "-")), 0o600))
	out, err := w.World.Run("openssl", "pkcs12", "-in", found[0], "-passin", "file:"+secret, "-nodes")
	must(t, err)
	if !strings.Contains(out, "BEGIN PRIVATE KEY") || !strings.Contains(out, "Clé gardée") && !strings.Contains(out, "CN = Cl") {
		t.Errorf("openssl reads %s", out)
	}
	return found[0]
}

// drilled tests the copy with a slip first, then without the key in the store.
func drilled(t *testing.T, w *journey.Walk, file string, words []string) {
	t.Helper()
	p, err := w.Browser.Open(w.Browser.ExtensionURL("app/backup.html"))
	must(t, err)
	defer p.Close()
	page, ok := p.(browser.Dropper)
	if !ok {
		t.Fatalf("%T takes no dropped files", p)
	}
	must(t, page.Drop("#pick", file))
	must(t, p.Visible(".picked"))
	must(t, p.Click("#word-1"))
	must(t, p.Keys(strings.Join(words[:11], " ")+" "+words[11]+"q"))
	must(t, p.Click("button[type=submit]"))
	must(t, p.Visible(`#word-12[aria-invalid="true"]`))
	must(t, p.Fill("#word-12", words[11]))
	must(t, p.Click("button[type=submit]"))
	must(t, p.Visible(".success"))
	must(t, p.Says(".facts-list", "c’est la même clé que dans le magasin"))
	_, err = w.World.Run("certutil", "-F", "-d", "sql:"+w.World.StoreDir(), "-n", "Clé gardée")
	must(t, err)
	must(t, p.Reload())
	must(t, page.Drop("#pick", file))
	must(t, p.Visible(".picked"))
	must(t, p.Click("#word-1"))
	must(t, p.Keys(strings.ToUpper(strings.Join(words, " "))))
	must(t, p.Click("button[type=submit]"))
	must(t, p.Click("#use-key"))
	must(t, p.Says(".success", "de nouveau sur cet ordinateur"))
	if held := inStore(t, w); !strings.Contains(held, "Clé gardée") {
		t.Errorf("the store holds %s", held)
	}
}

// nowhere fails when a file below a folder holds one of the texts.
func nowhere(t *testing.T, folder string, texts ...string) {
	t.Helper()
	read := 0
	must(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // a running browser's files come and go
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		read++
		for _, text := range texts {
			wide := []byte{}
			for _, b := range []byte(text) {
				wide = append(wide, b, 0)
			}
			if bytes.Contains(data, []byte(text)) || bytes.Contains(data, wide) {
				t.Errorf("%s holds words of a backup", path)
			}
		}
		return nil
	}))
	if read == 0 {
		t.Errorf("%s holds no file", folder)
	}
}
