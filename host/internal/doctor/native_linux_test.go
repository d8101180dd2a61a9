package doctor

import (
	"bufio"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"scelle/host/internal/install"
	"scelle/shared/checkup"
)

// TestMain listens for a parent that looks for a Java program, when it is
// started under that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "java" {
		os.Exit(m.Run())
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		os.Exit(1)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	os.Stdout.WriteString(port + "\n")
	bufio.NewReader(os.Stdin).ReadByte() // until the parent ends
}

// TestRealProgramIsSeen: a process that calls itself java and listens on
// loopback is found in the real /proc, with its port and its product.
func TestRealProgramIsSeen(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	java := filepath.Join(t.TempDir(), "java")
	if err := os.Symlink(self, java); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(java, "-jar", "/opt/x/nexu-app.jar")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	port, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	l := &look{Computer: Computer{System: install.System{Getenv: os.Getenv}, Native: ThisSystem()}}
	if f := l.localPorts(); f.level != checkup.Note || !slices.Contains(strings.Split(f.detail, "; "), strings.TrimSpace(port)) {
		t.Errorf("ports %+v, want %s", f, port)
	}
	if f := l.oldAssistant(); f.level != checkup.Note || !strings.Contains(f.detail, "NexU") {
		t.Errorf("assistants %+v", f)
	}
}

// TestThisSystem: the running Linux answers every question.
func TestThisSystem(t *testing.T) {
	n := ThisSystem()
	dir := t.TempDir()
	if free, err := n.Free(dir); err != nil || free == 0 {
		t.Errorf("free %d, %v", free, err)
	}
	if _, err := n.Free(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there has room")
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if ours, closed, known := n.Ours(dir); !ours || !closed || !known {
		t.Errorf("own folder: %v %v %v", ours, closed, known)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, closed, _ := n.Ours(dir); closed {
		t.Error("a folder that everybody may read is closed")
	}
	l := &look{Computer: Computer{System: install.System{Getenv: os.Getenv}, Native: n}}
	if old, version := l.oldGlibc(); old || !strings.HasPrefix(version, "glibc 2.") && version != "" {
		t.Errorf("%v %q", old, version)
	}
	if _, ok := l.readUmask(); !ok {
		t.Error("the mask of this process is not known")
	}
	all, err := n.Programs()
	if err != nil || !slices.ContainsFunc(all, func(p Program) bool { return p.ID == os.Getpid() }) {
		t.Errorf("this process is not among %d, %v", len(all), err)
	}
}

// FuzzGlibc: whatever stands in a C library's file, its version is a number or
// not known.
func FuzzGlibc(f *testing.F) {
	for _, s := range []string{
		"GNU C Library (Debian GLIBC 2.36-9+deb12u9) stable release version 2.36.", "GNU C Library (GNU libc) development release version 2.40.9000.",
		"GNU C Library ", "GNU C Library release version .", "musl libc", "GNU C Library release version 2",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		old, version := judgeGlibc(s)
		if version == "" && old || version != "" && !regexp.MustCompile(`^glibc [-+]?\d+\.\d+$`).MatchString(version) {
			t.Errorf("%q: %v %q", s, old, version)
		}
	})
}
