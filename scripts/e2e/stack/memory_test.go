package stack

import (
	"bytes"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSeen: a search finds every form, also across the pieces that it reads,
// in a file and in another process's memory, and nothing that is not there.
func TestSeen(t *testing.T) {
	value := make([]byte, 32)
	_, _ = rand.Read(value) // it never fails
	secrets := []Secret{NewSecret("there", value), NewSecret("absent", []byte(strings.Repeat("absent", 5)))}
	for i, form := range secrets[0].forms {
		for _, at := range []int{0, 4<<20 + longest - 10, 4<<20 + longest, 9 << 20} {
			text := append(append(make([]byte, at), form...), make([]byte, 100)...)
			seen, err := Seen(bytes.NewReader(text), secrets)
			if err != nil || !seen["there"] || seen["absent"] {
				t.Errorf("form %d at %d: %v, %v", i, at, seen, err)
			}
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), value, 0o600); err != nil {
		t.Fatal(err)
	}
	if seen, err := SeenInFiles(dir, secrets); err != nil || !seen["there"] || seen["absent"] {
		t.Errorf("in files: %v, %v", seen, err)
	}
}

// TestSeenInMemory: of a process that has read a word and waits.
func TestSeenInMemory(t *testing.T) {
	word := "word-" + rand.Text() + rand.Text()
	cmd := exec.Command("sh", "-c", "read word; echo ready; read more")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	if _, err := in.Write([]byte(word + "\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		t.Fatal(err)
	}
	seen, err := SeenInMemory(cmd.Process.Pid, []Secret{NewSecret("there", []byte(word)), NewSecret("absent", []byte(rand.Text()+rand.Text()))})
	if os.IsPermission(err) {
		t.Skip("this kernel lets nobody read a child's memory")
	}
	if err != nil || !seen["there"] || seen["absent"] {
		t.Errorf("%v, %v", seen, err)
	}
}
