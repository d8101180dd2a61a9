//go:build linux

package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/keystore/cardtest"
	"scelle/shared/certtest"
)

// TestCardThroughTheHost runs the shipped host with a PIV card behind OpenSC,
// which Debian's package registers: nobody named a module. A script stands for
// pinentry (a mock). The PIN is nowhere but there, and a reader that hangs
// holds up neither the other keys nor the end of the process.
func TestCardThroughTheHost(t *testing.T) {
	if !cardtest.Alone(t) {
		return
	}
	daemon := cardtest.Start(t)
	card := cardtest.NewCard()
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Carte de Bruno"})
	card.Add(pair.DER, pair.Key)
	daemon.Readers[0].Insert(card)
	time.Sleep(time.Second) // the daemon looks a few times a second

	a := newAccount(t)
	programs := t.TempDir()
	pinentry := "#!/bin/sh\necho OK\nwhile read -r l; do case \"$l\" in GETPIN) cat /proc/*/cmdline /proc/*/environ >'" + a.home + "/seen' 2>/dev/null; echo 'D " +
		cardtest.PIN + "'; echo OK;; *) echo \"$l\" >>'" + a.home + "/told'; echo OK;; esac; done\n"
	if err := os.WriteFile(filepath.Join(programs, "pinentry-gnome3"), []byte(pinentry), 0o755); err != nil {
		t.Fatal(err)
	}
	over(t, programs, "pinentry-gnome3")
	a.does("generate", "--cn", "Clé du service")
	if out := a.does("list"); !strings.Contains(out, "Carte de Bruno") || !strings.Contains(out, "Clé du service") {
		t.Fatalf("list:\n%s", out)
	}
	if out := a.does("status"); !strings.Contains(out, "opensc-pkcs11.so") {
		t.Errorf("status:\n%s", out)
	}
	if card.PINs() != 0 {
		t.Error("a look showed a PIN to the card")
	}
	write(t, a, "offre.txt", []byte("offre"))
	write(t, a, "bruno.pem", pair.PEM())
	a.does("seal", "offre.txt", "--to", "bruno.pem")
	if err := os.Remove(filepath.Join(a.home, "offre.txt")); err != nil {
		t.Fatal(err)
	}
	open := a.command("open", "offre.txt.p7m")
	open.Env = append(open.Env, "DISPLAY=:99")
	said, err := open.CombinedOutput()
	if err != nil || card.PINs() != 1 {
		t.Fatalf("%v, %d PINs\n%s", err, card.PINs(), said)
	}
	told, err := os.ReadFile(filepath.Join(a.home, "told"))
	if err != nil || !strings.Contains(string(told), "SETDESC Enter the PIN of the card or token") || !strings.Contains(string(told), "To: open a submission") {
		t.Errorf("the person was told %s, %v", told, err)
	}
	holds := 0
	err = filepath.WalkDir(a.home, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		holds++
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), cardtest.PIN) {
			t.Errorf("the PIN is in %s", path)
		}
		return err
	})
	if err != nil || holds < 4 || strings.Contains(string(said), cardtest.PIN) {
		t.Errorf("%d files, %v; said %s", holds, err, said)
	}
	daemon.Freeze()
	start := time.Now()
	if out := a.does("list"); !strings.Contains(out, "Clé du service") {
		t.Errorf("list with a frozen reader:\n%s", out)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("took %s", took)
	}
}

// over mounts a folder of programs over /usr/local/bin, and the named one over
// the system's own. The mount namespace is the test's.
func over(t *testing.T, programs, name string) {
	t.Helper()
	mounts := map[string]string{programs: "/usr/local/bin"}
	if real := filepath.Join("/usr/bin", name); exists(real) {
		mounts[filepath.Join(programs, name)] = real
	}
	for from, to := range mounts {
		if out, err := exec.Command("mount", "--bind", from, to).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
