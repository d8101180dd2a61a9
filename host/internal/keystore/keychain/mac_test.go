//go:build darwin

package keychain

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keystoretest"
)

// allow is the environment variable by which whoever runs the tests agrees
// that the user's default keychain is another one meanwhile. Continuous
// integration sets it.
const allow = "SCELLE_TEST_KEYCHAIN"

// TestConformanceOnThisMac is TestConformance with macOS in the place of the
// mock, on throw-away keychains.
func TestConformanceOnThisMac(t *testing.T) {
	if os.Getenv(allow) == "" {
		t.Skipf("set %s=1 to let the tests change the default keychain while they run", allow)
	}
	list, standard := keychains(t, "list-keychains"), keychains(t, "default-keychain")
	t.Cleanup(func() {
		security(t, append([]string{"list-keychains", "-d", "user", "-s"}, list...)...)
		security(t, append([]string{"default-keychain", "-d", "user", "-s"}, standard...)...)
	})
	keystoretest.Run(t, keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newThrowAway(t) },
		Persistent: true,
	})
}

// security runs security(1), the system's own command for keychains.
func security(t *testing.T, arguments ...string) string {
	t.Helper()
	out, err := exec.Command("/usr/bin/security", arguments...).CombinedOutput()
	if err != nil {
		t.Fatalf("security %s: %v\n%s", arguments[0], err, out)
	}
	return string(out)
}

// keychains reads the paths that security prints, one to a line and quoted.
func keychains(t *testing.T, command string) []string {
	var paths []string
	for line := range strings.Lines(security(t, command, "-d", "user")) {
		if path := strings.Trim(strings.TrimSpace(line), `"`); path != "" {
			paths = append(paths, path)
		}
	}
	return paths
}

// throwAway is one keychain of its own.
type throwAway struct {
	path   string
	before []string // URIs of what the system's keychain has
}

func newThrowAway(t *testing.T) *throwAway {
	w := &throwAway{path: filepath.Join(t.TempDir(), "Clés d'essai.keychain-db")}
	security(t, "create-keychain", "-p", "throw-away", w.path)
	t.Cleanup(func() { security(t, "delete-keychain", w.path) })
	security(t, "set-keychain-settings", w.path) // never lock by itself
	security(t, "unlock-keychain", "-p", "throw-away", w.path)
	security(t, "list-keychains", "-d", "user", "-s", w.path)
	security(t, "default-keychain", "-d", "user", "-s", w.path)
	s := w.open(t)
	entries, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		w.before = append(w.before, e.URI)
	}
	return w
}

func (w *throwAway) open(t *testing.T) *store {
	s, err := Open()
	if err != nil {
		t.Fatal(err)
	}
	return s.(*store)
}

// Open implements keystoretest.Place.
func (w *throwAway) Open(t *testing.T) keystore.Store {
	return &others{store: w.open(t), before: w.before}
}

// AddCertificate implements keystoretest.Place. macOS names it.
func (w *throwAway) AddCertificate(t *testing.T, _ keystore.Store, der []byte, _ string) {
	file := filepath.Join(t.TempDir(), "certificate.cer")
	if err := os.WriteFile(file, der, 0o600); err != nil {
		t.Fatal(err)
	}
	security(t, "add-certificates", "-k", w.path, file)
}

// others is the store without what was there before the test: the system's
// own keychain is always searched, and has certificates of its own.
type others struct {
	*store
	before []string
}

func (o *others) List(ctx context.Context) ([]keystore.Entry, error) {
	list, err := o.store.List(ctx)
	return slices.DeleteFunc(list, func(e keystore.Entry) bool { return slices.Contains(o.before, e.URI) }), err
}

func (o *others) Status(ctx context.Context) keystore.Status {
	status := o.store.Status(ctx)
	if list, err := o.List(ctx); err == nil {
		status.Certificates = len(list)
		status.Keys = 0
		for _, e := range list {
			if e.HasKey {
				status.Keys++
			}
		}
	}
	return status
}
