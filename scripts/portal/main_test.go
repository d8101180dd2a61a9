package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// asPortal makes the test program behave as the command.
const asPortal = "PORTAL_TEST_RUN"

func TestMain(m *testing.M) {
	if os.Getenv(asPortal) != "" || len(os.Args) == 2 && os.Args[1] == makeKey {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestRefusedArguments(t *testing.T) {
	for name, args := range map[string][]string{
		"no data":        {"-addr", "127.0.0.1:0"},
		"everywhere":     {"-demo", "-data", t.TempDir(), "-addr", "0.0.0.0:0"},
		"every address":  {"-demo", "-data", t.TempDir(), "-addr", ":0"},
		"another host":   {"-demo", "-data", t.TempDir(), "-addr", "192.0.2.1:0"},
		"unknown option": {"-what"},
	} {
		if err := run(args); err == nil {
			t.Errorf("%s: was not refused", name)
		}
	}
}

func TestLoopback(t *testing.T) {
	for addr, want := range map[string]bool{"127.0.0.1:80": true, "[::1]:0": true, "localhost:0": true, "": false, ":80": false, "[::]:80": false, "127.0.0.1.example:80": false} {
		if loopback(addr) != want {
			t.Errorf("%q: %v", addr, !want)
		}
	}
}

// TestRun starts the command, asks it for its login page and for scelle.js,
// and ends it with SIGTERM.
func TestRun(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-demo", "-addr", "127.0.0.1:0", "-data", t.TempDir())
	cmd.Env = append(os.Environ(), asPortal+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok || !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Fatalf("said %q, %v", line, err)
	}
	for _, path := range []string{"/connexion", "/scelle.js", "/aide/help-fr.html", "/aide/help-en.html", "/aide/help.css", "/static/keys.js"} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}
