//go:build unix

package pinentry

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
)

// desk is a desktop with scripts in the place of pinentry programs.
type desk struct {
	dir string
	env map[string]string
	o   Options
}

func newDesk(t *testing.T) *desk {
	d := &desk{dir: t.TempDir(), env: map[string]string{
		"DISPLAY": ":99", "LANG": "fr_FR.UTF-8", "LD_PRELOAD": "/x.so", "GTK_MODULES": "x", "PATH": "/evil",
	}}
	d.o = Options{
		Dirs: []string{d.dir}, Getenv: func(n string) string { return d.env[n] },
		Start: 10 * time.Second, Patience: 10 * time.Second,
	}
	return d
}

// program is a fake pinentry: it notes its environment and what it is told,
// and answers GETPIN with these lines.
func (d *desk) program(t *testing.T, name string, answer ...string) {
	t.Helper()
	d.script(t, name, `echo "OK Pleased to meet you"
while read -r line; do
	printf '%s\n' "$line" >> "`+d.dir+`/`+name+`.told"
	case "$line" in
	GETPIN) printf '%s\n' `+quote(answer)+` ;;
	BYE) echo OK; exit 0 ;;
	"OPTION lc-ctype"*) echo "ERR 83886254 Unknown option" ;;
	*) echo "# a comment"; echo OK ;;
	esac
done`)
}

func quote(lines []string) string {
	for i, l := range lines {
		lines[i] = "'" + l + "'"
	}
	return strings.Join(lines, " ")
}

func (d *desk) script(t *testing.T, name, body string) {
	t.Helper()
	text := "#!/bin/sh\nenv > '" + d.dir + "/" + name + ".env'\n" + body + "\n"
	if err := os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (d *desk) read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func (d *desk) ran(name string) bool {
	_, err := os.Stat(filepath.Join(d.dir, name+".env"))
	return err == nil
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// TestPIN: the PIN comes back byte for byte, and the person was told who asks,
// what for, which card, and that it is the last try.
func TestPIN(t *testing.T) {
	for lang, want := range map[string][]string{
		"fr": {"Saisissez le code PIN de la carte ou clé «\u00a0Anne 100%25\u00a0»", "Demandé par\u00a0: https://portail.example", "Pour\u00a0: Ouvrir 3 plis", "SETERROR Dernier essai"},
		"en": {"Enter the PIN of the card or token “Anne 100%25”", "Asked for by: https://portail.example", "To: Ouvrir 3 plis", "SETERROR Last try"},
	} {
		d := newDesk(t)
		d.o.Language = lang
		d.program(t, "pinentry-gtk-2", "S PASSWORD_FROM_CACHE", "D p%251 é%0A2", "D x", "OK")
		pin, err := New(d.o).PIN(t.Context(), Request{
			Origin: "https://portail.example", Action: "Ouvrir 3 plis", Token: "Anne 100%", Tries: 1})
		if err != nil || string(pin) != "p%1 é\n2x" {
			t.Fatalf("%q, %v", pin, err)
		}
		told := d.read(t, "pinentry-gtk-2.told")
		for _, part := range append(want, "SETTIMEOUT 10\n", "GETPIN\n", "BYE\n") {
			if !strings.Contains(told, part) {
				t.Errorf("%s: %q was not said:\n%s", lang, part, told)
			}
		}
	}
}

// TestEnvironment: nothing reaches the program that could load code into it.
func TestEnvironment(t *testing.T) {
	d := newDesk(t)
	t.Setenv("LD_AUDIT_OF_TEST", "x")
	d.program(t, "pinentry-qt", "D 1234", "OK")
	if _, err := New(d.o).PIN(t.Context(), Request{Token: "x"}); err != nil {
		t.Fatal(err)
	}
	env := d.read(t, "pinentry-qt.env")
	if !strings.Contains(env, "DISPLAY=:99\n") || !strings.Contains(env, "PATH=/usr/bin:/bin\n") {
		t.Errorf("missing: %s", env)
	}
	for _, bad := range []string{"LD_", "GTK_MODULES", "/evil", "1234"} {
		if strings.Contains(env, bad) {
			t.Errorf("%s reached the program:\n%s", bad, env)
		}
	}
}

// TestCancel: a cancelled window is an answer; no other program asks again.
func TestCancel(t *testing.T) {
	for answer, code := range map[string]fault.Code{
		"ERR 83886179 Operation cancelled": fault.PINCancelled,
		"ERR 83886194 Not confirmed":       fault.PINCancelled,
		"ERR 83886278 Fully cancelled":     fault.PINCancelled,
		"ERR 83886142 Timeout":             fault.Timeout,
	} {
		d := newDesk(t)
		d.program(t, "pinentry-gnome3", answer)
		d.program(t, "pinentry-qt", "D 1234", "OK")
		_, err := New(d.o).PIN(t.Context(), Request{Token: "x"})
		wantFault(t, answer, err, code)
		if d.ran("pinentry-qt") {
			t.Errorf("%s: the next program asked", answer)
		}
	}
}

// TestNext: a program that cannot ask, or does not speak the language, leaves
// it to the next one.
func TestNext(t *testing.T) {
	for name, body := range map[string]string{
		"gone":          "exit 1",
		"refuses":       `echo "ERR 83918950 Inappropriate ioctl for device"; cat >/dev/null`,
		"garbage":       "head -c 100000 /dev/zero | tr '\\0' x",
		"lines":         "yes '# hello'",
		"other":         "echo 'HTTP/1.1 200 OK'; cat >/dev/null",
		"zero":          "echo 'ERR 0 fine'; cat >/dev/null",
		"bad escape":    `echo OK; while read -r l; do case "$l" in GETPIN) echo 'D %4'; echo OK;; *) echo OK;; esac; done`,
		"too much data": `echo OK; while read -r l; do case "$l" in GETPIN) for i in 1 2 3; do printf 'D '; head -c 900 /dev/zero | tr '\0' 1; echo; done; echo OK;; *) echo OK;; esac; done`,
	} {
		d := newDesk(t)
		d.script(t, "pinentry-gnome3", body)
		d.program(t, "pinentry-gtk-2", "D 1234", "OK")
		pin, err := New(d.o).PIN(t.Context(), Request{Token: "x"})
		if err != nil || string(pin) != "1234" || !d.ran("pinentry-gnome3") {
			t.Errorf("%s: %q, %v", name, pin, err)
		}
	}
}

// TestHang: a program that never greets is left for the next one, and one that
// never answers ends with the context or with patience.
func TestHang(t *testing.T) {
	d := newDesk(t)
	d.o.Start = 100 * time.Millisecond
	d.script(t, "pinentry-gnome3", "sleep 600")
	_, err := New(d.o).PIN(t.Context(), Request{Token: "x"})
	wantFault(t, "no greeting", err, fault.PINPromptMissing)

	d = newDesk(t)
	d.script(t, "pinentry-qt", `echo OK; while read -r l; do [ "$l" = GETPIN ] && : > `+d.dir+`/asked && exec sleep 600; echo OK; done`)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(d.dir, "asked")); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	_, err = New(d.o).PIN(ctx, Request{Token: "x"})
	wantFault(t, "cancelled by the caller", err, fault.Cancelled)
	_, err = New(d.o).PIN(ctx, Request{Token: "x"})
	wantFault(t, "cancelled before", err, fault.Cancelled)

	d.o.Patience = 100 * time.Millisecond
	d.o.Start = 2 * time.Second
	_, err = New(d.o).PIN(t.Context(), Request{Token: "x"})
	wantFault(t, "nobody there", err, fault.Timeout)
}

// TestCandidates: windows need a display, curses a terminal.
func TestCandidates(t *testing.T) {
	d := newDesk(t)
	for _, name := range []string{"pinentry", "pinentry-curses", "pinentry-gnome3", "pinentry-qt", "pinentry-tty"} {
		d.program(t, name)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "pinentry-gtk-2"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ display, tty, desktop, want string }{
		{":0", "", "", "gnome3 qt"},
		{":0", "", "KDE", "qt gnome3"},
		{":0", "/dev/pts/1", "", "gnome3 qt curses"},
		{"", "/dev/pts/1", "", "curses"},
		{"", "", "", ""},
	} {
		d.env["DISPLAY"], d.env["XDG_CURRENT_DESKTOP"], d.o.TTY = c.display, c.desktop, c.tty
		var got []string
		for _, p := range New(d.o).candidates() {
			got = append(got, strings.TrimPrefix(filepath.Base(p), "pinentry-"))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
	d.env["DISPLAY"], d.o.TTY = "", ""
	_, err := New(d.o).PIN(t.Context(), Request{})
	wantFault(t, "no display", err, fault.PINPromptMissing)
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ all, messages, lang, want string }{
		{"", "", "fr_FR.UTF-8", "fr"}, {"", "fr.UTF-8", "C", "fr"}, {"C.UTF-8", "", "fr_FR", "en"}, {"", "", "fro_XX", "en"}, {"", "", "", "en"},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_MESSAGES": c.messages, "LANG": c.lang}
		if got := New(Options{Getenv: func(n string) string { return env[n] }}).o.Language; got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

// TestTextsStayInTheirLine: what pages and cards write forges no command, no
// second line, and fits a line of Assuan.
func TestTextsStayInTheirLine(t *testing.T) {
	for _, text := range []string{
		"a\nDernier essai", "a\r\nGETPIN", "\u202egnp.exe", "\x00\x1b[2J", strings.Repeat("%", 5000), strings.Repeat("é🔑", 3000), "\xff\xfe",
	} {
		for _, lang := range []string{"fr", "en"} {
			r := Request{Origin: text, Action: text, Token: text, Tries: 3, Few: true}
			lines := strings.Split(r.description(wordsOf(lang)), "\n")
			if len(lines) != 4 {
				t.Errorf("%.20q: %d lines", text, len(lines))
			}
			for _, s := range New(Options{Language: lang, Getenv: func(string) string { return "" }}).settings(r) {
				if len(s.command) > 1000 || strings.ContainsAny(s.command, "\r\n\x00\x1b\u202e") {
					t.Errorf("%s: %d bytes, %.80q", lang, len(s.command), s.command)
				}
			}
		}
	}
	verbs := New(Options{Language: "fr"}).settings(Request{Action: "prove"})
	if all := fmt.Sprint(verbs); !strings.Contains(all, "Pour\u00a0: prouver au portail") {
		t.Errorf("no verb: %s", all)
	}
	if w := (Request{}).warning(wordsOf("fr")); w != "" {
		t.Errorf("warned of nothing: %s", w)
	}
	if got := fmt.Sprint(strings.Split((Request{Token: "x"}).description(wordsOf("en")), "\n")); strings.Contains(got, "Asked") {
		t.Errorf("names nobody: %s", got)
	}
}
