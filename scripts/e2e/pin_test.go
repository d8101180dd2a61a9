package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"scelle/scripts/e2e/journey"
	"scelle/scripts/e2e/stack"
	"scelle/shared/protocol"
)

// settledHost starts the host where /etc/scelle/policy.json has that text: in a
// mount namespace of its own, over a copy-on-write /etc, and without a screen,
// so that no program of the computer can ask for a PIN.
const settledHost = `#!/bin/sh
layers=$(mktemp -d "$HOME/etc.XXXXXX")
mkdir "$layers/upper" "$layers/work"
unset DISPLAY WAYLAND_DISPLAY
exec unshare --map-root-user --mount sh -c '
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$0/upper,workdir=$0/work" /etc &&
mkdir -p -m 755 /etc/scelle && cat "$1" >/etc/scelle/policy.json && chmod 644 /etc/scelle/policy.json || exit 1
shift
exec "$@"' "$layers" `

// settleHost registers such a host for the world's browser, with these
// settings of an administrator. It reports whether this system lets it.
func settleHost(t *testing.T, w *stack.World, settings map[string]any) bool {
	t.Helper()
	body, err := json.Marshal(settings)
	must(t, err)
	dir := t.TempDir()
	policy, err := journey.WriteFile(dir, "policy.json", body)
	must(t, err)
	host, err := journey.WriteFile(dir, "host", []byte(settledHost+"'"+policy+"' '"+w.Host+"' \"$@\"\n"))
	must(t, err)
	must(t, os.Chmod(host, 0o700))
	try := exec.Command(host, "version")
	try.Env = append(os.Environ(), w.Env()...)
	if out, err := try.CombinedOutput(); err != nil {
		t.Logf("this system lets nobody make a mount namespace with an overlay: %v\n%s", err, out)
		return false
	}
	file := filepath.Join(w.UserDataDir, "NativeMessagingHosts", protocol.HostName+".json")
	raw, err := os.ReadFile(file)
	must(t, err)
	var manifest map[string]any
	must(t, json.Unmarshal(raw, &manifest))
	manifest["path"] = host
	raw, err = json.Marshal(manifest)
	must(t, err)
	must(t, os.WriteFile(file, raw, 0o600))
	return true
}

// passwordInAssistant: where the administrator allows it, a database's password
// is typed in the assistant's window: a wrong one and one that is too
// long are asked for again, the right one stores the key. Afterwards the host is registered as before.
func passwordInAssistant(t *testing.T, w *journey.Walk) {
	t.Helper()
	if !settleHost(t, w.World, map[string]any{"pinInAssistant": true}) {
		return
	}
	must(t, w.Online())
	a, err := w.StartAdd("Clé du bureau", false)
	must(t, err)
	must(t, a.Click("#mode-local"))
	must(t, a.Fill("#common-name", "Clé du bureau"))
	must(t, a.Click("#use-key"))
	must(t, a.Visible("#pin"))
	must(t, a.Says("section", "Base NSS partagée"))
	must(t, a.Screenshot(filepath.Join(pictures(t), "assistant-password.png")))
	must(t, a.Fill("#pin", "faux"))
	must(t, a.Click("button[type=submit]"))
	must(t, a.Says("#pin-warning", "pas le bon"))
	must(t, a.Screenshot(filepath.Join(pictures(t), "assistant-password-wrong.png")))
	// Of 255 characters, but of more bytes than the host takes: it is not sent.
	must(t, a.Eval(fmt.Sprintf(`document.querySelector("#pin").value = "é".repeat(%d), true`, protocol.MaxPIN), nil))
	must(t, a.Click("button[type=submit]"))
	must(t, a.Says("#pin-warning", "plus long"))
	must(t, a.Screenshot(filepath.Join(pictures(t), "assistant-password-long.png")))
	must(t, a.Fill("#pin", "secret-1"))
	must(t, a.Keys("\r"))
	must(t, a.Visible(".success"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Active("Clé du bureau"))
	must(t, w.World.RegisterHost())
}
