package firefox

import (
	"bytes"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/scripts/e2e/browser"
)

const form = `<!doctype html><title>form</title>
<input id="name" value="old"><input id="file" type="file" multiple>
<label style="position:relative;z-index:1;margin-left:-2em;padding-left:3em"><input id="choice" type="radio"> choice</label>
<button id="late" disabled>late</button><button id="later" aria-disabled="true">later</button><p id="hidden" hidden>hidden</p>
<script>
  window.told = [];
  for (const type of ["click", "keydown"]) addEventListener(type, (e) => told.push(type + " " + (e.target.id || "-") + " " + e.isTrusted));
  setTimeout(() => (document.querySelector("#late").disabled = false), 300);
  setTimeout(() => document.querySelector("#later").removeAttribute("aria-disabled"), 1000);
</script>`

// TestPage does to a form what the journeys do to pages.
func TestPage(t *testing.T) {
	dir := t.TempDir()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "script-src 'unsafe-inline'") // and no eval
		_, _ = w.Write([]byte(form))
	}))
	defer server.Close()
	f, err := Start(t.Context(), Options{Profile: filepath.Join(dir, "profile"), Env: []string{"HOME=" + dir}})
	must(t, err)
	defer f.Close()
	if running(t, dir) < 2 {
		t.Error("no processes are found, though the browser runs")
	}
	p, err := f.Open(server.URL)
	must(t, err)
	must(t, p.Fill("#name", "Zoé"))
	must(t, p.Keys("\b\b\t"))
	is(t, p, `document.querySelector("#name").value`, "Z")
	is(t, p, `document.activeElement.id`, "file")
	must(t, p.Upload("#file", os.Args[0], os.Args[0]))
	is(t, p, `String(document.querySelector("#file").files.length)`, "2")
	must(t, p.Click("#choice"))
	is(t, p, `String(document.querySelector("#choice").checked)`, "true")
	must(t, p.Visible("#later"))
	must(t, p.Click("#late"))
	is(t, p, `told.at(-1)`, "click late true")
	must(t, p.Click("#later"))
	is(t, p, `String([told.at(-1), document.querySelector("#later").hasAttribute("aria-disabled")])`, "click later true,false")
	is(t, p, `globalThis.kept = 1; "set"`, "set")
	is(t, p, `Promise.resolve(String(window.kept))`, "1")
	if err := p.Eval(`Promise.reject(new Error("no"))`, nil); err == nil {
		t.Error("a rejection is no error")
	}
	must(t, p.Reload())
	is(t, p, `String(told.length)`, "0")
	picture := filepath.Join(dir, "p.png")
	must(t, p.Screenshot(picture))
	file, err := os.Open(picture)
	must(t, err)
	defer file.Close()
	if _, err := png.Decode(file); err != nil {
		t.Error(err)
	}
	f.Close()
	for range 100 {
		if running(t, dir) == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%d processes are left", running(t, dir))
}

// running counts the processes that have a home.
func running(t *testing.T, home string) (n int) {
	t.Helper()
	environs, err := filepath.Glob("/proc/[0-9]*/environ")
	must(t, err)
	for _, name := range environs {
		env, err := os.ReadFile(name) // that of a zombie is empty
		if err == nil && bytes.Contains(env, []byte("HOME="+home+"\x00")) {
			n++
		}
	}
	return n
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, p browser.Page, script, want string) {
	t.Helper()
	var got string
	must(t, p.Eval(script, &got))
	if got != want {
		t.Errorf("%s is %q, want %q", script, got, want)
	}
}
