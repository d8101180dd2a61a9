package confine

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// inside names the folder in which the copy of this test program that is to
// be confined works.
const inside = "SCELLE_TEST_CONFINED"

// wide, when set, is for the limits where cards are used.
const wide = "SCELLE_TEST_WIDE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(inside); dir != "" {
		playConfined(dir, os.Getenv(wide) != "")
		return
	}
	os.Exit(m.Run())
}

// playConfined tries everything and says what came of it, one line each.
func playConfined(dir string, wide bool) {
	address, allowed, outside := listen("tcp", "127.0.0.1:0"), listen("tcp", "127.0.0.1:0"), os.Getenv(abstract)
	limits := Limits{Read: append(System(), filepath.Join(dir, "read")), Write: []string{filepath.Join(dir, "write"), filepath.Join(dir, "missing")}, Devices: Devices()}
	if wide {
		_, port, _ := strings.Cut(allowed, ":")
		number, _ := strconv.ParseUint(port, 10, 16)
		limits = Limits{Read: []string{"/"}, Write: []string{filepath.Join(dir, "write")}, Devices: []string{"/dev"}, Wide: true, Ports: []uint16{uint16(number)}}
	}
	fmt.Println("state", Apply(limits))
	say := func(what string, err error) {
		answer := "yes"
		if errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM) {
			answer = "no"
		} else if err != nil {
			answer = err.Error()
		}
		fmt.Println(what, answer)
	}
	try := func(name, path string, flag int) {
		f, err := os.OpenFile(filepath.Join(dir, path), flag, 0o600)
		if err == nil {
			f.Close()
		}
		say(name, err)
	}
	try("read", "read/a", os.O_RDONLY)
	try("change-read", "read/a", os.O_WRONLY)
	try("make-read", "read/b", os.O_WRONLY|os.O_CREATE)
	try("make", "write/b", os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	say("rename", os.Rename(filepath.Join(dir, "write/b"), filepath.Join(dir, "write/c")))
	say("remove", os.Remove(filepath.Join(dir, "write/c")))
	try("read-other", "other/a", os.O_RDONLY)
	try("escape", "write/../other/a", os.O_RDONLY)
	say("start", exec.Command("/bin/true").Run())
	try("null", "../../../../../../../../dev/null", os.O_WRONLY)
	done := make(chan error)
	go func() { // another thread
		_, err := net.Dial("tcp", address)
		done <- err
	}()
	say("connect", <-done)
	_, err := net.Listen("tcp", "127.0.0.1:0")
	say("listen", err)
	_, err = net.Dial("tcp", allowed)
	say("connect-allowed", err)
	_, err = net.Dial("unix", outside)
	say("abstract", err)
}

func listen(network, address string) string {
	l, err := net.Listen(network, address)
	if err != nil {
		panic(err)
	}
	return l.Addr().String()
}

// abstract names a socket without a file, of a process that is not confined.
const abstract = "SCELLE_TEST_ABSTRACT"

// TestConfined: nothing is left but what was named, in every thread; where
// cards are used, programs start and windows open, and other computers stay
// out of reach.
func TestConfined(t *testing.T) {
	if Possible() == None {
		t.Skip("this kernel has no Landlock")
	}
	files := []string{"read yes", "change-read no", "make-read no", "make yes", "rename yes", "remove yes"}
	t.Run("without cards", func(t *testing.T) {
		want := append(slices.Clone(files), "read-other no", "escape no", "start no", "null yes")
		if Possible() == Full {
			want = append(want, "connect no", "listen no", "connect-allowed no")
		}
		checkConfined(t, "", want)
	})
	t.Run("with cards", func(t *testing.T) {
		want := append(slices.Clone(files), "read-other yes", "escape yes", "start yes", "null yes")
		if Possible() == Full {
			want = append(want, "connect no", "listen no", "connect-allowed yes", "abstract yes")
		}
		checkConfined(t, "1", want)
	})
}

func checkConfined(t *testing.T, isWide string, want []string) {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{"read", "write", "other"} {
		if err := errors.Join(os.Mkdir(filepath.Join(dir, d), 0o700), os.WriteFile(filepath.Join(dir, d, "a"), []byte(d), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	outside, err := net.Listen("unix", "@scelle-test-"+strconv.Itoa(os.Getpid()))
	if err != nil {
		t.Fatal(err)
	}
	defer outside.Close()
	cmd := exec.Command(os.Args[0])
	// Multipath TCP is no business of Landlock before ABI 10; Go listens by it.
	cmd.Env = append(os.Environ(), inside+"="+dir, wide+"="+isWide, abstract+"="+outside.Addr().String(), "GODEBUG=multipathtcp=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, line := range append([]string{"state " + string(Possible())}, want...) {
		if i >= len(got) || got[i] != line {
			t.Fatalf("want %q, got\n%s", line, out)
		}
	}
}
