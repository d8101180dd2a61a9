package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// TestWindowsHost walks both cases and an opening with the Windows executable,
// its certificate store and its registry: Linux's Chromium starts it in Wine.
func TestWindowsHost(t *testing.T) {
	world := newWorld(t)
	inWine(t, world)
	w := browse(t, world)
	must(t, w.GoKeys())
	must(t, w.Allow())
	must(t, w.Online())

	const existing = "Certificat d'été de Camille"
	must(t, w.MakeCertificate(existing))
	must(t, w.AddExisting("Certificat déjà présent", existing))
	must(t, w.AddServer("Secours de la voirie", "Clé de secours - voirie", true))
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	for name, state := range portalKeys(t, w) {
		if state != "active" {
			t.Errorf("the key %q is %s", name, state)
		}
	}
	names := windowsKeys(t, world)
	for _, want := range []string{existing, "Clé de secours - voirie", "Clé de Camille Lefort"} {
		if !names[want] {
			t.Errorf("the Windows store has no %q: %v", want, names)
		}
	}

	file, err := journey.WriteFile(world.Home, "offre technique.txt", []byte("Offre technique de Bâti-Loire SARL.\n"))
	must(t, err)
	must(t, w.Login(journey.Company))
	must(t, w.Deposit(file))
	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	must(t, w.OpenPlis(true))
	handedOver(t, w)
	windowsRegistration(t, world)
	w.Browser.Close()
	nothingSaid(t, world)
}

func words(world *stack.World) string { return filepath.Join(world.Dir, "host.log") }

// inWine makes the world's host the Windows executable, in a Windows of its
// own, started by a script. The manifest is the one that the Linux host wrote,
// with that script as its program.
func inWine(t *testing.T, world *stack.World) {
	t.Helper()
	exe := filepath.Join(world.Dir, "scelle.exe")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w "+version.HostLinkFlags, "-o", exe, "./host")
	build.Dir = "../.."
	build.Env = append(os.Environ(), "GOOS=windows", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building for Windows: %v\n%s", err, out)
	}
	prefix := startWine(t, world)
	scripts, err := filepath.Abs("../wine")
	must(t, err)
	host := filepath.Join(world.Dir, "scelle-in-wine")
	// Wine finds its server below the temporary folder: the browser's own one
	// would give the host another server, and with it another registry.
	must(t, os.WriteFile(host, fmt.Appendf(nil, "#!/bin/sh\nexport TMPDIR='%s' WINEPREFIX='%s'\n. '%s/env.sh'\nexec wine '%s' \"$@\" 2>>'%s'\n",
		os.TempDir(), prefix, scripts, exe, words(world)), 0o700))

	manifest := filepath.Join(world.UserDataDir, "NativeMessagingHosts", protocol.HostName+".json")
	raw, err := os.ReadFile(manifest)
	must(t, err)
	var content map[string]any
	must(t, json.Unmarshal(raw, &content))
	if content["path"] == nil {
		t.Fatalf("no path in %s", raw)
	}
	content["path"] = host
	raw, err = json.Marshal(content)
	must(t, err)
	must(t, os.WriteFile(manifest, raw, 0o600))
	world.Host = host
}

// startWine makes the Windows and keeps its server warm until the test ends.
func startWine(t *testing.T, world *stack.World) string {
	t.Helper()
	prefix := filepath.Join(world.Dir, "wine")
	if out, err := exec.Command("sh", "../wine/prefix.sh", prefix).CombinedOutput(); err != nil {
		t.Fatalf("prefix.sh: %v\n%s", err, out)
	}
	env := append(os.Environ(), world.Env()...)
	env = append(env, "WINEPREFIX="+prefix)
	server := exec.Command("wineserver", "-f", "-p")
	server.Env = env
	must(t, server.Start())
	t.Cleanup(func() {
		end := exec.Command("wineserver", "-k") // this prefix's only, with its programs
		end.Env = env
		if err := end.Run(); err != nil {
			t.Errorf("wineserver -k: %v", err)
		}
		_ = server.Wait()
	})
	// Windows's services start here, without a pipe of this test's: they would
	// keep it open.
	warm := exec.Command("sh", "../wine/run.sh", "cmd", "/c", "exit")
	warm.Env = env
	must(t, warm.Run())
	return prefix
}

// windowsKeys are the names of the keys that the Windows executable lists.
func windowsKeys(t *testing.T, world *stack.World) map[string]bool {
	t.Helper()
	out, err := world.Run(world.Host, "list", "--json")
	must(t, err)
	var list protocol.ListResult
	must(t, json.Unmarshal([]byte(out), &list))
	names := map[string]bool{}
	for _, c := range list.Certificates {
		if !c.HasKey || !c.Usable || !strings.HasPrefix(c.URI, "capi:store=MY;") {
			t.Errorf("listed %+v", c)
		}
		names[c.Name] = true
	}
	if len(list.Failed) > 0 {
		t.Errorf("failed: %+v", list.Failed)
	}
	return names
}

// windowsRegistration registers and removes the executable as a person on
// Windows does, and looks at the registry with Windows's own program.
func windowsRegistration(t *testing.T, world *stack.World) {
	t.Helper()
	query := func() string {
		c := exec.Command("sh", "../wine/run.sh", "reg", "query", `HKCU\Software\Google\Chrome\NativeMessagingHosts\`+protocol.HostName, "/ve")
		c.Env = append(append(os.Environ(), world.Env()...), "WINEPREFIX="+filepath.Join(world.Dir, "wine"))
		out, _ := c.Output() // fails when there is no such key
		return string(out)
	}
	_, err := world.Run(world.Host, "install", "--browser", "chrome")
	must(t, err)
	if out := query(); !strings.Contains(out, protocol.HostName+".json") {
		t.Errorf("after install the registry says %q", out)
	}
	_, err = world.Run(world.Host, "uninstall")
	must(t, err)
	if out := query(); strings.Contains(out, protocol.HostName+".json") {
		t.Errorf("after uninstall the registry says %q", out)
	}
}

// nothingSaid: what a host says is for developers. A window that was closed
// before its last answer is all that there is to say.
func nothingSaid(t *testing.T, world *stack.World) {
	t.Helper()
	said, err := os.ReadFile(words(world))
	must(t, err)
	for line := range strings.Lines(string(said)) {
		if line != "scelle: answer not sent: write-failed\n" {
			t.Errorf("the host said %q", line)
		}
	}
}
