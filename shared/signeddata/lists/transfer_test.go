package lists_test

import (
	"crypto/elliptic"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// transferOf is a transfer of two plis of two tenders.
func transferOf(t testing.TB) *lists.Transfer {
	t.Helper()
	l := &lists.Transfer{Origin: "https://marches.exemple.fr", Issued: issued, From: recipient(t, nil), To: []lists.Recipient{recipient(t, elliptic.P256())}}
	for _, id := range []string{"1", "2"} {
		l.Plis = append(l.Plis, lists.TransferPli{Tender: "2026-04" + id, Pli: lists.Pli{ID: id, HeaderSHA256: strings.Repeat("0"+id, 32), ContentSHA256: strings.Repeat("1"+id, 32), Label: "Léa", Kind: pli.Offre}})
	}
	return l
}

// TestTransferForm spells the list's beginning and a pli out: other programs
// write it too.
func TestTransferForm(t *testing.T) {
	l := transferOf(t)
	got := encode(t, l)
	for _, want := range []string{
		`{"type":"scelle-transfer","version":1,"origin":"https://marches.exemple.fr","issued":"2026-11-23T08:00:00Z","from":{"thumbprint":"` + l.From.Thumbprint + `","certificate":`,
		`"to":[{"thumbprint":"` + l.To[0].Thumbprint,
		`{"tender":"2026-041","id":"1","headerSha256":"` + strings.Repeat("01", 32) + `","contentSha256":"` + strings.Repeat("11", 32) + `","label":"Léa","kind":"offre"}`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%s\nlacks %s", got, want)
		}
	}
	again, err := lists.ParseTransfer([]byte(got))
	if err != nil || len(again.Plis) != 2 || again.Plis[1].Tender != "2026-042" || !again.IssuedAt().Equal(issued) {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := lists.ParseTransfer([]byte(strings.Replace(got, `"issued"`, `"note":"","issued"`, 1))); fault.CodeOf(err) != fault.ListForged {
		t.Errorf("an unknown member: %v", err)
	}
	if _, err := lists.ParseTransfer([]byte(encode(t, opening()))); fault.CodeOf(err) != fault.ListOther {
		t.Errorf("another type: %v", err)
	}
	if _, err := lists.ParseRecipients([]byte(got)); fault.CodeOf(err) != fault.ListOther {
		t.Errorf("taken for a list to seal to: %v", err)
	}
}

// TestTransferRefuses: what no such list may say.
func TestTransferRefuses(t *testing.T) {
	for name, change := range map[string]func(*lists.Transfer){
		"origin":       func(l *lists.Transfer) { l.Origin = "" },
		"issued":       func(l *lists.Transfer) { l.Issued = time.Time{} },
		"to":           func(l *lists.Transfer) { l.To = nil },
		"plis":         func(l *lists.Transfer) { l.Plis = nil },
		"thumbprint":   func(l *lists.Transfer) { l.To = append(l.To, l.From) },
		"revoked":      func(l *lists.Transfer) { l.To[0].Revoked = true },
		"tender":       func(l *lists.Transfer) { l.Plis[1].Tender = "" },
		"headerSha256": func(l *lists.Transfer) { l.Plis[1].HeaderSHA256, l.Plis[1].SHA256 = "", strings.Repeat("3d", 32) },
		"id":           func(l *lists.Transfer) { l.Plis[1].ID = "1" },
		"kind":         func(l *lists.Transfer) { l.Plis[0].Kind = "" },
		"mechanism":    func(l *lists.Transfer) { l.From.Mechanism = "" },
	} {
		l := transferOf(t)
		change(l)
		_, err := l.Encode()
		refused(t, name, err, fault.BadRequest, name)
	}
	l := transferOf(t)
	for i := len(l.Plis); i <= protocol.MaxPlis; i++ {
		l.Plis = append(l.Plis, l.Plis[0])
	}
	_, err := l.Encode()
	refused(t, "too many", err, fault.BadRequest, "plis")
}

// TestTransferCheck: here, now, and for keys that are still valid; the old one
// may have expired.
func TestTransferCheck(t *testing.T) {
	l := transferOf(t)
	l.From.Revoked = true
	e := lists.Expected{Origin: l.Origin, Now: issued}
	if err := l.Check(e); err != nil {
		t.Error(err)
	}
	e.Origin = "https://x.example"
	refused(t, "another site", l.Check(e), fault.ListOther, "origin")
	e = lists.Expected{Origin: l.Origin, Now: issued.Add(lists.MaxAge + time.Second)}
	refused(t, "old", l.Check(e), fault.ListExpired, "issued")
	l.Issued = issued.AddDate(1, 0, 0)
	e.Now = l.Issued.Add(time.Minute)
	refused(t, "expired", l.Check(e), fault.CertificateExpired, l.To[0].Thumbprint)
}
