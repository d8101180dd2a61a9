package vault

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

func open(t *testing.T) (*Vault, string) {
	t.Helper()
	dir := t.TempDir()
	v, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return v, dir
}

func count(t *testing.T, dir, folder string) int {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, folder))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestKeep(t *testing.T) {
	v, dir := open(t)
	in, err := v.Receive(strings.NewReader("abc"))
	if err != nil || in.Size != 3 || in.SHA256 != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Fatalf("%+v, %v", in, err)
	}
	if err := in.Keep(Plis, "one"); err != nil {
		t.Fatal(err)
	}
	in.Discard()
	f, err := v.Get(Plis, "one")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if b, err := io.ReadAll(f); err != nil || string(b) != "abc" || count(t, dir, incoming) != 0 {
		t.Errorf("%q, %v", b, err)
	}
	if info, err := f.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestBrokenSource(t *testing.T) {
	v, dir := open(t)
	broken := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(errors.New("line cut")))
	if _, err := v.Receive(broken); fault.CodeOf(err) != fault.ReadFailed {
		t.Errorf("%v", err)
	}
	if n := count(t, dir, incoming); n != 0 {
		t.Errorf("%d files stayed", n)
	}
}

func TestFullDisk(t *testing.T) {
	v, dir := open(t)
	if err := os.Remove(filepath.Join(dir, incoming)); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Receive(strings.NewReader("x")); fault.CodeOf(err) != fault.WriteFailed {
		t.Errorf("%v", err)
	}
}

func TestSweep(t *testing.T) {
	v, dir := open(t)
	for _, id := range []string{"known", "orphan"} {
		in, err := v.Receive(strings.NewReader(id))
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Keep(Opened, id); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := v.Receive(strings.NewReader("cut off")); err != nil {
		t.Fatal(err)
	}
	v, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Sweep(map[string]bool{"known": true}); err != nil {
		t.Fatal(err)
	}
	if count(t, dir, incoming) != 0 || count(t, dir, string(Opened)) != 1 {
		t.Errorf("%d and %d files", count(t, dir, incoming), count(t, dir, string(Opened)))
	}
}

// TestEnvelope reads envelopes of known and of unknown length: the content
// fingerprint does not depend on how the content is cut into pieces.
func TestEnvelope(t *testing.T) {
	v, _ := open(t)
	pair := certtest.SelfSigned(t, certtest.Options{})
	content := strings.Repeat("contenu ", 200_000)
	for _, length := range []int64{int64(len(content)), envelope.UnknownLength} {
		var sealed bytes.Buffer
		receipt, err := envelope.Seal(t.Context(), &sealed, strings.NewReader(content), envelope.SealOptions{
			Recipients: []envelope.Recipient{{Certificate: pair.DER}}, Length: length})
		if err != nil {
			t.Fatal(err)
		}
		in, err := v.Receive(&sealed)
		if err != nil {
			t.Fatal(err)
		}
		defer in.Discard()
		e, err := in.Envelope()
		if err != nil {
			t.Fatal(err)
		}
		if want := hex.EncodeToString(receipt.ContentSHA256[:]); e.ContentSHA256 != want || in.SHA256 != hex.EncodeToString(receipt.SHA256[:]) || len(e.Recipients) != 1 {
			t.Errorf("length %d: %s, want %s", length, e.ContentSHA256, want)
		}
	}
}
