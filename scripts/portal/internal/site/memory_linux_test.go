package site

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rsa"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"scelle/shared/protocol"
)

// servePortal runs a portal in a process of its own until SIGTERM.
func servePortal(dir string) {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	server, err := NewServer(ctx, testConfig(dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	web := httptest.NewServer(server.Handler())
	fmt.Println(web.URL)
	<-ctx.Done()
	web.Close()
	_ = server.Close()
}

// startPortal starts it and returns its process and address.
func startPortal(t *testing.T, dir string) (*os.Process, string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], asPortal, dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd.Process, strings.TrimSpace(address)
}

// TestPrivateKeyIsForgotten searches the portal's database, its whole data
// directory and its process's memory for the private key that it has made and
// sealed. The same search finds what must be there, so it does search.
func TestPrivateKeyIsForgotten(t *testing.T) {
	dir := t.TempDir()
	process, address := startPortal(t, dir)
	c := newClient(t, address)
	c.enter("agent")
	registration, bundle := c.assistant().serverKey("Clé du serveur", "Une clé à oublier")
	if registration.State != protocol.AwaitingImport {
		t.Fatalf("%+v", registration)
	}
	key := bundle.Key.(*rsa.PrivateKey)
	secrets := map[string][]byte{"first prime": key.Primes[0].Bytes(), "second prime": key.Primes[1].Bytes(), "private exponent": key.D.Bytes()}
	memory := memoryOf(t, process.Pid)
	disk := filesBelow(t, dir)
	for name, secret := range secrets {
		// As PKCS#8 and crypto/rsa write it, and as machine words hold it.
		backwards := slices.Clone(secret)
		slices.Reverse(backwards)
		for _, form := range [][]byte{secret, secret[len(secret)/2:], backwards, backwards[len(backwards)/2:]} {
			if bytes.Contains(memory, form) {
				t.Errorf("the %s is in the process's memory", name)
			}
			if bytes.Contains(disk, form) {
				t.Errorf("the %s is on disk", name)
			}
		}
	}
	if there := []byte("Direction des affaires scolaires"); !bytes.Contains(memory, there) || !bytes.Contains(disk, there) {
		t.Error("the search does not even find what is there")
	}
	if modulus := key.N.Bytes(); !bytes.Contains(memory, modulus) || !bytes.Contains(disk, modulus) {
		t.Error("the search does not find the public modulus, which the certificate holds")
	}
	c.refusal(404, "registration-unknown", http.MethodDelete, "/api/keys/none", nil) // it was alive all along
}

// ptraceScope is Yama's setting: up to 1 a process may read its children's
// memory. 0 where the kernel has no Yama.
func ptraceScope() int {
	text, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
	if err != nil {
		return 0
	}
	scope, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return scope
}

// memoryOf reads every readable mapping of a process. It is skipped only where
// the kernel forbids that to everybody.
func memoryOf(t *testing.T, pid int) []byte {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if scope := ptraceScope(); os.IsPermission(err) && scope >= 2 {
		t.Skipf("this kernel lets nobody read a child's memory: /proc/sys/kernel/yama/ptrace_scope is %d", scope)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	var all bytes.Buffer
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil || mode[0] != 'r' || to < 0 || to-from > 1<<30 {
			continue
		}
		piece := make([]byte, to-from)
		n, _ := mem.ReadAt(piece, from) // parts of a mapping may be unreadable
		all.Write(piece[:n])
	}
	if all.Len() < 1<<20 {
		t.Fatalf("only %d bytes of memory could be read", all.Len())
	}
	return all.Bytes()
}

func filesBelow(t *testing.T, dir string) []byte {
	t.Helper()
	var all bytes.Buffer
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.Bytes()
}
