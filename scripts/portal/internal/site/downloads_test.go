package site

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// installers are files as the packages are named, in a directory with others
// that are not to be given out.
func installers(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("content of "+name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var (
	everyInstaller = []string{
		"scelle-setup-0.1.0.exe", "scelle-0.1.0.msi", "scelle-windows-arm64.exe", "scelle-0.1.0-macos.zip", "scelle_0.1.0_amd64.deb", "scelle-0.1.0-1.x86_64.rpm",
		"scelle-linux-amd64", "scelle-linux-arm64", "scelle-extension-chrome.zip", "scelle-firefox-0.1.0.zip",
	}
	notOffered = []string{"scelle-linux-amd64.sig", "portal", "portal.db", "notes.txt", "scelle-sources.zip", "scelle-0.1.0.cdx.json", "SHA256SUMS", ".scelle-linux-amd64"}
)

const (
	onLinux   = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
	onWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	onMac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"
	onPhone   = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
)

// offers are the files that the installers' page shows, in order.
func offers(t *testing.T, p *portal, agent string, more ...string) ([]string, string) {
	t.Helper()
	header := http.Header{"User-Agent": {agent}, "Accept-Language": {"fr"}}
	for i := 0; i < len(more); i += 2 {
		header.Set(more[i], more[i+1])
	}
	_, body := newClient(t, p.url).send(http.MethodGet, "/telechargements", nil, header)
	var names []string
	for _, found := range regexp.MustCompile(`data-file="([^"]+)"`).FindAllStringSubmatch(string(body), -1) {
		names = append(names, found[1])
	}
	return names, string(body)
}

// TestInstallers is the page as each visitor sees it: his system first, then
// the others, and the extension of his browser first.
func TestInstallers(t *testing.T) {
	p := newPortal(t)
	p.config.Installers = installers(t, slices.Concat(everyInstaller, notOffered)...)
	p.restart(t)
	windows, mac := []string{"scelle-setup-0.1.0.exe", "scelle-0.1.0.msi", "scelle-windows-arm64.exe"}, []string{"scelle-0.1.0-macos.zip"}
	linux := []string{"scelle_0.1.0_amd64.deb", "scelle-0.1.0-1.x86_64.rpm", "scelle-linux-amd64", "scelle-linux-arm64"}
	chrome, firefox := []string{"scelle-extension-chrome.zip"}, []string{"scelle-firefox-0.1.0.zip"}
	for name, test := range map[string]struct {
		agent string
		more  []string
		want  []string
	}{
		"Linux":                {onLinux, nil, slices.Concat(linux, windows, mac, chrome, firefox)},
		"Windows with Firefox": {onWindows, nil, slices.Concat(windows, mac, linux, firefox, chrome)},
		"macOS":                {onMac, nil, slices.Concat(mac, windows, linux, chrome, firefox)},
		"a hint goes first":    {onLinux, []string{"Sec-CH-UA-Platform", `"macOS"`}, slices.Concat(mac, windows, linux, chrome, firefox)},
		"a telephone":          {onPhone, nil, slices.Concat(windows, mac, linux, chrome, firefox)},
		"nothing said":         {"", []string{"Sec-CH-UA-Platform", `"Chrome OS"`}, slices.Concat(windows, mac, linux, chrome, firefox)},
	} {
		got, body := offers(t, p, test.agent, test.more...)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
		for _, offered := range test.want {
			if !strings.Contains(body, sha256Hex([]byte("content of "+offered))) {
				t.Errorf("%s: %s has no fingerprint", name, offered)
			}
		}
	}
	if _, body := offers(t, p, onLinux); !strings.Contains(body, "chmod &#43;x scelle-linux-amd64\n./scelle-linux-amd64 install") && !strings.Contains(body, "chmod +x scelle-linux-amd64\n./scelle-linux-amd64 install") {
		t.Errorf("the commands of the program alone are not shown: %s", body)
	}
}

// TestNoInstaller is a system for which there is nothing: the page says so,
// and what there is.
func TestNoInstaller(t *testing.T) {
	p := newPortal(t)
	p.config.Installers = installers(t, "scelle-linux-amd64")
	p.restart(t)
	if got, body := offers(t, p, onWindows); !slices.Equal(got, []string{"scelle-linux-amd64"}) || !strings.Contains(body, "pas de programme pour Windows, votre système") || !strings.Contains(body, "Ce qui est proposé ici\u00a0: Linux.") || !strings.Contains(body, "ne propose pas l’extension") {
		t.Errorf("%v in %s", got, body)
	}
	for _, dir := range []string{"", t.TempDir(), filepath.Join(t.TempDir(), "absent")} {
		p.config.Installers = dir
		p.restart(t)
		if got, body := offers(t, p, onMac); len(got) != 0 || !strings.Contains(body, "pas de programme pour macOS, votre système") || !strings.Contains(body, "Aucun programme n’est proposé ici") {
			t.Errorf("%q: %v in %s", dir, got, body)
		}
	}
}

// TestInstallerFiles gives out what the page shows, and nothing else of the
// directory or of the disk.
func TestInstallerFiles(t *testing.T) {
	p := newPortal(t)
	dir := installers(t, slices.Concat(everyInstaller, notOffered)...)
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "scelle-0.2.0.msi")); err != nil {
		t.Fatal(err)
	}
	p.config.Installers = dir
	p.restart(t)
	c := newClient(t, p.url)
	for _, name := range everyInstaller {
		response, body := c.send(http.MethodGet, "/telechargements/"+name, nil, http.Header{})
		h := response.Header
		if response.StatusCode != 200 || string(body) != "content of "+name || h.Get("Content-Disposition") != "attachment; filename="+name || h.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%s: %d %q %v", name, response.StatusCode, body, h)
		}
	}
	for _, name := range slices.Concat(notOffered, []string{"scelle-0.2.0.msi", "..%2f..%2fetc%2fpasswd", "%2e%2e", "scelle-linux-amd64%00", "scelle-none.exe"}) {
		if response, body := c.send(http.MethodGet, "/telechargements/"+name, nil, http.Header{}); response.StatusCode != 404 {
			t.Errorf("%s: %d %.40q", name, response.StatusCode, body)
		}
	}
}

// TestChangedInstaller is a build that replaces a file: the page shows the
// fingerprint of what is given out now.
func TestChangedInstaller(t *testing.T) {
	p := newPortal(t)
	dir := installers(t, "scelle-linux-amd64")
	p.config.Installers = dir
	p.restart(t)
	_, before := offers(t, p, onLinux)
	if err := os.WriteFile(filepath.Join(dir, "scelle-linux-amd64"), []byte("another build"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, after := offers(t, p, onLinux)
	if want := sha256Hex([]byte("another build")); strings.Contains(before, want) || !strings.Contains(after, want) {
		t.Error("the page shows the fingerprint of the older file")
	}
}
