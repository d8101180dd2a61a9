//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"scelle/shared/certtest"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// binaryPath is the host as it is shipped, built once for all tests.
var binaryPath string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "scelle-host-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaryPath = filepath.Join(dir, "scelle")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w "+version.HostLinkFlags, "-o", binaryPath, ".")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// account is a user with an empty home directory.
type account struct {
	t    *testing.T
	home string
}

func newAccount(t *testing.T) account { return account{t, t.TempDir()} }

func (a account) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binaryPath, args...)
	cmd.Dir = a.home
	cmd.Env = a.env()
	return cmd
}

func (a account) env() []string {
	return []string{
		"HOME=" + a.home, "PATH=" + os.Getenv("PATH"), "TMPDIR=" + a.home, "LC_ALL=C.UTF-8",
		"XDG_DATA_HOME=" + filepath.Join(a.home, "data"), "XDG_STATE_HOME=" + filepath.Join(a.home, "state"),
		"XDG_CONFIG_HOME=" + filepath.Join(a.home, "config"), "NSS_DEFAULT_DB_TYPE=dbm", // which the host must drop
	}
}

func (a account) does(args ...string) string {
	a.t.Helper()
	out, err := a.command(args...).CombinedOutput()
	if err != nil {
		a.t.Fatalf("scelle %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tool runs another program on the same account.
func (a account) tool(name string, args ...string) string {
	a.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = a.home
	cmd.Env = []string{"HOME=" + a.home, "PATH=" + os.Getenv("PATH")}
	out, err := cmd.CombinedOutput()
	if err != nil {
		a.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func (a account) database() string { return "sql:" + filepath.Join(a.home, "data", "pki", "nssdb") }

// TestKeysAreSharedWithNSS: what we store certutil sees, what pk12util stores
// we list and open with.
func TestKeysAreSharedWithNSS(t *testing.T) {
	a := newAccount(t)
	a.does("generate", "--cn", "Service des marches", "--name", "Cle du service")
	if out := a.tool("certutil", "-L", "-d", a.database()); !strings.Contains(out, "Cle du service") {
		t.Errorf("certutil -L:\n%s", out)
	}
	if out := a.tool("certutil", "-K", "-d", a.database()); !strings.Contains(out, "Cle du service") {
		t.Errorf("certutil -K:\n%s", out)
	}
	theirs := certtest.SelfSigned(t, certtest.Options{CommonName: "Cle d'ailleurs"})
	write(t, a, "theirs.p12", theirs.P12(t, "secret", certtest.Modern))
	write(t, a, "theirs.pem", theirs.PEM())
	a.tool("pk12util", "-i", "theirs.p12", "-W", "secret", "-K", "", "-d", a.database())
	var list protocol.ListResult
	if err := json.Unmarshal([]byte(a.does("list", "--json")), &list); err != nil || len(list.Certificates) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, c := range list.Certificates {
		if !c.HasKey || !c.Usable {
			t.Errorf("%+v", c)
		}
	}
	write(t, a, "offre.txt", []byte("offre"))
	a.does("seal", "offre.txt", "--to", "theirs.pem")
	a.does("open", "offre.txt.p7m", "-o", "ouvert")
	if got, err := os.ReadFile(filepath.Join(a.home, "ouvert", "offre.txt")); err != nil || string(got) != "offre" {
		t.Errorf("%q, %v", got, err)
	}
}

func write(t *testing.T, a account, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(a.home, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// browser is a started host with its pipes.
type browser struct {
	*exec.Cmd
	in  io.WriteCloser
	out io.Reader
}

func (a account) browse(args ...string) browser {
	a.t.Helper()
	return a.start(a.command(args...))
}

func (a account) start(cmd *exec.Cmd) browser {
	a.t.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		a.t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	return browser{cmd, in, out}
}

func (b browser) ask(t *testing.T, payload string) string {
	t.Helper()
	if _, err := b.in.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(payload))), payload...)); err != nil {
		t.Fatal(err)
	}
	var size uint32
	if err := binary.Read(b.out, binary.NativeEndian, &size); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, size)
	if _, err := io.ReadFull(b.out, answer); err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

const hello = `{"id":"1","method":"host.hello","params":{"version":"0.1.0","protocol":1}}`

// TestTheHostOpensNoSocket: after it has used its store, none of its
// descriptors is one.
func TestTheHostOpensNoSocket(t *testing.T) {
	// A browser's start hides /proc/PID/fd from everybody but root.
	b := newAccount(t).browse("serve", "--caller", protocol.ChromeOrigin)
	b.ask(t, hello)
	if answer := b.ask(t, `{"id":"2","method":"host.status"}`); !strings.Contains(answer, `"ok":true`) {
		t.Fatal(answer)
	}
	descriptors, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", b.Process.Pid))
	if err != nil || len(descriptors) < 3 {
		t.Fatalf("%d descriptors, %v", len(descriptors), err)
	}
	for _, d := range descriptors {
		if target, _ := os.Readlink(d); strings.HasPrefix(target, "socket:") {
			t.Errorf("%s is %s", d, target)
		}
	}
	b.in.Close()
	if err := b.Wait(); err != nil {
		t.Errorf("the end of the port: %v", err)
	}
}

// TestTheHostEndsCleanly when the browser asks it to with a signal, and when
// the browser is gone and nobody reads any more.
func TestTheHostEndsCleanly(t *testing.T) {
	b := newAccount(t).browse(protocol.ChromeOrigin)
	b.ask(t, hello)
	b.Process.Signal(syscall.SIGTERM)
	if err := b.Wait(); err != nil {
		t.Errorf("SIGTERM: %v", err)
	}
	gone := newAccount(t).browse(protocol.ChromeOrigin)
	gone.ask(t, hello)
	gone.out.(io.Closer).Close() // answers meet a broken pipe
	payload := `{"id":"2","method":"host.status"}`
	gone.in.Write(append(binary.NativeEndian.AppendUint32(nil, uint32(len(payload))), payload...))
	gone.in.Close()
	if err := gone.Cmd.Wait(); err != nil {
		t.Errorf("a broken pipe: %v", err)
	}
}

// TestASignalLeavesNoFile: a person presses Ctrl-C while input is awaited.
func TestASignalLeavesNoFile(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		a := newAccount(t)
		write(t, a, "alice.pem", certtest.SelfSigned(t, certtest.Options{}).PEM())
		cmd := a.command("seal", "-", "--raw", "--to", "alice.pem", "-o", "out.p7m")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var message bytes.Buffer
		cmd.Stderr = &message
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		in.Write(make([]byte, 64<<10)) // less than a chunk: it waits for more
		waitFor(t, func() bool {
			names, _ := filepath.Glob(filepath.Join(a.home, ".out.p7m-*"))
			return len(names) == 1
		})
		cmd.Process.Signal(signal)
		if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 || !strings.HasPrefix(message.String(), "cancelled: ") {
			t.Errorf("%v: %v, %s", signal, err, message.String())
		}
		in.Close()
		names, _ := filepath.Glob(filepath.Join(a.home, ".*"))
		if more, _ := filepath.Glob(filepath.Join(a.home, "*.p7m")); len(names)+len(more) != 0 {
			t.Errorf("%v left %q %q", signal, names, more)
		}
	}
}

func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !condition() {
		if ctx.Err() != nil {
			t.Fatal("it did not happen")
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// TestPasswordOnTheTerminal is asked for, not shown, and the terminal echoes
// again afterwards, also when the question is interrupted.
func TestPasswordOnTheTerminal(t *testing.T) {
	a := newAccount(t)
	write(t, a, "alice.p12", certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"}).P12(t, "mot de passe", certtest.Modern))
	for _, typed := range []string{"mot de passe\n", "\x03"} {
		terminal, line := openTerminal(t)
		cmd := a.command("import", "alice.p12", "--check")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = line, line, line
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		shown := readUntil(t, terminal, "Password of the file: ")
		terminal.WriteString(typed)
		cmd.Wait()
		if state, err := unix.IoctlGetTermios(int(line.Fd()), unix.TCGETS); err != nil || state.Lflag&unix.ECHO == 0 {
			t.Errorf("%q: the terminal stays mute (%v)", typed, err)
		}
		line.Close()
		rest, _ := io.ReadAll(terminal) // ends with an error once the line is closed
		shown += string(rest)
		good := cmd.ProcessState.ExitCode() == 0 && strings.Contains(shown, "Alice")
		if interrupted := typed == "\x03"; good == interrupted || strings.Contains(shown, "mot de passe") {
			t.Errorf("%q: exit %d\n%s", typed, cmd.ProcessState.ExitCode(), shown)
		}
	}
	// Without a terminal there is nobody to ask.
	cmd := a.command("import", "alice.p12")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if out, _ := cmd.CombinedOutput(); cmd.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "--password-file") {
		t.Errorf("exit %d: %s", cmd.ProcessState.ExitCode(), out)
	}
}

// openTerminal makes a pseudo terminal (pty(7)): what a person sees, and what
// a program has as its terminal.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { person.Close() })
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	unlocked := int32(0)
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, person.Fd(), unix.TIOCSPTLCK, uintptr(unsafe.Pointer(&unlocked))); e != 0 {
		t.Fatal(e)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return person, program
}

func readUntil(t *testing.T, r io.Reader, text string) string {
	t.Helper()
	var seen strings.Builder
	one := make([]byte, 1)
	for !strings.Contains(seen.String(), text) {
		if _, err := r.Read(one); err != nil {
			t.Fatalf("%v after %q", err, seen.String())
		}
		seen.Write(one)
	}
	return seen.String()
}

// TestNoNetworkIsLinked: neither HTTP nor TLS is in the host, on any system.
func TestNoNetworkIsLinked(t *testing.T) {
	for _, system := range []string{"linux", "windows", "darwin"} {
		cmd := exec.Command("go", "list", "-deps", ".")
		cmd.Env = append(os.Environ(), "GOOS="+system)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		packages := strings.Fields(string(out))
		if len(packages) < 80 {
			t.Errorf("%s: only %d packages seen", system, len(packages))
		}
		bad := regexp.MustCompile(`^(net/http|crypto/tls|github\.com/rickypc/.*|go\.mozilla\.org/pkcs7)$`)
		for _, p := range packages {
			if bad.MatchString(p) {
				t.Errorf("%s: the host links %s", system, p)
			}
		}
	}
}
