//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"scelle/shared/protocol"
)

// TestOnlyBrowsersStartTheHost: a local program that starts it with anything but
// what a browser would say for our extension gets no frame, an exit code, and
// the reason on standard error. With the right word it is answered: the caller's
// word is all there is, which the README says.
func TestOnlyBrowsersStartTheHost(t *testing.T) {
	a := newAccount(t)
	manifest := "/home/u/.mozilla/native-messaging-hosts/" + protocol.HostName + ".json"
	stranger := "chrome-extension://" + strings.Repeat("a", 32) + "/"
	question := append(binary.NativeEndian.AppendUint32(nil, uint32(len(hello))), hello...)
	start := func(args ...string) (string, string, int) {
		cmd := a.command(args...)
		cmd.Stdin = bytes.NewReader(question)
		var out, said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &said
		_ = cmd.Run() // the exit code tells
		return out.String(), said.String(), cmd.ProcessState.ExitCode()
	}
	for _, args := range [][]string{
		{stranger}, {stranger, "--parent-window=0"}, {strings.TrimSuffix(protocol.ChromeOrigin, "/")}, {protocol.ChromeOrigin + "app/"},
		{protocol.ChromeOrigin, "list"}, {protocol.ChromeOrigin, "--parent-window=0", "list"}, {protocol.ChromeOrigin, protocol.ChromeOrigin},
		{manifest, "evil@example.org"}, {"/tmp/evil.json", protocol.FirefoxID}, {manifest, protocol.FirefoxID, "list"},
		{"serve"}, {"serve", "--caller", stranger}, {"serve", "--caller", ""}, {"serve", "--caller", "*"},
	} {
		out, said, code := start(args...)
		if out != "" && strings.Contains(out, `"ok"`) || code == 0 || said == "" {
			t.Errorf("%q: exit %d, %d bytes on standard output, %q", args, code, len(out), said)
		}
	}
	for _, args := range [][]string{
		{protocol.ChromeOrigin}, {protocol.EdgeOrigin, "--parent-window=0"}, {manifest, protocol.FirefoxID}, {"serve", "--caller", protocol.FirefoxID},
	} {
		if out, said, code := start(args...); !strings.Contains(out, `"ok":true`) || code != 0 {
			t.Errorf("%q: exit %d, %q, %q", args, code, out, said)
		}
	}
}

// TestAFloodTakesNoMemory: thousands of requests at once, the largest frames,
// and a client that does not read its answers.
func TestAFloodTakesNoMemory(t *testing.T) {
	b := newAccount(t).browse("serve", "--caller", protocol.ChromeOrigin) // a browser's start hides its memory
	b.ask(t, hello)
	b.ask(t, `{"id":"2","method":"host.status"}`)
	const count, largest = 1500, 60
	go func() {
		for i := range count {
			_, _ = io.WriteString(b.in, framed(fmt.Sprintf(`{"id":"%d","method":"host.keys.present","params":{"thumbprints":["%064x"]}}`, i, i)))
		}
		big := `{"id":"big","method":"host.status","params":"` + strings.Repeat("x", 1<<20-60) + `"}`
		for range largest {
			_, _ = io.WriteString(b.in, framed(big))
		}
	}()
	for i := range count + largest {
		var size uint32
		if err := binary.Read(b.out, binary.NativeEndian, &size); err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		if _, err := io.CopyN(io.Discard, b.out, int64(size)); err != nil {
			t.Fatal(err)
		}
	}
	if peak := peakKiB(t, b.Process.Pid); peak > 128<<10 {
		t.Errorf("the host took %d MiB", peak>>10)
	}
}

func framed(payload string) string {
	return string(binary.NativeEndian.AppendUint32(nil, uint32(len(payload)))) + payload
}

// peakKiB is a process's highest resident memory (VmHWM of proc(5)).
func peakKiB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
