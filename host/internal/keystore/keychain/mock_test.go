//go:build linux

package keychain

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/ebitengine/purego"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keystoretest"
	"scelle/shared/fault"
)

// mock is the other side of the mock in testdata/mock: what tests ask of it.
type mock struct {
	*frameworks
	path       string
	live       func() int // objects that were not released
	complaints func() string
	forgive    func()
	reset      func()
	fail       func(function string, skip int, status int32)
	pending    func() int32 // whether the failure asked for is still to come
	uses       func() int   // of private keys
	card       func(on int32)
	keys       func() int // plus 1000 for each that could leave the keychain
	items      func() int
	labelled   func(label string) int
	add        func(der *byte, length int, label string) int32
	addOddKeys func()
	addPublic  func()
	addCopies  func()
}

// TestMain removes the library after all tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := build(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// build compiles the mock, once.
var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "keychain")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "mock.so")
	sources, err := filepath.Glob("testdata/mock/*.c")
	if err != nil || len(sources) == 0 {
		return "", errors.Join(err, errors.New("no sources of the mock"))
	}
	cmd := exec.Command("cc", append([]string{"-shared", "-fPIC", "-Wall", "-Wextra", "-Wno-sign-compare", "-Werror",
		"-D_GNU_SOURCE", "-o", path}, append(sources, "-lcrypto")...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", errors.Join(err, errors.New(string(out)), errors.New("the mock needs a C compiler and libssl-dev"))
	}
	return path, nil
})

// newMock returns the mock with empty keychains. When the test ends it must
// have had no reason to complain, and everything must have been released.
func newMock(t *testing.T) *mock {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	m := &mock{path: path}
	if m.frameworks, err = load(path, path); err != nil {
		t.Fatal(err)
	}
	library, err := purego.Dlopen(path, purego.RTLD_NOW)
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]any{
		"mock_live": &m.live, "mock_complaints": &m.complaints, "mock_forgive": &m.forgive, "mock_reset": &m.reset,
		"mock_fail": &m.fail, "mock_pending": &m.pending, "mock_uses": &m.uses, "mock_card": &m.card,
		"mock_keys": &m.keys, "mock_items": &m.items, "mock_labelled": &m.labelled,
		"mock_add_certificate": &m.add, "mock_add_odd_keys": &m.addOddKeys, "mock_add_public": &m.addPublic,
		"mock_add_copies": &m.addCopies,
	} {
		purego.RegisterLibFunc(f, library, name)
	}
	m.reset()
	m.card(0)
	t.Cleanup(func() {
		if complaints := m.complaints(); complaints != "" {
			t.Errorf("the mock complains:\n%s", complaints)
		}
		if live := m.live(); live != 0 {
			t.Errorf("%d objects were not released", live)
		}
		m.reset()
	})
	return m
}

// Open implements keystoretest.Place.
func (m *mock) Open(*testing.T) keystore.Store { return &store{f: m.frameworks} }

// AddCertificate implements keystoretest.Place.
func (m *mock) AddCertificate(t *testing.T, _ keystore.Store, der []byte, name string) {
	t.Helper()
	if status := m.add(&der[0], len(der), name); status != 0 {
		t.Fatalf("the mock refuses a certificate: %d", status)
	}
}

func TestConformance(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newMock(t) },
		Persistent: true, // as long as the library is loaded
	})
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %q", what, err, code)
	}
}
