package extension

import (
	"encoding/json"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/shared/protocol"
	"scelle/shared/version"
)

type manifest struct {
	Version       string
	Key           string
	MinimumChrome string `json:"minimum_chrome_version"`
	DefaultLocale string `json:"default_locale"`
	Permissions   []string
	Optional      []string          `json:"optional_host_permissions"`
	Hosts         []string          `json:"host_permissions"`
	Connectable   any               `json:"externally_connectable"`
	CSP           map[string]string `json:"content_security_policy"`
	Icons         map[string]string
	Action        struct {
		DefaultPopup string `json:"default_popup"`
	}
	Background struct {
		ServiceWorker string `json:"service_worker"`
		Scripts       []string
	}
	Resources []struct {
		Resources, Matches []string
		Dynamic            bool `json:"use_dynamic_url"`
	} `json:"web_accessible_resources"`
	Settings struct {
		Gecko struct {
			ID  string
			Min string `json:"strict_min_version"`
		}
	} `json:"browser_specific_settings"`
}

func manifestOf(t *testing.T, b Browser, demo bool) manifest {
	t.Helper()
	text, err := Manifest(b, demo)
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := fs.ReadFile(Files(), name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestManifestNamesFiles: what the manifest refers to is embedded.
func TestManifestNamesFiles(t *testing.T) {
	for _, b := range Browsers() {
		m := manifestOf(t, b, false)
		names := append([]string{m.Action.DefaultPopup}, m.Background.Scripts...)
		names = append(names, "_locales/"+m.DefaultLocale+"/messages.json")
		if m.Background.ServiceWorker != "" {
			names = append(names, m.Background.ServiceWorker)
		}
		for _, r := range m.Resources {
			names = append(names, r.Resources...)
		}
		for _, icon := range m.Icons {
			names = append(names, icon)
		}
		if len(m.Icons) == 0 {
			t.Errorf("%s: no icons", b)
		}
		for _, n := range names {
			if n != "app/wasm_exec.js" && read(t, n) == "" { // that one is the build's
				t.Errorf("%s: %s is empty", b, n)
			}
		}
	}
}

func TestIdentity(t *testing.T) {
	chrome, firefox := manifestOf(t, Chrome, false), manifestOf(t, Firefox, false)
	if chrome.Key != protocol.ChromeKey || chrome.Settings.Gecko.ID != "" {
		t.Error("chrome has not its own id")
	}
	if firefox.Settings.Gecko.ID != protocol.FirefoxID || firefox.Key != "" {
		t.Error("firefox has not its own id")
	}
	for _, m := range []manifest{chrome, firefox} {
		if m.Version != version.Version {
			t.Errorf("version %s", m.Version)
		}
	}
	if chrome.MinimumChrome == "" || firefox.Settings.Gecko.Min == "" {
		t.Error("no minimum version")
	}
}

// TestPowers holds the manifest to the powers that the README justifies.
func TestPowers(t *testing.T) {
	want := []string{"activeTab", "downloads", "nativeMessaging", "scripting", "storage", "unlimitedStorage"}
	for _, b := range Browsers() {
		m := manifestOf(t, b, false)
		if !slices.Equal(m.Permissions, want) {
			t.Errorf("%s: permissions %v", b, m.Permissions)
		}
		if len(m.Hosts) > 0 || !slices.Equal(m.Optional, []string{"https://*/*"}) {
			t.Errorf("%s: hosts %v, optional %v", b, m.Hosts, m.Optional)
		}
		if m.Connectable != nil {
			t.Errorf("%s: externally connectable", b)
		}
		if len(m.Resources) != 1 || !slices.Equal(m.Resources[0].Resources, []string{"app/bridge.html"}) || !slices.Equal(m.Resources[0].Matches, m.Optional) {
			t.Errorf("%s: web accessible %v", b, m.Resources)
		}
		if m.Resources[0].Dynamic != (b == Chrome) {
			t.Errorf("%s: use_dynamic_url %v", b, m.Resources[0].Dynamic)
		}
		csp := m.CSP["extension_pages"]
		if !strings.HasPrefix(csp, "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';") || strings.Contains(csp, "unsafe-inline") || strings.Contains(csp, "http") {
			t.Errorf("%s: CSP %s", b, csp)
		}
	}
}

func TestDemoAddsLoopbackOnly(t *testing.T) {
	for _, b := range Browsers() {
		m := manifestOf(t, b, true)
		want := []string{"https://*/*", "http://127.0.0.1/*", "http://localhost/*"}
		if !slices.Equal(m.Optional, want) || !slices.Equal(m.Resources[0].Matches, want) {
			t.Errorf("%s: %v, %v", b, m.Optional, m.Resources[0].Matches)
		}
	}
}

// TestWorkerFiles: Chromium's importScripts and Firefox's list are the same.
func TestWorkerFiles(t *testing.T) {
	call := regexp.MustCompile(`importScripts\((.*)\);`).FindStringSubmatch(read(t, "worker/worker.js"))
	if call == nil {
		t.Fatal("worker.js has no importScripts")
	}
	var loaded []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(call[1], -1) {
		loaded = append(loaded, path.Join("worker", m[1]))
	}
	loaded = append(loaded, "worker/worker.js")
	if got := manifestOf(t, Firefox, false).Background.Scripts; !slices.Equal(got, loaded) {
		t.Errorf("Firefox loads %v, Chromium %v", got, loaded)
	}
}

func scripts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := fs.WalkDir(Files(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".js") && name != "app/wasm_exec.js" {
			out[name] = read(t, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 10 {
		t.Fatalf("only %d scripts", len(out))
	}
	return out
}

// TestGlueRules are the rules that reviewers would otherwise have to repeat.
func TestGlueRules(t *testing.T) {
	never := []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "onMessageExternal", "onConnectExternal", "XMLHttpRequest", "http://"}
	for name, text := range scripts(t) {
		for _, word := range never {
			if strings.Contains(text, word) && name != "app/seclude.js" { // which takes them away
				t.Errorf("%s uses %s", name, word)
			}
		}
		for _, word := range []string{"connectNative", "sendNativeMessage"} {
			if strings.Contains(text, word) && name != "app/native.js" {
				t.Errorf("%s uses %s; only app/native.js may", name, word)
			}
		}
		loads := []string{"app/boot.js", "app/crypto-worker.js", "app/verify-worker.js", "worker/update.js"} // their own modules, and the publisher's manifest
		if strings.Contains(text, "fetch(") && !slices.Contains(loads, name) {
			t.Errorf("%s makes requests", name)
		}
		if n := strings.Count(text, "\n"); n > 450 && !strings.HasPrefix(text, "// Code generated ") {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}

// TestDocumentsStayOffline: a build that looks for updates lets the worker ask
// for them, and nothing else of the extension for anything.
func TestDocumentsStayOffline(t *testing.T) {
	documents := 0
	err := fs.WalkDir(Files(), "app", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, ".html") {
			documents++
			head, _, _ := strings.Cut(read(t, name), "<script")
			if !strings.Contains(head, `<meta http-equiv="Content-Security-Policy" content="connect-src 'self'">`) {
				t.Errorf("%s may make requests", name)
			}
		}
		return err
	})
	if err != nil || documents < 4 {
		t.Errorf("%d documents, %v", documents, err)
	}
	for _, name := range []string{"app/crypto-worker.js", "app/digest-worker.js"} {
		if !strings.Contains(read(t, name), `"seclude.js"`) {
			t.Errorf("%s may make requests", name)
		}
	}
}

// TestNoTestsInside: tests, their fakes and npm's files stay outside.
func TestNoTestsInside(t *testing.T) {
	for name, text := range scripts(t) {
		if strings.Contains(name, "test") || strings.Contains(text, "node:") {
			t.Errorf("%s is embedded", name)
		}
	}
	for _, name := range []string{"test", "node_modules", "tsconfig.json", "package.json"} {
		if _, err := fs.Stat(Files(), name); err == nil {
			t.Errorf("%s is embedded", name)
		}
	}
}

// TestLocales: both languages have the same strings, within the stores' limits.
func TestLocales(t *testing.T) {
	limit := map[string]int{"name": 75, "description": 132, "action": 80}
	used := regexp.MustCompile(`__MSG_(\w+)__`).FindAllStringSubmatch(read(t, "manifest/base.json"), -1)
	if len(used) != len(limit) {
		t.Errorf("the manifest uses %d strings", len(used))
	}
	for _, lang := range []string{"fr", "en"} {
		var messages map[string]struct{ Message, Description string }
		if err := json.Unmarshal([]byte(read(t, "_locales/"+lang+"/messages.json")), &messages); err != nil {
			t.Fatal(err)
		}
		if len(messages) != len(limit) {
			t.Errorf("%s has %d strings", lang, len(messages))
		}
		for _, u := range used {
			m := messages[u[1]]
			if n := len([]rune(m.Message)); n == 0 || n > limit[u[1]] {
				t.Errorf("%s: %s has %d characters", lang, u[1], n)
			}
		}
	}
}

func TestMerge(t *testing.T) {
	parse := func(s string) (v any) {
		if err := json.Unmarshal([]byte(s), &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct{ a, b, want string }{
		{`{"a":{"x":1},"k":1}`, `{"a":{"y":2}}`, `{"a":{"x":1,"y":2},"k":1}`},
		{`{"a":[{"x":1}]}`, `{"a":[{"y":2}]}`, `{"a":[{"x":1,"y":2}]}`},
		{`{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`},
		{`{"a":1}`, `{"a":"s"}`, `{"a":"s"}`},
		{`{}`, `{"a":{"b":[1]}}`, `{"a":{"b":[1]}}`},
	} {
		got, err := json.Marshal(merge(parse(c.a), parse(c.b)))
		if err != nil || string(got) != c.want {
			t.Errorf("%s + %s = %s, want %s (%v)", c.a, c.b, got, c.want, err)
		}
	}
}
