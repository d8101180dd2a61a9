package unwrap_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"testing"
	"time"

	"scelle/host/internal/journal"
	"scelle/host/internal/unwrap"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// notes is a journal that can be full.
type notes struct {
	ready, add error
	entries    []journal.Entry
}

func (n *notes) Ready() error { return n.ready }

func (n *notes) Add(e journal.Entry) error {
	if n.add == nil {
		n.entries = append(n.entries, e)
	}
	return n.add
}

func recording(t *testing.T, n *notes) *scene {
	s := newScene(t, certtest.Options{CommonName: "Alice"})
	s.guard = unwrap.New(bytes.Repeat([]byte{1}, unwrap.SecretSize), n, func() time.Time { return s.now }).Guard()
	return s
}

func TestEveryUseIsRecorded(t *testing.T) {
	n := &notes{}
	s := recording(t, n)
	q := s.request(t, envelope.RSAOAEPSHA256)
	q.Verb, q.Envelope = journal.Prove, unwrap.Envelope{1, 2}
	if _, err := s.ask(t, q); err != nil {
		t.Fatal(err)
	}
	want := journal.Entry{Origin: q.Origin, Verb: journal.Prove, Key: keypair.Thumbprint(s.pair.DER), Envelope: hex.EncodeToString(q.Envelope[:]), Outcome: journal.Done}
	if len(n.entries) != 1 || n.entries[0] != want {
		t.Errorf("%+v", n.entries)
	}
	refuse := func(context.Context) (unwrap.Key, error) { return nil, fault.New(fault.PINCancelled) }
	if _, err := s.guard.Unwrap(t.Context(), refuse, q); fault.CodeOf(err) != fault.PINCancelled {
		t.Fatal(err)
	}
	if len(n.entries) != 2 || n.entries[1].Outcome != string(fault.PINCancelled) {
		t.Errorf("%+v", n.entries)
	}
}

// A padding that does not open must not show in the journal either.
func TestJournalIsNoOracle(t *testing.T) {
	n := &notes{}
	s := recording(t, n)
	q := s.request(t, envelope.RSAPKCS1)
	q.RecipientInfo = bytes.Clone(q.RecipientInfo)
	q.RecipientInfo[len(q.RecipientInfo)-1] ^= 1
	if _, err := s.ask(t, q); err != nil {
		t.Fatal(err)
	}
	if len(n.entries) != 1 || n.entries[0].Outcome != journal.Done {
		t.Errorf("%+v", n.entries)
	}
}

func TestNoUseWithoutJournal(t *testing.T) {
	full := fault.New(fault.JournalFailed)
	t.Run("not ready", func(t *testing.T) {
		s := recording(t, &notes{ready: full})
		opened := false
		open := func(context.Context) (unwrap.Key, error) { opened = true; return nil, fault.New(fault.Internal) }
		got, err := s.guard.Unwrap(t.Context(), open, s.request(t, envelope.RSAOAEPSHA256))
		if got != nil || fault.CodeOf(err) != fault.JournalFailed || opened {
			t.Errorf("%x, %v, opened %v", got, err, opened)
		}
	})
	t.Run("full afterwards", func(t *testing.T) {
		s := recording(t, &notes{add: full})
		got, err := s.ask(t, s.request(t, envelope.RSAOAEPSHA256))
		if got != nil || fault.CodeOf(err) != fault.JournalFailed {
			t.Errorf("%x, %v", got, err)
		}
	})
	t.Run("the withheld key is wiped", func(t *testing.T) {
		key := bytes.Repeat([]byte{7}, 32)
		got, err := unwrap.Recorded(&notes{add: full}, journal.Entry{}, func() ([]byte, error) { return key, nil })
		if got != nil || fault.CodeOf(err) != fault.JournalFailed || !bytes.Equal(key, make([]byte, 32)) {
			t.Errorf("%x, %v, kept %x", got, err, key)
		}
	})
}

// What is over its limit does not open the key: no PIN is asked for in vain.
func TestLimitsComeBeforeTheKey(t *testing.T) {
	s := recording(t, &notes{})
	q := s.request(t, envelope.RSAOAEPSHA256)
	q.Batch = "unknown"
	opened := false
	open := func(context.Context) (unwrap.Key, error) { opened = true; return nil, fault.New(fault.Internal) }
	if _, err := s.guard.Unwrap(t.Context(), open, q); fault.CodeOf(err) != fault.ConsentRefused || opened {
		t.Errorf("%v, opened %v", err, opened)
	}
}
