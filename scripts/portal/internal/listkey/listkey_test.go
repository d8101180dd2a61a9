package listkey

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

func opening(now time.Time) *lists.Opening {
	return &lists.Opening{Origin: "https://marches.example", Tender: "T", NotBefore: now, Issued: now,
		Plis: []lists.Pli{{ID: "1", SHA256: string(bytes.Repeat([]byte("ab"), 32)), Kind: pli.Offre}}}
}

// TestKeyIsKept signs before and after a restart: one key, one file, for its
// owner only, and what is signed verifies with the published pin.
func TestKeyIsKept(t *testing.T) {
	dir := t.TempDir()
	var pins []string
	for range 2 {
		s, err := Load(dir, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		der, pin, err := s.Certificate()
		if err != nil || len(der) == 0 {
			t.Fatal(err)
		}
		pins = append(pins, pin)
		now := time.Now()
		signed, err := s.Sign(opening(now))
		if err != nil {
			t.Fatal(err)
		}
		e := lists.Expected{Origin: "https://marches.example", Tender: "T", Now: now}
		if _, _, err := signeddata.VerifyOpening(signed, pins[:1], e); err != nil {
			t.Errorf("the first pin does not verify: %v", err)
		}
	}
	if pins[0] != pins[1] {
		t.Errorf("another key after a restart: %v", pins)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	if info, err := os.Stat(filepath.Join(dir, File)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestCertificateIsRenewed: the certificate ends, the key and its pin stay.
func TestCertificateIsRenewed(t *testing.T) {
	dir, now := t.TempDir(), time.Now().AddDate(-years, 0, 10)
	clock := func() time.Time { return now }
	s, err := Load(dir, clock)
	if err != nil {
		t.Fatal(err)
	}
	old, pin, err := s.Certificate()
	if err != nil {
		t.Fatal(err)
	}
	now = time.Now()
	renewed, same, err := s.Certificate()
	if err != nil || bytes.Equal(old, renewed) || same != pin {
		t.Errorf("renewed: %v, pin %s of %s, %v", !bytes.Equal(old, renewed), same, pin, err)
	}
	if _, err := s.Sign(opening(now)); err != nil {
		t.Error(err)
	}
	again, err := Load(dir, clock)
	if err != nil {
		t.Fatal(err)
	}
	if kept, _, err := again.Certificate(); err != nil || !bytes.Equal(kept, renewed) {
		t.Errorf("the renewed certificate is not kept: %v", err)
	}
}

func TestDamagedFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, File), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir, time.Now); err == nil {
		t.Error("a damaged file is replaced or accepted")
	}
}

// TestBadList: what no list may say is not signed.
func TestBadList(t *testing.T) {
	s, err := Load(t.TempDir(), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(&lists.Opening{}); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("got %v", err)
	}
}
