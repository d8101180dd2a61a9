package trust_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

const origin, tender = "https://marches.exemple.fr", "2026-042"

var (
	ours   = strings.Repeat("0a", 32)
	theirs = strings.Repeat("1b", 32)
)

func refused(t *testing.T, name string, err error, code fault.Code, detail string) {
	t.Helper()
	if f := fault.Of(err); f == nil || f.Code != code || !strings.Contains(fmt.Sprint(f), detail) {
		t.Errorf("%s: got %v, want %s (%s)", name, err, code, detail)
	}
}

// TestSettle is the whole table: what is known of a site, what comes, what
// becomes of it.
func TestSettle(t *testing.T) {
	signed := &trust.Signed{Pin: ours, JSON: []byte("{}")}
	pinned := []string{theirs, ours}
	for name, c := range map[string]struct {
		site   protocol.TrustResult
		signed *trust.Signed
		want   protocol.ListCheck
		code   fault.Code
	}{
		"first list":              {protocol.TrustResult{Unsigned: protocol.WarnUnsigned}, signed, protocol.ListCheck{Signed: true, Pin: ours, First: true}, ""},
		"first, unsigned refused": {protocol.TrustResult{Unsigned: protocol.RefuseUnsigned}, signed, protocol.ListCheck{Signed: true, Pin: ours, First: true}, ""},
		"known key":               {protocol.TrustResult{Pins: pinned, Unsigned: protocol.WarnUnsigned}, signed, protocol.ListCheck{Signed: true, Pin: ours}, ""},
		"managed key":             {protocol.TrustResult{Pins: pinned, Managed: true}, signed, protocol.ListCheck{Signed: true, Pin: ours}, ""},
		"another key":             {protocol.TrustResult{Pins: []string{theirs}, Unsigned: protocol.WarnUnsigned}, signed, protocol.ListCheck{}, fault.ListSigner},
		"unsigned, warned":        {protocol.TrustResult{Unsigned: protocol.WarnUnsigned}, nil, protocol.ListCheck{Fault: &protocol.Fault{Code: fault.ListUnsigned}}, ""},
		"unsigned, refused":       {protocol.TrustResult{Unsigned: protocol.RefuseUnsigned}, nil, protocol.ListCheck{}, fault.ListUnsigned},
		"unsigned, key known":     {protocol.TrustResult{Pins: pinned, Unsigned: protocol.WarnUnsigned}, nil, protocol.ListCheck{}, fault.ListUnsigned},
		"unsigned, nothing said":  {protocol.TrustResult{}, nil, protocol.ListCheck{}, fault.ListUnsigned},
	} {
		got, err := trust.Settle(c.site, c.signed)
		if c.code != "" {
			refused(t, name, err, c.code, "")
			continue
		}
		if err != nil || fmt.Sprintf("%+v", got.Fault) != fmt.Sprintf("%+v", c.want.Fault) || got.Signed != c.want.Signed || got.Pin != c.want.Pin || got.First != c.want.First {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	_, err := trust.Settle(protocol.TrustResult{Pins: []string{theirs}}, signed)
	refused(t, "detail", err, fault.ListSigner, ours)
}

// keys are a personal key, a recovery key, a withdrawn and an expired one.
type keys struct {
	list     *lists.Recipients
	foreign  protocol.SealRecipient
	now      time.Time
	expected lists.Expected
}

func newKeys(t *testing.T) keys {
	now := time.Now().UTC().Truncate(time.Second)
	k := keys{now: now, list: &lists.Recipients{Origin: origin, Tender: tender, Deadline: now.Add(time.Hour), Issued: now},
		expected: lists.Expected{Origin: origin, Tender: tender, Lot: "2", Now: now}}
	for i, kind := range []lists.Kind{lists.Personal, lists.Recovery, lists.Personal, lists.Personal} {
		end := now.AddDate(1, 0, 0)
		if i == 3 {
			end = now.Add(-time.Hour)
		}
		p := certtest.SelfSigned(t, certtest.Options{Key: i, NotBefore: now.AddDate(-1, 0, 0), NotAfter: end})
		k.list.Entries = append(k.list.Entries, lists.Recipient{Thumbprint: keypair.Thumbprint(p.DER), Certificate: p.DER, Mechanism: envelope.RSAOAEPSHA1,
			Kind: kind, Revoked: i == 2, NotAfter: p.X509.NotAfter, Label: fmt.Sprint("Clé ", i)})
	}
	k.foreign = protocol.SealRecipient{Certificate: certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory"}).DER}
	return k
}

func (k keys) signed(t *testing.T) *trust.Signed {
	t.Helper()
	data, err := k.list.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return &trust.Signed{Pin: ours, JSON: data}
}

func (k keys) asked(which ...int) []protocol.SealRecipient {
	var all []protocol.SealRecipient
	for _, i := range which {
		all = append(all, protocol.SealRecipient{Certificate: k.list.Entries[i].Certificate})
	}
	return all
}

// TestRecipients: nobody is swapped in, nobody is swapped out.
func TestRecipients(t *testing.T) {
	k := newKeys(t)
	signed := k.signed(t)
	for name, asked := range map[string][]protocol.SealRecipient{
		"none named": nil, "the usable": k.asked(0, 1), "in another order, twice": k.asked(1, 0, 1),
		"with a withdrawn and an expired one": k.asked(3, 2, 1, 0),
	} {
		list, err := trust.Recipients(signed, asked, k.expected)
		if err != nil || len(list.Entries) != 4 {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		asked  []protocol.SealRecipient
		detail string
	}{
		"swapped":              {append(k.asked(1), k.foreign), keypair.Thumbprint(k.foreign.Certificate)},
		"one more":             {append(k.asked(0, 1), k.foreign), keypair.Thumbprint(k.foreign.Certificate)},
		"without the recovery": {k.asked(0), k.list.Entries[1].Thumbprint},
		"without the personal": {k.asked(1, 2, 3), k.list.Entries[0].Thumbprint},
	} {
		_, err := trust.Recipients(signed, c.asked, k.expected)
		refused(t, name, err, fault.ListRecipients, c.detail)
	}
	for name, c := range map[string]struct {
		change func(e *lists.Expected)
		code   fault.Code
	}{
		"another tender": {func(e *lists.Expected) { e.Tender = "2026-043" }, fault.ListOther},
		"another site":   {func(e *lists.Expected) { e.Origin = "https://evil.example" }, fault.ListOther},
		"old":            {func(e *lists.Expected) { e.Now = e.Now.Add(25 * time.Hour) }, fault.ListExpired},
	} {
		e := k.expected
		c.change(&e)
		_, err := trust.Recipients(signed, nil, e)
		refused(t, name, err, c.code, "")
	}
	_, err := trust.Recipients(&trust.Signed{JSON: append(signed.JSON, ' ')}, nil, k.expected)
	refused(t, "another spelling", err, fault.ListForged, "")
}

func TestEntries(t *testing.T) {
	k := newKeys(t)
	entries := trust.Entries(k.list)
	if len(entries) != 4 || !entries[1].Recovery || entries[0].Recovery || !entries[2].Revoked || entries[0].Mechanism != envelope.RSAOAEPSHA1 || entries[3].Label != "Clé 3" {
		t.Errorf("%+v", entries)
	}
	if plain := trust.Unlisted(k.asked(0)); len(plain) != 1 || plain[0].Revoked || len(plain[0].Certificate) == 0 {
		t.Errorf("%+v", plain)
	}
}

// TestOpening: at its time, for its tender, at its site.
func TestOpening(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	list := &lists.Opening{Origin: origin, Tender: tender, NotBefore: now, Issued: now, Plis: []lists.Pli{{ID: "1", SHA256: theirs, Kind: pli.Offre}}}
	data, err := list.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		e    lists.Expected
		code fault.Code
	}{
		"good":           {lists.Expected{Origin: origin, Tender: tender, Now: now}, ""},
		"early":          {lists.Expected{Origin: origin, Tender: tender, Now: now.Add(-time.Second)}, fault.OpeningEarly},
		"another tender": {lists.Expected{Origin: origin, Tender: "x", Now: now}, fault.ListOther},
		"another site":   {lists.Expected{Origin: "https://x.example", Tender: tender, Now: now}, fault.ListOther},
		"a day later":    {lists.Expected{Origin: origin, Tender: tender, Now: now.Add(25 * time.Hour)}, fault.ListExpired},
	} {
		got, err := trust.Opening(&trust.Signed{Pin: ours, JSON: data}, c.e)
		if c.code != "" {
			refused(t, name, err, c.code, "")
		} else if err != nil || len(got.Plis) != 1 {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = trust.Opening(&trust.Signed{JSON: newKeys(t).signed(t).JSON}, lists.Expected{})
	refused(t, "the other type", err, fault.ListOther, "type")
}
