package capi

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
)

// childVariable makes this test program a second host: it names the store and
// the folder with the pair.
const childVariable = "SCELLE_TEST_CAPI_CHILD"

// TestChild is no test: it is what TestProcesses starts.
func TestChild(t *testing.T) {
	store, folder, ok := strings.Cut(os.Getenv(childVariable), "|")
	if !ok {
		t.Skip("started by TestProcesses")
	}
	key, err := x509.ParsePKCS8PrivateKey(must(os.ReadFile(filepath.Join(folder, "key"))))
	if err != nil {
		t.Fatal(err)
	}
	s := must(Open(Options{Store: store}))
	defer s.Close()
	p := keystore.Pair{Key: key.(crypto.Signer), Certificate: must(os.ReadFile(filepath.Join(folder, "certificate"))), Name: "Clé"}
	must(os.Create(filepath.Join(folder, fmt.Sprint("ready-", os.Getpid())))).Close()
	until(t, func() bool { _, err := os.Stat(filepath.Join(folder, "go")); return err == nil })
	e, err := s.Import(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

// until waits for another process.
func until(t *testing.T, happened func() bool) {
	t.Helper()
	for range 30_000 {
		if happened() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("the other process is not there")
}

// TestProcesses lets hosts import one pair at once: they agree on one entry
// with one key container.
func TestProcesses(t *testing.T) {
	place := newPlace(t)
	s := place.open(t)
	p := pair(t, "Clé", certtest.Options{})
	folder := t.TempDir()
	for name, content := range map[string][]byte{"key": must(x509.MarshalPKCS8PrivateKey(p.Key)), "certificate": p.Certificate} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := len(containers(t))
	exe := must(os.Executable())
	children := make([]*exec.Cmd, 4)
	said := make([]strings.Builder, len(children))
	for i := range children {
		c := exec.Command(exe, "-test.run=^TestChild$")
		c.Env = append(os.Environ(), childVariable+"="+place.name+"|"+folder)
		c.Stdout, c.Stderr = &said[i], &said[i]
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		children[i] = c
	}
	until(t, func() bool { return len(must(filepath.Glob(filepath.Join(folder, "ready-*")))) == len(children) })
	must(os.Create(filepath.Join(folder, "go"))).Close()
	for i, c := range children {
		if err := c.Wait(); err != nil {
			t.Errorf("host %d: %v\n%s", i, err, said[i].String())
		}
	}
	if list := must(s.List(t.Context())); len(list) != 1 || !list[0].HasKey {
		t.Errorf("listed %+v", list)
	}
	if n := len(containers(t)) - before; n != 1 {
		t.Errorf("%d containers for one key", n)
	}
}
