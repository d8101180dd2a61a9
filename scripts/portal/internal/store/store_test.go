package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

func newStore(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(t.Context(), path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// setting adds one service and one agent.
func setting(t *testing.T, s *Store) Service {
	t.Helper()
	service := Service{"s", "Service"}
	user := User{ID: "u", Login: "u", Name: "U", Service: service, Rights: map[string][]Power{"s": {KeysManage}}}
	if err := errors.Join(s.AddService(t.Context(), service), s.AddUser(t.Context(), user, "secret", 10)); err != nil {
		t.Fatal(err)
	}
	return service
}

func TestMigrations(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a file?with#odd%20name.db")
	s := newStore(t, path)
	setting(t, s)
	var version, foreign int
	var journal string
	for pragma, into := range map[string]any{"user_version": &version, "foreign_keys": &foreign, "journal_mode": &journal} {
		if err := s.db.QueryRow("PRAGMA " + pragma).Scan(into); err != nil {
			t.Fatal(err)
		}
	}
	if version == 0 || foreign != 1 || journal != "wal" {
		t.Errorf("version %d, foreign keys %d, journal %s", version, foreign, journal)
	}
	s.Close()
	if services, err := newStore(t, path).Services(t.Context()); err != nil || len(services) != 1 {
		t.Errorf("after opening again: %v, %v", services, err)
	}
}

func TestNewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "portal.db")
	s := newStore(t, path)
	if _, err := s.db.Exec("PRAGMA user_version = 999"); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := Open(t.Context(), path, time.Now); err == nil {
		t.Error("a database of a newer program was opened")
	}
}

func TestForeignKeys(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "portal.db"))
	setting(t, s)
	_, err := s.Register(t.Context(), Key{Service: "nowhere", Name: "N", State: protocol.AwaitingProof, Mode: protocol.ModeLocal, CreatedBy: "u", Certificate: []byte{1}})
	if err == nil {
		t.Error("a key of no service was registered")
	}
}

// TestChangeIsWhole breaks a change in the middle: nothing of it stays.
func TestChangeIsWhole(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "portal.db"))
	service := setting(t, s)
	err := s.AddTender(t.Context(), Tender{ID: "t", Service: service, Reference: "R", Title: "T", Deadline: time.Now(), Lots: []Lot{{"1", "A"}, {"1", "the same number"}}})
	if err == nil {
		t.Fatal("two lots share a number")
	}
	if _, err := s.Tender(t.Context(), "t"); !errors.Is(err, ErrNotFound) {
		t.Errorf("half a consultation stayed: %v", err)
	}
}

// TestConcurrentRegistrations is one certificate that two windows register at
// once: one registration.
func TestConcurrentRegistrations(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "portal.db"))
	setting(t, s)
	ids := make(chan string, 8)
	for range cap(ids) {
		go func() {
			k, err := s.Register(context.Background(), Key{Service: "s", Name: "N", State: protocol.AwaitingProof, Mode: protocol.ModeLocal, CreatedBy: "u", Certificate: []byte{1}, Thumbprint: "same"})
			if err != nil {
				k.ID = err.Error()
			}
			ids <- k.ID
		}()
	}
	first := <-ids
	for range cap(ids) - 1 {
		if id := <-ids; id != first {
			t.Errorf("%s and %s", first, id)
		}
	}
}

// TestKeyRemovedMeanwhile: a key that is taken off the lists after an envelope
// to it was read, and before the envelope is noted, receives nothing.
func TestKeyRemovedMeanwhile(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "portal.db"))
	service := setting(t, s)
	check := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	check(s.AddCompany(t.Context(), "c", "C"), s.AddTender(t.Context(), Tender{ID: "t", Service: service, Reference: "R", Title: "T", Deadline: time.Now()}))
	keys := make([]string, 3)
	for i := range keys {
		k, err := s.Register(t.Context(), Key{Service: "s", Name: "N", State: protocol.Active, Mode: protocol.ModeLocal, CreatedBy: "u", Certificate: []byte{1}, Thumbprint: fmt.Sprint(i)})
		check(err)
		keys[i] = k.ID
	}
	stays, goes, goesLater := keys[0], keys[1], keys[2]
	check(s.DeleteKey(t.Context(), goes))
	pli := Pli{ID: "p", Tender: "t", Kind: "offre", Company: "c", Depositor: "u", SHA256: "1", HeaderSHA256: "before", Keys: []string{goes}}
	if _, _, err := s.AddPli(t.Context(), pli); fault.CodeOf(err) != fault.NoRecipient {
		t.Errorf("a pli that nobody opens: %v", err)
	}
	if _, err := s.Pli(t.Context(), "p"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it was noted: %v", err)
	}
	pli.Keys = []string{stays, goes}
	_, _, err := s.AddPli(t.Context(), pli)
	check(err)
	sealed := func() []string {
		ids, err := s.PliKeys(t.Context(), "p")
		check(err)
		return ids
	}
	if ids := sealed(); !slices.Equal(ids, keys[:1]) {
		t.Errorf("sealed to %q of %q", ids, keys)
	}
	check(s.DeleteKey(t.Context(), goesLater))
	transfer := Transfer{Pli: "p", By: "u", From: stays, To: []string{goesLater}, HeaderBefore: "before", HeaderAfter: "after", Head: []byte{1}}
	if err := s.AddTransfer(t.Context(), transfer, "file", []string{goesLater}); !errors.Is(err, ErrNotFound) {
		t.Errorf("a transfer to it: %v", err)
	}
	if p, err := s.Pli(t.Context(), "p"); err != nil || p.HeaderSHA256 != "before" || !slices.Equal(sealed(), keys[:1]) {
		t.Errorf("half of the transfer stayed: %+v, %v", p, err)
	}
}

// TestRehearsalsAreBounded: the oldest go, of the same consultation only.
func TestRehearsalsAreBounded(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "portal.db"))
	service := setting(t, s)
	for _, id := range []string{"t", "other"} {
		if err := s.AddTender(t.Context(), Tender{ID: id, Service: service, Reference: id, Title: "T", Deadline: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	add := func(tender string) string {
		id, err := s.AddRehearsal(t.Context(), Rehearsal{Tender: tender, By: "u"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	add("other")
	first := add("t")
	for range maxRehearsals {
		add("t")
	}
	kept, err := s.Rehearsals(t.Context(), "t")
	if err != nil || len(kept) != maxRehearsals || slices.ContainsFunc(kept, func(r Rehearsal) bool { return r.ID == first }) {
		t.Errorf("%d are kept, %v", len(kept), err)
	}
	if others, err := s.Rehearsals(t.Context(), "other"); err != nil || len(others) != 1 {
		t.Errorf("%d of another consultation, %v", len(others), err)
	}
}

func TestPasswords(t *testing.T) {
	one, err := hashPassword("secret", 10)
	if err != nil {
		t.Fatal(err)
	}
	two, err := hashPassword("secret", 10)
	if err != nil || one == two {
		t.Errorf("two hashes of one password are equal: %s, %v", one, err)
	}
	if !checkPassword(one, "secret") || checkPassword(one, "Secret") || checkPassword("", "") || checkPassword("10:zz:00", "secret") {
		t.Error("a password is checked wrongly")
	}
}

func TestMay(t *testing.T) {
	u := User{Rights: map[string][]Power{"a": {KeysManage}, "b": {KeysRead}}}
	for _, test := range []struct {
		power   Power
		service string
		want    bool
	}{{KeysManage, "a", true}, {KeysRead, "a", true}, {PlisOpen, "a", false}, {KeysRead, "b", true}, {KeysManage, "b", false}, {KeysRead, "c", false}} {
		if got := u.May(test.power, test.service); got != test.want {
			t.Errorf("%s in %s: %v", test.power, test.service, got)
		}
	}
}

// TestOldKeysKeepTheirProof: keys that were proven before the portal noted the
// day are taken for proven on the day of their registration.
func TestOldKeysKeepTheirProof(t *testing.T) {
	path := filepath.Join(t.TempDir(), "portal.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"001_initial.sql", "002_header.sql", "003_records.sql"} {
		text, err := migrations.ReadFile("migrations/" + file)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(string(text)); err != nil {
			t.Fatal(err)
		}
	}
	const key = `INSERT INTO keys (id, service, name, recovery, state, mode, certificate, thumbprint, common_name, issuer, not_after, mechanism, created, created_by, pending_until)
		VALUES (?, 's', 'N', 0, ?, 'local', x'01', ?, 'CN', 'I', 0, ?, 1700000000000, 'u', 9e15);`
	for _, row := range [][]any{{"INSERT INTO services VALUES ('s', 'S')"}, {"INSERT INTO users VALUES ('u', 'u', 'U', '', 's', NULL)"},
		{key, "proven", "active", "1", "rsa-pkcs1"}, {key, "pending", "awaiting-proof", "2", ""}, {"PRAGMA user_version = 3"}} {
		if _, err := db.Exec(row[0].(string), row[1:]...); err != nil {
			t.Fatal(err)
		}
	}
	db.Close()
	s := newStore(t, path)
	proven, err := s.Key(t.Context(), "proven")
	pending, err2 := s.Key(t.Context(), "pending")
	if err := errors.Join(err, err2); err != nil || proven.Proven.UnixMilli() != 1700000000000 || !pending.Proven.IsZero() {
		t.Errorf("proven %v and %v, %v", proven.Proven, pending.Proven, err)
	}
}
