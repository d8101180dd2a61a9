//go:build unix

package wire

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// noisy is set in the copy of this test program that plays a host with a
// library that prints.
const noisy = "SCELLE_TEST_NOISY"

func TestMain(m *testing.M) {
	if os.Getenv(noisy) != "" {
		playNoisyHost()
		return
	}
	os.Exit(m.Run())
}

func playNoisyHost() {
	frames, err := Guard()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	w := NewWriter(frames)
	fmt.Println("a library says hello")
	unix.Write(1, []byte("a C library says hello\n"))
	w.Send("first")
	fmt.Println("and again")
	exec.Command("/bin/echo", "a child says hello").Run()
	child := exec.Command("/bin/echo", "a child with our output says hello")
	child.Stdout = os.Stdout
	child.Run()
	w.Send("second")
}

// TestGuardKeepsFramesClean runs a host whose libraries print, and reads its
// standard output as a browser would.
func TestGuardKeepsFramesClean(t *testing.T) {
	for _, closed := range []bool{false, true} {
		cmd := exec.Command(os.Args[0])
		if closed { // a browser that gives no standard error
			cmd = exec.Command("/bin/sh", "-c", `exec "$0" 2>&-`, os.Args[0])
		}
		cmd.Env = append(os.Environ(), noisy+"=1")
		var out, noise bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &noise
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %s", err, noise.String())
		}
		r := NewReader(&out)
		for _, want := range []string{`"first"`, `"second"`} {
			if got, err := r.Next(); err != nil || string(got) != want {
				t.Errorf("closed %v: %q, %v", closed, got, err)
			}
		}
		if rest, err := r.Next(); err != io.EOF {
			t.Errorf("closed %v: %q, %v after the last frame", closed, rest, err)
		}
		if !closed && strings.Count(noise.String(), "hello") != 3 {
			t.Errorf("standard error holds %q", noise.String())
		}
	}
}
