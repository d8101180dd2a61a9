//go:build linux && cgo

package nss

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/keystoretest"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/fault"
)

// place is a database of one test.
type place struct{ dir string }

func (p place) Open(t *testing.T) keystore.Store {
	t.Helper()
	s, err := Open(Options{Path: p.dir})
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s
}

// AddCertificate goes through certutil, or through another process where
// certutil would refuse the bytes. Both write while the store may have the
// database open, as programs do.
func (p place) AddCertificate(t *testing.T, _ keystore.Store, der []byte, name string) {
	t.Helper()
	if _, err := x509.ParseCertificate(der); err == nil {
		p.create(t)
		tool(t, der, "certutil", "-A", "-d", "sql:"+p.dir, "-n", name, "-t", ",,")
		return
	}
	cmd := child(t, "add", p.dir, name)
	cmd.Stdin = bytes.NewReader(der)
	runToEnd(t, cmd)
}

// create makes the database as certutil does, if there is none.
func (p place) create(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(p.dir, "cert9.db")); err == nil {
		return
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	tool(t, nil, "certutil", "-N", "-d", "sql:"+p.dir, "--empty-password")
}

// newPlace has a name that must be escaped wherever it is written.
func newPlace(t *testing.T) place {
	t.Helper()
	return place{dir: filepath.Join(t.TempDir(), `d'été "1"; é\`, "nssdb")}
}

func open(t *testing.T, dir string) powers {
	t.Helper()
	s, err := Open(Options{Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func issue(t *testing.T, name string, o certtest.Options) (keystore.Pair, *certtest.Pair) {
	t.Helper()
	o.CommonName = name
	p := certtest.NewCA(t, "AC "+t.Name()).Issue(t, o)
	return keystore.Pair{Key: p.Key, Certificate: p.DER, Name: name}, p
}

func add(t *testing.T, s powers, pair keystore.Pair) keystore.Entry {
	t.Helper()
	e, err := s.Import(t.Context(), pair)
	if err != nil {
		t.Fatalf("Import: %v", err)
	}
	return e
}

func wantFault(t *testing.T, what string, err error, code fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

func TestConformance(t *testing.T) {
	keystoretest.Run(t, keystoretest.Subject{
		New:        func(t *testing.T) keystoretest.Place { return newPlace(t) },
		Persistent: true,
		Any:        true,
	})
}

// TestFreshDatabase: a list makes nothing, an import makes a database that
// only the user may read.
func TestFreshDatabase(t *testing.T) {
	p := newPlace(t)
	s := open(t, p.dir)
	if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
		t.Fatalf("List: %v, %v", list, err)
	}
	if status := s.Status(t.Context()); status.State != keystore.Ready || status.Location != p.dir {
		t.Errorf("status %+v", status)
	}
	if _, err := os.Stat(filepath.Dir(p.dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("looking made a directory: %v", err)
	}
	pair, _ := issue(t, "Première", certtest.Options{})
	add(t, s, pair)
	for _, path := range []string{p.dir, filepath.Join(p.dir, "key4.db"), filepath.Join(p.dir, "cert9.db")} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", filepath.Base(path), info.Mode())
		}
	}
}

func TestMissing(t *testing.T) {
	s, err := Open(Options{Path: filepath.Join(t.TempDir(), "none"), Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.List(t.Context())
	wantFault(t, "List", err, fault.StoreMissing)
	pair, _ := issue(t, "x", certtest.Options{})
	_, err = s.Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.StoreMissing)
	status := s.Status(t.Context())
	wantFault(t, "Status", status.Err, fault.StoreMissing)

	_, err = Open(Options{Path: t.TempDir(), Library: filepath.Join(t.TempDir(), "libsoftokn3.so")})
	wantFault(t, "Open without library", err, fault.StoreLibrary)
	_, err = Open(Options{Path: "pki/nssdb"})
	wantFault(t, "Open with a relative path", err, fault.BadRequest)
}

// TestFileInTheWay: the database's place is a file.
func TestFileInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nssdb")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	pair, _ := issue(t, "x", certtest.Options{})
	_, err := s.Import(t.Context(), pair)
	wantFault(t, "Import", err, fault.StoreFailed)
}

// TestComesAndGoes: a long-lived store sees what other programs do to the
// database, a password, a removal and a new one included.
func TestComesAndGoes(t *testing.T) {
	p := newPlace(t)
	s := open(t, p.dir)
	pair, _ := issue(t, "Une", certtest.Options{})
	e := add(t, s, pair)
	tool(t, nil, "certutil", "-D", "-d", "sql:"+p.dir, "-n", "Une")
	if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after certutil -D: %v, %v", list, err)
	}
	add(t, s, pair)

	old, secret := secretFile(t, ""), secretFile(t, "mot de passe")
	tool(t, nil, "certutil", "-W", "-d", "sql:"+p.dir, "-f", old, "-@", secret)
	if status := s.Status(t.Context()); status.State != keystore.Locked || status.Keys != 1 {
		t.Errorf("with a password: %+v", status)
	}
	_, err := s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "Unwrapper with a password", err, fault.StoreLocked)

	if err := os.RemoveAll(p.dir); err != nil {
		t.Fatal(err)
	}
	if list, err := s.List(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("after the directory went: %v, %v", list, err)
	}
	_, err = s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "Unwrapper after the directory went", err, fault.KeyNotFound)

	if again := add(t, s, pair); again.URI != e.URI {
		t.Errorf("URI was %s, is %s", e.URI, again.URI)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

func TestReadOnly(t *testing.T) {
	root := t.TempDir()
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil { // for another user
		t.Fatal(err)
	}
	dir := filepath.Join(root, "db", "nssdb")
	s := open(t, dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	add(t, s, pair)
	for path, mode := range map[string]os.FileMode{
		root: 0o755, filepath.Dir(dir): 0o555, dir: 0o555,
		filepath.Join(dir, "cert9.db"): 0o444, filepath.Join(dir, "key4.db"): 0o444,
	} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.Chmod(path, 0o755) })
	}
	cmd := child(t, "read-only", dir)
	asNobody(t, cmd, root)
	runToEnd(t, cmd)
}

// TestDamaged: whatever is broken, the answer is a fault and the files are
// left as they are.
func TestDamaged(t *testing.T) {
	for name, damage := range map[string]func(*testing.T, string){
		"key4 is text":  func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "key4.db"), 0, "not a database") },
		"cert9 is text": func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "cert9.db"), 0, "not a database") },
		"key4's first page": func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "key4.db"), 40, string(bytes.Repeat([]byte{0xa5}, 900)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			s := open(t, p.dir)
			pair, _ := issue(t, "Anne", certtest.Options{Curve: elliptic.P256()})
			e := add(t, s, pair)
			damage(t, p.dir)
			before := contents(t, p.dir)
			_, err := s.List(t.Context())
			wantFault(t, "List", err, fault.StoreDamaged)
			_, err = s.Unwrapper(t.Context(), e.URI)
			wantFault(t, "Unwrapper", err, fault.StoreDamaged)
			_, err = s.Import(t.Context(), pair)
			wantFault(t, "Import", err, fault.StoreDamaged)
			status := s.Status(t.Context())
			wantFault(t, "Status", status.Err, fault.StoreDamaged)
			if !bytes.Equal(before, contents(t, p.dir)) {
				t.Error("the files were changed")
			}
		})
	}
}

func overwrite(t *testing.T, path string, at int64, data string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(data), at); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, dir string) []byte {
	t.Helper()
	var all []byte
	for _, name := range databaseFiles() {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// TestKeysGone: without key4.db the certificates are there, without keys.
func TestKeysGone(t *testing.T) {
	p := newPlace(t)
	s := open(t, p.dir)
	pair, _ := issue(t, "Anne", certtest.Options{})
	e := add(t, s, pair)
	if err := os.Remove(filepath.Join(p.dir, "key4.db")); err != nil {
		t.Fatal(err)
	}
	list, err := s.List(t.Context())
	if err != nil || len(list) != 1 || list[0].HasKey {
		t.Errorf("List: %+v, %v", list, err)
	}
	_, err = s.Unwrapper(t.Context(), e.URI)
	wantFault(t, "Unwrapper", err, fault.KeyNotFound)
	if again := add(t, s, pair); again.URI != e.URI {
		t.Errorf("URI was %s, is %s", e.URI, again.URI)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); err != nil {
		t.Error(err)
	}
}

// parsePair reads a PKCS#8 key and a certificate, both PEM, in any order.
func parsePair(file []byte) (keystore.Pair, error) {
	pair := keystore.Pair{Name: "Commune"}
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			pair.Certificate = block.Bytes
			continue
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return pair, err
		}
		pair.Key, _ = key.(crypto.Signer)
	}
	if pair.Key == nil || pair.Certificate == nil {
		return pair, errors.New("no key or no certificate")
	}
	return pair, nil
}
