//go:build linux && cgo

package pkcs11

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keystoretest"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

func TestConformance(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newPlace(t) },
		Persistent: true,
		Any:        true,
	})
}

// TestModules: a module that is not there, or is none, says so and takes
// nothing from those beside it.
func TestModules(t *testing.T) {
	p, pair := card(t)
	junk := filepath.Join(t.TempDir(), "junk.so")
	must(t, os.WriteFile(junk, []byte("not a library"), 0o600))
	for _, modules := range [][]string{nil, {"libsofthsm2.so"}, {"./x.so"}, {""}, {p.path, "x.so"}} {
		_, err := Open(Options{Modules: modules})
		wantFault(t, fmt.Sprint(modules), err, fault.BadRequest)
	}
	lame := p.store(t, Options{Modules: []string{junk, "/nowhere/card.so"}})
	status := lame.Status(t.Context())
	if status.State != keystore.Failed || fault.CodeOf(status.Err) != fault.StoreLibrary {
		t.Errorf("%+v", status)
	}
	s := p.store(t, Options{Modules: []string{junk, p.path, p.path + "/../" + filepath.Base(p.path)}})
	must(t, selfsign.SelfTest(t.Context(), s, entry(t, s, pair)))
	if len(s.modules) != 2 {
		t.Errorf("%d modules, of which one is given twice", len(s.modules))
	}
}

// TestCertificateOnly: cards whose issuer left public keys out show no sign of
// a key before the PIN; a certificate is taken for one with a key then, unless
// it is an authority's.
func TestCertificateOnly(t *testing.T) {
	p := newPlace(t)
	pair := issue(t, "Anne", certtest.Options{})
	id, private, _ := keyObjects(t, pair)
	ca := certtest.NewCA(t, "Autorité")
	p.create(t, "", private, certificateObject(pair.Certificate, id, "Anne"), certificateObject(ca.DER, []byte("ca"), ""))
	s := p.store(t, Options{})
	e := entry(t, s, pair)
	authority := entry(t, s, keystore.Pair{Certificate: ca.DER, Name: "Autorité"})
	if !e.HasKey || authority.HasKey || authority.Name != "Carte d'Anne" {
		t.Errorf("key %v; authority %q, key %v", e.HasKey, authority.Name, authority.HasKey)
	}
	must(t, selfsign.SelfTest(t.Context(), s, e))
	_, err := s.Unwrapper(t.Context(), authority.URI)
	wantFault(t, "authority", err, fault.KeyNotFound)
}

// TestProxy: the same card through p11-kit's own module (Debian package
// p11-kit-modules), as an administrator may name it, which a file of the
// user's tells of SoftHSM.
func TestProxy(t *testing.T) {
	proxy, err := filepath.Glob("/usr/lib/*/p11-kit-proxy.so")
	if err != nil || len(proxy) == 0 {
		t.Fatal("p11-kit-proxy.so is not installed (Debian package p11-kit-modules)")
	}
	p, pair := card(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	dir := filepath.Join(home, ".config", "pkcs11", "modules")
	must(t, os.MkdirAll(dir, 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "softhsm-of-test.module"), []byte("module: "+p.path+"\n"), 0o600))
	s := p.store(t, Options{Modules: proxy[:1], Look: time.Minute})
	must(t, selfsign.SelfTest(t.Context(), s, entry(t, s, pair)))
	if p.desk.times() != 1 {
		t.Errorf("asked %d times", p.desk.times())
	}
}

// TestRegisteredModules: of modules that nobody named, one that does not load
// is told in the status and is no trouble; one that hangs is.
func TestRegisteredModules(t *testing.T) {
	p, pair := card(t)
	quiet := p.store(t, Options{Modules: []string{"/nowhere/card.so", "/nowhere/other.so"}, Registered: true})
	if list, err := quiet.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%d entries, %v", len(list), err)
	}
	status := quiet.Status(t.Context())
	if status.State != keystore.Ready || len(status.Modules) != 2 || fault.CodeOf(status.Modules[1].Err) != fault.StoreLibrary {
		t.Errorf("%+v", status)
	}
	s, x := p.troubled(t, Options{Modules: []string{p.path, "/nowhere/card.so"}, Registered: true})
	status = s.Status(t.Context())
	if status.Keys != 1 || status.Modules[0].Tokens != 1 || status.Modules[0].Err != nil || status.Modules[1].Err == nil {
		t.Errorf("%+v", status)
	}
	entry(t, s, pair)
	release := make(chan struct{})
	x.with(func() { x.hang = release })
	s.o.Look = 100 * time.Millisecond
	_, err := s.List(t.Context())
	wantFault(t, "frozen", err, fault.TokenNotResponding)
	close(release)
}
