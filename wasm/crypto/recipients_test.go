package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

const portalOrigin = "https://marches.example"

// signing is a portal that signs its list, in these tests by handing it over
// as verified, and what the extension's worker keeps of it.
type signing struct {
	list    *lists.Recipients
	trust   protocol.TrustResult
	pin     string
	pairs   []*certtest.Pair // personal, recovery, withdrawn
	foreign *certtest.Pair
}

func newSigning(t *testing.T) *signing {
	now := time.Now().UTC().Truncate(time.Second)
	s := &signing{trust: protocol.TrustResult{Unsigned: protocol.WarnUnsigned}, pin: strings.Repeat("0a", 32),
		list: &lists.Recipients{Origin: portalOrigin, Tender: "2026-07", Deadline: now.Add(time.Hour), Issued: now}}
	for i, name := range []string{"Camille", "Coffre", "Ancienne"} {
		p := certtest.SelfSigned(t, certtest.Options{CommonName: name, Key: i})
		s.pairs = append(s.pairs, p)
		s.list.Entries = append(s.list.Entries, lists.Recipient{Thumbprint: keypair.Thumbprint(p.DER), Certificate: p.DER, Mechanism: envelope.RSAOAEPSHA1,
			Kind: []lists.Kind{lists.Personal, lists.Recovery, lists.Personal}[i], Revoked: i == 2, NotAfter: p.X509.NotAfter, Label: "Clé de " + name})
	}
	s.foreign = certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory", Key: 1})
	return s
}

// site verifies every list that is not empty as the portal's one.
func (s *signing) site() site {
	return site{
		origin: portalOrigin,
		settle: func(context.Context) (protocol.TrustResult, error) { return s.trust, nil },
		pin:    func(_ context.Context, pin string) error { s.trust.Pins = append(s.trust.Pins, pin); return nil },
		verify: func(_ context.Context, list []byte) (*trust.Signed, error) {
			switch string(list) {
			case "":
				return nil, nil
			case "forged":
				return nil, fault.New(fault.ListForged)
			}
			data, err := s.list.Encode()
			return &trust.Signed{Pin: s.pin, JSON: data}, err
		},
	}
}

// seal seals two files with the portal's list and what the page asks.
func (s *signing) seal(t *testing.T, change func(*protocol.SealParams)) ([]byte, protocol.SealResult, error) {
	t.Helper()
	dir := newDir()
	job := newSealing(dir, twoFiles())
	job.site = s.site()
	job.params.RecipientList = []byte("list")
	if change != nil {
		change(&job.params)
	}
	r, err := job.run(t.Context())
	if err != nil {
		if len(dir.files) > 0 {
			t.Error("a refused sealing left a file")
		}
		return nil, r, err
	}
	return dir.files["sealed"].Bytes(), r, nil
}

// TestSealToTheList: the list alone says who receives, how, and who does not;
// the first one is kept.
func TestSealToTheList(t *testing.T) {
	s := newSigning(t)
	sealed, r, err := s.seal(t, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.List.Signed || !r.List.First || r.List.Pin != s.pin || !slices.Equal(s.trust.Pins, []string{s.pin}) {
		t.Errorf("%+v, kept %v", r.List, s.trust.Pins)
	}
	if len(r.Recipients) != 2 || r.Recipients[0].Mechanism != envelope.RSAOAEPSHA1 || r.Recipients[0].Recovery || !r.Recipients[1].Recovery {
		t.Errorf("recipients %+v", r.Recipients)
	}
	if len(r.LeftOut) != 1 || r.LeftOut[0].Fault.Code != fault.CertificateRevoked || r.LeftOut[0].Label != "Clé de Ancienne" {
		t.Errorf("left out %+v", r.LeftOut)
	}
	for _, p := range s.pairs[:2] {
		if len(contentKey(t, sealed, p)) != 32 {
			t.Error("a key of the list does not open the pli")
		}
	}
	info, err := envelope.Inspect(bytes.NewReader(sealed))
	if err != nil || len(info.Recipients) != 2 {
		t.Errorf("%d recipients, %v", len(info.Recipients), err)
	}
	if _, r, err = s.seal(t, nil); err != nil || r.List.First || len(s.trust.Pins) != 1 {
		t.Errorf("again: %+v, %v", r.List, err)
	}
}

// TestSealRefusesWhatTheListDoesNotSay leaves no file and keeps no key.
func TestSealRefusesWhatTheListDoesNotSay(t *testing.T) {
	s := newSigning(t)
	named := func(pairs ...*certtest.Pair) (all []protocol.SealRecipient) {
		for _, p := range pairs {
			all = append(all, protocol.SealRecipient{Certificate: p.DER})
		}
		return all
	}
	for name, c := range map[string]struct {
		change func(*protocol.SealParams)
		code   fault.Code
	}{
		"swapped":          {func(p *protocol.SealParams) { p.Recipients = named(s.foreign, s.pairs[1]) }, fault.ListRecipients},
		"added":            {func(p *protocol.SealParams) { p.Recipients = named(s.pairs[0], s.pairs[1], s.foreign) }, fault.ListRecipients},
		"without recovery": {func(p *protocol.SealParams) { p.Recipients = named(s.pairs[0]) }, fault.ListRecipients},
		"another tender":   {func(p *protocol.SealParams) { p.Tender = "2026-08" }, fault.ListOther},
		"forged":           {func(p *protocol.SealParams) { p.RecipientList = []byte("forged") }, fault.ListForged},
		"nobody":           {func(p *protocol.SealParams) { p.RecipientList = nil }, fault.NoRecipient},
	} {
		if _, _, err := s.seal(t, c.change); fault.CodeOf(err) != c.code {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	if len(s.trust.Pins) > 0 {
		t.Errorf("kept %v", s.trust.Pins)
	}
	if _, _, err := s.seal(t, func(p *protocol.SealParams) { p.Recipients = named(s.pairs[1], s.pairs[0], s.pairs[2]) }); err != nil {
		t.Errorf("the same keys in another order: %v", err)
	}
	s.pin = strings.Repeat("ff", 32)
	if _, _, err := s.seal(t, nil); fault.CodeOf(err) != fault.ListSigner {
		t.Errorf("another signer: %v", err)
	}
	unsigned := func(p *protocol.SealParams) { p.RecipientList, p.Recipients = nil, named(s.pairs[0]) }
	if _, _, err := s.seal(t, unsigned); fault.CodeOf(err) != fault.ListUnsigned {
		t.Errorf("unsigned, with a known key: %v", err)
	}
	s.trust = protocol.TrustResult{Unsigned: protocol.RefuseUnsigned}
	if _, _, err := s.seal(t, unsigned); fault.CodeOf(err) != fault.ListUnsigned {
		t.Errorf("unsigned, refused: %v", err)
	}
	s.trust.Unsigned = protocol.WarnUnsigned
	if _, r, err := s.seal(t, unsigned); err != nil || r.List.Signed || r.List.Fault == nil || r.List.Fault.Code != fault.ListUnsigned {
		t.Errorf("unsigned, warned: %+v, %v", r.List, err)
	}
}

// TestSealAfterTheDeadline: nothing is sealed and no key kept, unless the
// signed list itself asks for a warning only.
func TestSealAfterTheDeadline(t *testing.T) {
	s := newSigning(t)
	s.list.Deadline = s.list.Issued.Add(-time.Minute)
	ask := protocol.RecipientsParams{RecipientList: []byte("list"), Tender: "2026-07"}
	for _, late := range []bool{false, true} {
		code := fault.DeadlinePassed
		if late {
			s.list.Late, code = lists.WarnLate, ""
		}
		seen, err := s.site().preview(t.Context(), ask, time.Now())
		if err != nil || !seen.Closed || (seen.Fault == nil) != late || len(s.trust.Pins) > 0 {
			t.Errorf("preview %+v, %v, kept %v", seen, err, s.trust.Pins)
		}
		_, r, err := s.seal(t, nil)
		if fault.CodeOf(err) != code || late && !r.Late || (len(s.trust.Pins) > 0) != late {
			t.Errorf("late %v: %v, %+v, kept %v", late, err, r, s.trust.Pins)
		}
	}
	s.list.Deadline = s.list.Issued.Add(time.Hour)
	if _, r, err := s.seal(t, nil); err != nil || r.Late {
		t.Errorf("in time: %+v, %v", r, err)
	}
}

// TestPreview names everybody and keeps nothing.
func TestPreview(t *testing.T) {
	s := newSigning(t)
	r, err := s.site().preview(t.Context(), protocol.RecipientsParams{RecipientList: []byte("list"), Tender: "2026-07"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if !r.List.First || r.Closed || r.Fault != nil || r.Deadline != s.list.Deadline.Format(time.RFC3339) || len(r.Recipients) != 3 || len(s.trust.Pins) > 0 {
		t.Errorf("%+v, kept %v", r, s.trust.Pins)
	}
	for i, n := range r.Recipients {
		if n.Thumbprint != keypair.Thumbprint(s.pairs[i].DER) || n.CommonName == "" || n.Issuer == "" || n.NotAfter.IsZero() || (n.Fault != nil) != (i == 2) || n.Recovery != (i == 1) {
			t.Errorf("%d: %+v", i, n)
		}
	}
	bad := protocol.RecipientsParams{Recipients: []protocol.SealRecipient{{Certificate: []byte("x"), Label: "a\u202eb"}}, Tender: "2026-07"}
	if r, err = s.site().preview(t.Context(), bad, time.Now()); err != nil || r.Recipients[0].Fault.Code != fault.CertificateBad || r.Recipients[0].Label != "ab" || r.List.Fault == nil {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.site().preview(t.Context(), protocol.RecipientsParams{Recipients: make([]protocol.SealRecipient, 101)}, time.Now()); fault.CodeOf(err) != fault.BadRequest {
		t.Errorf("too many: %v", err)
	}
}

// TestExpiredKeyReceivesNothing: a key of the list that has expired is named
// with the reason, and the pli is sealed to the others.
func TestExpiredKeyReceivesNothing(t *testing.T) {
	s := newSigning(t)
	old := certtest.SelfSigned(t, certtest.Options{CommonName: "Camille", Key: 0, NotAfter: time.Now().Add(-time.Hour)})
	s.pairs[0], s.list.Entries[0].Certificate = old, old.DER
	s.list.Entries[0].Thumbprint, s.list.Entries[0].NotAfter = keypair.Thumbprint(old.DER), old.X509.NotAfter
	r, err := s.site().preview(t.Context(), protocol.RecipientsParams{RecipientList: []byte("list"), Tender: "2026-07"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Recipients[0].Fault; f == nil || f.Code != fault.CertificateExpired || r.Recipients[1].Fault != nil {
		t.Errorf("%+v", r.Recipients)
	}
	sealed, sealing, err := s.seal(t, nil)
	if err != nil || len(sealing.LeftOut) != 2 || sealing.LeftOut[0].Fault.Code != fault.CertificateExpired || len(sealing.Recipients) != 1 {
		t.Fatalf("%+v, %v", sealing, err)
	}
	if info, err := envelope.Inspect(bytes.NewReader(sealed)); err != nil || len(info.Recipients) != 1 {
		t.Errorf("%d recipients, %v", len(info.Recipients), err)
	}
	if len(contentKey(t, sealed, s.pairs[1])) != 32 {
		t.Error("the recovery key does not open the pli")
	}
}
