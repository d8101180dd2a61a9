package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
	"scelle/shared/protocol"
)

// verbs are the lines of a service's journal, oldest first.
func verbs(t *testing.T, s *Service) []string {
	t.Helper()
	j, err := s.Journal()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	if err := j.Each(func(e journal.Entry) error { out = append(out, string(e.Verb)+" "+e.Outcome); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestBackupAtBirth: a key that a portal made, its copy with words that the
// portal never had, which opens and proves itself, and the way back to a
// computer that never had the key. A key made here has its copy in TestGolden.
func TestBackupAtBirth(t *testing.T) {
	s := newService(t, memory.New())
	ticket, err := s.BeginTransport(t.Context(), protocol.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	made := certtest.SelfSigned(t, certtest.Options{CommonName: "Clé faite au portail", NotAfter: noon.AddDate(3, 0, 0)})
	key, err := s.Import(t.Context(), protocol.ImportParams{Transport: ticket.ID, Envelope: sealPair(t, made, ticket.Certificate), Name: "Clé du portail", Backup: true})
	if err != nil || key.Backup == nil {
		t.Fatalf("%v, %v", key.Backup, err)
	}
	result, err := s.BackupTest(t.Context(), protocol.BackupTestParams{File: key.Backup.File, Words: bytes.Clone(key.Backup.Words)})
	if err != nil || result.Certificate == nil || result.Certificate.Thumbprint != keypair.Thumbprint(made.DER) || !result.Certificate.HasKey ||
		result.Certificate.Name != "Clé du portail" || !result.At.Equal(noon) {
		t.Errorf("%+v, %v", result, err)
	}
	if got := strings.Join(verbs(t, s), ","); got != "backup done,self-test done,drill done" {
		t.Errorf("the journal says %q", got)
	}
	elsewhere := newService(t, memory.New())
	typed := strings.ReplaceAll(strings.ToUpper(string(key.Backup.Words)), "-", " ")
	back, err := elsewhere.Restore(t.Context(), protocol.BackupRestoreParams{File: key.Backup.File, Words: []byte(typed)})
	if err != nil || back.Certificate.Thumbprint != key.Certificate.Thumbprint || !back.Certificate.HasKey || back.Backup != nil {
		t.Errorf("restored: %+v, %v", back, err)
	}
}

// TestDrillStoresNothing: a copy of a key that is not here is proven all the
// same, and said not to be here.
func TestDrillStoresNothing(t *testing.T) {
	s, c := newService(t, memory.New()), keptCopy(t)
	result, err := s.BackupTest(t.Context(), protocol.BackupTestParams{File: c.File, Words: c.Passphrase})
	if err != nil || result.Certificate.HasKey || len(result.Certificate.Places) != 0 || result.Certificate.Name != "Clé gardée" {
		t.Errorf("%+v, %v", result, err)
	}
	if list := s.Everything(t.Context()); len(list.Certificates) != 0 {
		t.Errorf("the test stored %d certificates", len(list.Certificates))
	}
}

// TestNoBackupUnlessAsked: without the wish nothing is made, nothing noted.
func TestNoBackupUnlessAsked(t *testing.T) {
	s, pair := newService(t, memory.New()), keptPair(t)
	key, err := s.store(t.Context(), &pkcs12x.Bundle{Key: pair.Key, Certificate: pair.DER}, "Clé gardée", false)
	if err != nil || key.Backup != nil {
		t.Errorf("%v, %v", key.Backup, err)
	}
	if got := strings.Join(verbs(t, s), ","); got != "self-test done" {
		t.Errorf("the journal says %q", got)
	}
}

// deafStore takes no key.
type deafStore struct{ keystore.Store }

func (deafStore) Import(context.Context, keystore.Pair) (keystore.Entry, error) {
	return keystore.Entry{}, fault.New(fault.StoreBusy)
}

// TestBackupStaysWithTheKey: when the store does not take the pair, its copy is
// not given out either.
func TestBackupStaysWithTheKey(t *testing.T) {
	s := newService(t, deafStore{memory.New()})
	pair := keptPair(t)
	key, err := s.store(t.Context(), &pkcs12x.Bundle{Key: pair.Key, Certificate: pair.DER}, "Clé gardée", true)
	if fault.CodeOf(err) != fault.StoreBusy || key.Backup != nil {
		t.Errorf("%v, %v", key.Backup, err)
	}
}

// TestWordsAreWipedOnTheirWay: the frame is the only place left that holds them.
func TestWordsAreWipedOnTheirWay(t *testing.T) {
	words := []byte("abeille-abord-abricot")
	copied := bytes.Clone(words)
	raw, err := encode(protocol.KeyResult{DER: []byte{1}, Backup: &protocol.Backup{File: []byte{2}, Words: copied}})
	if err != nil || !bytes.Equal(copied, make([]byte, len(copied))) {
		t.Fatalf("%q, %v", copied, err)
	}
	var back protocol.KeyResult
	if err := json.Unmarshal(raw, &back); err != nil || !bytes.Equal(back.Backup.Words, words) || !bytes.Equal(back.Backup.File, []byte{2}) || !bytes.Equal(back.DER, []byte{1}) {
		t.Errorf("%s, %v", raw, err)
	}
	s := newService(t, memory.New())
	typed := bytes.Clone(words)
	if _, err := s.BackupTest(t.Context(), protocol.BackupTestParams{Words: typed}); err != nil || !bytes.Equal(typed, make([]byte, len(typed))) {
		t.Errorf("what was typed is still there: %q, %v", typed, err)
	}
}

// TestBackupTestRefuses: a copy whose key does not fit, a damaged one, one with
// other words; each is told, and nothing is stored.
func TestBackupTestRefuses(t *testing.T) {
	pair, c := keptPair(t), keptCopy(t)
	other := certtest.SelfSigned(t, certtest.Options{CommonName: "Service", Key: 1})
	swapped := *pair
	swapped.Key = other.Key
	damaged := bytes.Clone(c.File)
	damaged[len(damaged)/2] ^= 1
	s := newService(t, memory.New())
	for name, refused := range map[string]struct {
		file  []byte
		codes []fault.Code
	}{
		"key of another certificate": {swapped.P12(t, string(c.Passphrase), certtest.Modern), []fault.Code{fault.P12Mismatch}},
		"other words":                {pair.P12(t, "abeille", certtest.Modern), []fault.Code{fault.P12Password}},
		"damaged":                    {damaged, []fault.Code{fault.P12Password, fault.P12Damaged, fault.P12Unsupported, fault.P12Iterations}},
		"cut":                        {c.File[:100], []fault.Code{fault.P12Damaged}},
		"empty":                      {nil, []fault.Code{fault.P12Damaged}},
	} {
		result, err := s.BackupTest(t.Context(), protocol.BackupTestParams{File: refused.file, Words: bytes.Clone(c.Passphrase)})
		if result.Certificate != nil || !errors.As(err, new(*fault.Fault)) {
			t.Errorf("%s: %+v, %v", name, result, err)
			continue
		}
		found := false
		for _, code := range refused.codes {
			found = found || fault.CodeOf(err) == code
		}
		if !found {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list := s.Everything(t.Context()); len(list.Certificates) != 0 {
		t.Errorf("%d certificates were stored", len(list.Certificates))
	}
}
