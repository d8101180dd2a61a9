//go:build linux

package pinentry

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

// TestDialogs: scripts in the place of zenity and kdialog (mocks) are asked
// when no pinentry can ask; their ends mean what those programs mean by them.
func TestDialogs(t *testing.T) {
	for name, c := range map[string]struct {
		zenity, kdialog string // bodies; "" is not installed
		want            string // the PIN
		code            fault.Code
	}{
		"typed":            {"echo 'p%1 é 2'", "", "p%1 é 2", ""},
		"nothing typed":    {"echo", "", "", ""},
		"cancelled":        {"exit 1", "echo 1234", "", fault.PINCancelled},
		"no answer":        {"exit 5", "echo 1234", "", fault.Timeout},
		"no screen":        {"echo 'cannot open display: ' >&2; exit 1", "echo 1234", "1234", ""},
		"another program":  {"exit 255", "echo 1234", "1234", ""},
		"killed":           {"kill -6 $$", "echo 1234", "1234", ""},
		"endless":          {"yes 1234567890", "echo 1234", "1234", ""},
		"kdialog":          {"", "echo 1234", "1234", ""},
		"neither can":      {"exit 2", "exit 254", "", fault.PINPromptMissing},
		"complains a lot":  {"head -c 100000 /dev/zero >&2; echo 1234", "", "1234", ""},
		"none of the two ": {"", "", "", fault.PINPromptMissing},
	} {
		d := newDesk(t)
		d.script(t, "pinentry-gtk-2", "exit 1")
		for program, body := range map[string]string{"zenity": c.zenity, "kdialog": c.kdialog} {
			if body != "" {
				d.script(t, program, `printf '%s\n' "$@" > '`+d.dir+`/`+program+`.args'`+"\n"+body)
			}
		}
		pin, err := New(d.o).PIN(t.Context(), Request{Token: `Anne_\n<b>`, Origin: "https://portail.example", Action: "open", Tries: 1})
		if fault.CodeOf(err) != c.code || string(pin) != c.want {
			t.Errorf("%s: %q, %v", name, pin, err)
		}
		for program, label := range map[string]string{"zenity": `«` + "\u00a0" + `Anne__\\n<b>`, "kdialog": `Anne_\n‹b>`} {
			if !d.ran(program) {
				continue
			}
			told := d.read(t, program+".args")
			for _, part := range []string{label, "https://portail.example", "ouvrir un pli", "Dernier essai"} {
				if !strings.Contains(told, part) {
					t.Errorf("%s: %s was not told %q:\n%s", name, program, part, told)
				}
			}
		}
	}
	d := newDesk(t)
	d.o.Patience, d.o.Start = 50*time.Millisecond, 50*time.Millisecond
	d.script(t, "zenity", "sleep 600")
	_, err := New(d.o).PIN(t.Context(), Request{Token: "x"})
	wantFault(t, "nobody there", err, fault.Timeout)
}

// TestRealZenity types into the real zenity on a screen of its own, and looks
// for the PIN where other programs of the computer could see it.
func TestRealZenity(t *testing.T) {
	for _, program := range []string{"zenity", "Xvfb", "xdotool"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	display := screen(t)
	const secret = "kanari 73-91 pin"
	env := map[string]string{"DISPLAY": display, "LANG": "fr_FR.UTF-8", "LC_ALL": "C.UTF-8", "HOME": t.TempDir()}
	dir := t.TempDir()
	if err := os.Symlink("/usr/bin/zenity", filepath.Join(dir, "zenity")); err != nil {
		t.Fatal(err)
	}
	asker := New(Options{Language: "fr", Dirs: []string{dir}, Getenv: func(n string) string { return env[n] }, Patience: 30 * time.Second})
	type answer struct {
		pin []byte
		err error
	}
	answers := make(chan answer, 1)
	ask := func() {
		pin, err := asker.PIN(t.Context(), Request{Token: "Carte d'Anne", Origin: "https://portail.example", Action: "open", Tries: 1})
		answers <- answer{pin, err}
	}
	go ask()
	xdotool(t, display, "", "search", "--sync", "--onlyvisible", "--name", "Scellé", "windowfocus", "--sync")
	xdotool(t, display, secret, "type", "--file", "-")
	if where := seen(t, secret); where != "" {
		t.Errorf("the PIN is in %s", where)
	}
	xdotool(t, display, "", "key", "Return")
	if a := <-answers; a.err != nil || string(a.pin) != secret {
		t.Errorf("%q, %v", a.pin, a.err)
	}
	go ask()
	xdotool(t, display, "", "search", "--sync", "--onlyvisible", "--name", "Scellé", "windowfocus", "--sync")
	xdotool(t, display, "", "key", "Escape")
	a := <-answers
	wantFault(t, "Escape", a.err, fault.PINCancelled)
}

// screen starts an X server without a screen and returns its display.
func screen(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	server := exec.CommandContext(ctx, "Xvfb", "-displayfd", "3", "-screen", "0", "900x500x24", "-nolisten", "tcp")
	server.ExtraFiles = []*os.File{w}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = server.Wait() })
	w.Close()
	var number int
	if _, err := fmt.Fscan(r, &number); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(":", number)
}

func xdotool(t *testing.T, display, input string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "xdotool", args...)
	cmd.Env = append(os.Environ(), "DISPLAY="+display)
	cmd.Stdin = strings.NewReader(input)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("xdotool %v: %v\n%s", args, err, out)
	}
}

// seen returns the first argument list or environment of a process that has
// the secret.
func seen(t *testing.T, secret string) string {
	t.Helper()
	looked := 0
	for _, kind := range []string{"cmdline", "environ"} {
		files, err := filepath.Glob("/proc/[0-9]*/" + kind)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				continue // ended meanwhile, or another user's
			}
			looked++
			if bytes.Contains(data, []byte(secret)) {
				return file
			}
		}
	}
	if looked < 2 {
		t.Fatal("no process could be looked at")
	}
	return ""
}
