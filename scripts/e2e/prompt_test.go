package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/journey"
)

// display starts an X server of its own and returns its name.
func display(t *testing.T) string {
	t.Helper()
	read, write, err := os.Pipe()
	must(t, err)
	cmd := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1280x900x24", "-nolisten", "tcp")
	cmd.ExtraFiles = []*os.File{write}
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	must(t, write.Close())
	number, err := bufio.NewReader(read).ReadString('\n')
	must(t, err)
	must(t, read.Close())
	return ":" + strings.TrimSpace(number)
}

// TestPermissionPrompt answers the browser's real prompt, which no headless
// browser shows, with no and with yes. The prompt closes the popup, so the
// worker has to finish what the popup began.
func TestPermissionPrompt(t *testing.T) {
	world := newWorld(t)
	world.Display = display(t)
	w := browseIn(t, world, true)
	must(t, w.GoKeys())
	ask(t, w, "Escape")
	time.Sleep(time.Second)
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Visible("#allow:not(:disabled)")) // the answer was heard: no
	must(t, w.GoKeys())
	must(t, w.Page.Until(`document.querySelector("#assistant").dataset.fault === "extension-missing"`))
	// A prompt that comes late misses the keys: ask again, as a person would.
	for range 3 {
		ask(t, w, "Tab", "space")
		if onlineSoon(w) {
			return
		}
	}
	must(t, w.Online())
}

func onlineSoon(w *journey.Walk) bool {
	var state string
	for range 80 {
		if w.Page.Eval(`document.querySelector("#assistant").dataset.state`, &state) == nil && state == "online" {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

// ask clicks « Autoriser » in the popup and answers the prompt by keys.
func ask(t *testing.T, w *journey.Walk, keys ...string) {
	t.Helper()
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Visible("#allow:not(:disabled)"))
	time.Sleep(time.Second) // without a window manager the popup's focus comes late
	if err := popup.Click("#allow"); err != nil {
		t.Logf("the popup went with the prompt: %v", err)
	}
	time.Sleep(2500 * time.Millisecond) // no protocol tells when a native prompt is up
	for _, key := range keys {
		_, err := w.World.Run("xdotool", "key", key)
		must(t, err)
		time.Sleep(200 * time.Millisecond)
	}
	popup.Close()
}
