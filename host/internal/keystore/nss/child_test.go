//go:build linux && cgo

package nss

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/miekg/pkcs11"
	_ "modernc.org/sqlite"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/fault"
)

// Other processes are this test binary with an order in its environment.
const childVariable = "SCELLE_NSS_TEST"

func TestMain(m *testing.M) {
	order := os.Getenv(childVariable)
	if order == "" {
		os.Exit(m.Run())
	}
	if err := runChild(order, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func runChild(order string, args []string) error {
	switch order {
	case "add":
		return childAdd(args[0], args[1])
	case "import":
		return childImport(args[0], args[1])
	case "lock":
		return childLock(args[0], args[1])
	case "read-only":
		return childReadOnly(args[0])
	}
	return fmt.Errorf("no such order: %s", order)
}

// child prepares another process; its errors come with what it wrote.
func child(t *testing.T, order string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+order)
	return cmd
}

func runToEnd(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
}

// childAdd stores any bytes as a certificate, as a broken program might.
func childAdd(dir, name string) error {
	der, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	opened, err := Open(Options{Path: dir})
	if err != nil {
		return err
	}
	s := opened.(*writer)
	defer s.Close()
	return s.write(context.Background(), func(v *view) error {
		_, err := v.lib.CreateObject(v.Handle, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_CERTIFICATE),
			pkcs11.NewAttribute(pkcs11.CKA_CERTIFICATE_TYPE, pkcs11.CKC_X_509),
			flag(pkcs11.CKA_TOKEN),
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, name),
			pkcs11.NewAttribute(pkcs11.CKA_SUBJECT, []byte(name)),
			pkcs11.NewAttribute(pkcs11.CKA_ISSUER, []byte(name)),
			pkcs11.NewAttribute(pkcs11.CKA_SERIAL_NUMBER, []byte{2, 1, 1}),
			pkcs11.NewAttribute(pkcs11.CKA_VALUE, der),
		})
		return err
	})
}

// importsPerProcess is how many pairs childImport stores.
const importsPerProcess = 6

// childImport stores pairs whose names all processes share, and one pair that
// is the same for all, which it reads from standard input.
func childImport(dir, number string) error {
	ctx := context.Background()
	key, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	common, err := parsePair(key)
	if err != nil {
		return err
	}
	s, err := Open(Options{Path: dir})
	if err != nil {
		return err
	}
	defer s.Close()
	for i := range importsPerProcess {
		own, err := selfsign.MakePair(ctx, keystore.GenerateOptions{CommonName: fmt.Sprint(number, ".", i), Name: "Clé", Bits: 2048})
		if err != nil {
			return err
		}
		for _, pair := range []keystore.Pair{own, common} {
			e, err := s.Import(ctx, pair)
			if err != nil {
				return fmt.Errorf("import %d: %w", i, err)
			}
			if err := selfsign.SelfTest(ctx, s, e); err != nil {
				return fmt.Errorf("self-test %d: %w", i, err)
			}
		}
	}
	return nil
}

// childLock holds a SQLite lock on both files until standard input ends.
func childLock(dir, mode string) error {
	for _, name := range databaseFiles() {
		db, err := sql.Open("sqlite", filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defer db.Close()
		if _, err := db.Exec("BEGIN " + mode); err != nil {
			return err
		}
	}
	fmt.Println("locked")
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// lockedBy starts a process that holds a lock, and returns what ends it.
func lockedBy(t *testing.T, dir, mode string) (unlock func()) {
	t.Helper()
	cmd := child(t, "lock", dir, mode)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "locked\n" {
		t.Fatalf("locking: %q, %v, %s", line, err, &stderr)
	}
	ended := false
	unlock = func() {
		if !ended {
			ended = true
			in.Close()
			if err := cmd.Wait(); err != nil {
				t.Errorf("locking process: %v, %s", err, &stderr)
			}
		}
	}
	t.Cleanup(unlock)
	return unlock
}

// childReadOnly uses a database that it may not write. Root may write
// everything, so it runs as another user where the tests run as root.
func childReadOnly(dir string) error {
	ctx := context.Background()
	s, err := Open(Options{Path: dir})
	if err != nil {
		return err
	}
	defer s.Close()
	status := s.Status(ctx)
	if status.State != keystore.ReadOnly || status.Err != nil || status.Keys != 1 {
		return fmt.Errorf("status %+v", status)
	}
	list, err := s.List(ctx)
	if err != nil || len(list) != 1 || !list[0].HasKey {
		return fmt.Errorf("list %v, %v", list, err)
	}
	if err := selfsign.SelfTest(ctx, s, list[0]); err != nil {
		return err
	}
	pair, err := selfsign.MakePair(ctx, keystore.GenerateOptions{CommonName: "x", Bits: 2048})
	if err != nil {
		return err
	}
	if _, err := s.Import(ctx, pair); fault.CodeOf(err) != fault.StoreReadOnly {
		return fmt.Errorf("import: %v", err)
	}
	if err := s.Delete(ctx, list[0].URI); fault.CodeOf(err) != fault.StoreReadOnly {
		return fmt.Errorf("delete: %v", err)
	}
	return readOnlyParent(ctx, filepath.Join(filepath.Dir(dir), "new", "nssdb"))
}

// readOnlyParent asks for a database that cannot be made.
func readOnlyParent(ctx context.Context, dir string) error {
	s, err := Open(Options{Path: dir})
	if err != nil {
		return err
	}
	defer s.Close()
	pair, err := selfsign.MakePair(ctx, keystore.GenerateOptions{CommonName: "x", Bits: 2048})
	if err != nil {
		return err
	}
	if _, err := s.Import(ctx, pair); fault.CodeOf(err) != fault.StoreReadOnly {
		return fmt.Errorf("import into a new database: %v", err)
	}
	return nil
}

// asNobody makes a command run as another user than root. The test binary may
// be in a directory that is only root's, so that a copy runs.
func asNobody(t *testing.T, cmd *exec.Cmd, dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	program, err := os.ReadFile(cmd.Path)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path = filepath.Join(dir, "test-program")
	if err := os.WriteFile(cmd.Path, program, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
}

// tool runs one of NSS's own programs (libnss3-tools).
func tool(t *testing.T, input []byte, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatalf("%s is not installed: apt install libnss3-tools", name)
	}
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// secretFile writes a password for the tools' -f, -k and -w options.
func secretFile(t *testing.T, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
