package site

import (
	"bytes"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/certtest"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

// successor is a portal with a pli, and a new key of the same service.
type successor struct {
	sealing
	sealed  sealedFile
	receipt receiptJSON
	next    *certtest.Pair
	nextID  string
}

func newSuccessor(t *testing.T, tender string, content string) *successor {
	s := &successor{sealing: newSealing(t), next: certtest.SelfSigned(t, certtest.Options{CommonName: "Suite", Key: 2})}
	s.sealed = s.company.seal(tender, "", content)
	s.receipt = s.company.deposit(tender, s.sealed)
	s.nextID = s.agent.activate("Suite", false, s.next)
	return s
}

func (s *successor) query() string {
	return "/api/transfers?" + url.Values{"from": {s.personalID}, "to": {s.nextID}}.Encode()
}

// wrap is what an assistant makes of a header: the content key for the next key.
func (s *successor) wrap(t *testing.T, head []byte, from *certtest.Pair, to ...*certtest.Pair) protocol.ReplaceRecipientsArgs {
	t.Helper()
	info, err := envelope.Inspect(bytes.NewReader(head))
	if err != nil {
		t.Fatal(err)
	}
	key, err := envelope.NewPrivateKeyUnwrapper(from.Key, from.DER)
	if err != nil {
		t.Fatal(err)
	}
	args := protocol.ReplaceRecipientsArgs{ID: s.receipt.ID, Header: hex.EncodeToString(info.HeaderSHA256[:]), From: keypair.Thumbprint(from.DER)}
	for i := range info.Header.RecipientInfos {
		r := &info.Header.RecipientInfos[i]
		if !key.Owns(r) {
			continue
		}
		contentKey, err := key.Unwrap(t.Context(), r, info.Content)
		if err != nil {
			t.Fatal(err)
		}
		for _, next := range to {
			wrapped, err := envelope.WrapKey(envelope.Recipient{Certificate: next.DER, Mechanism: envelope.RSAOAEPSHA256}, contentKey)
			if err != nil {
				t.Fatal(err)
			}
			args.Recipients = append(args.Recipients, protocol.NewRecipient{Thumbprint: keypair.Thumbprint(next.DER), RecipientInfo: wrapped.Raw})
		}
	}
	return args
}

// TestTransfer gives a pli to another key before the deadline: the header is
// all that leaves the portal, the content stays what it was, the new key and
// the recovery key open it, the old one does not, and it can be deleted.
func TestTransfer(t *testing.T) {
	content := strings.Repeat("offre de prix\n", 10_000)
	s := newSuccessor(t, salt, content)
	var v transferJSON
	s.agent.must(http.MethodGet, s.query(), nil, &v)
	signed, err := signeddata.Verify(v.List, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	list, err := lists.ParseTransfer(signed.JSON)
	if err != nil || len(list.Plis) != 1 || list.Plis[0].Tender != s.receipt.Tender || list.To[0].Thumbprint != keypair.Thumbprint(s.next.DER) || v.Plis[0].Whole || v.More != 0 {
		t.Fatalf("%+v, %v", list, err)
	}
	path := "/api/plis/" + s.receipt.ID
	_, head := s.agent.send(http.MethodGet, path+"/head", nil, http.Header{})
	if len(head) > 4096 || sha256Hex(head) != list.Plis[0].HeaderSHA256 {
		t.Fatalf("%d bytes of header", len(head))
	}
	before, err := s.store.Pli(t.Context(), s.receipt.ID)
	if err != nil {
		t.Fatal(err)
	}
	args := s.wrap(t, head, s.personal, s.next)
	for range 2 { // the answer may have been lost
		s.agent.must(http.MethodPost, path+"/recipients", args, nil)
	}
	s.agent.refusal(409, fault.PortalRefused, http.MethodGet, s.query(), nil) // nothing is left
	f, now, err := s.pliFile(t.Context(), before)                             // who looked it up before the transfer
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if now.File == before.File || now.Current == before.Current {
		t.Errorf("the file of %+v, which is no more", now)
	}
	if kept, incoming := s.files(t); kept != 1 || incoming != 0 {
		t.Errorf("%d files kept, %d incoming", kept, incoming)
	}
	s.agent.must(http.MethodDelete, "/api/keys/"+s.personalID, nil, nil)
	s.agent.must(http.MethodPost, path+"/recipients", args, nil) // also when the old key is gone meanwhile
	s.restart(t, s.agent.client, s.company)                      // the sweep keeps the new file
	s.closeTender(t, salt)
	_, body := s.agent.send(http.MethodGet, path+"/content", nil, http.Header{})
	for _, pair := range []*certtest.Pair{s.next, s.recovery} {
		if plain, report := open(t, body, pair); string(plain) != content || hex.EncodeToString(report.ContentSHA256[:]) != s.receipt.ContentSHA256 {
			t.Error("the pli does not open to what was sealed")
		}
	}
	fetched := map[string]any{"authenticated": true, "sha256": s.receipt.SHA256, "contentSha256": s.receipt.ContentSHA256, "files": []protocol.PliFile{}}
	s.agent.must(http.MethodPost, path+"/opened", fetched, nil) // what was fetched before the transfer was the same pli
	fetched["sha256"] = strings.Repeat("0", 64)
	s.agent.refusal(422, fault.PortalRefused, http.MethodPost, path+"/opened", fetched)
	s.afterwards(t, body)
}

// TestTransferKeepsGoodKeys: what a key has that opens the pli already is not
// replaced by what nobody can try.
func TestTransferKeepsGoodKeys(t *testing.T) {
	s := newSuccessor(t, salt, "contenu")
	path := "/api/plis/" + s.receipt.ID
	args := s.wrap(t, s.sealed.bytes, s.personal, s.recovery)
	wrong, err := envelope.WrapKey(envelope.Recipient{Certificate: s.recovery.DER, Mechanism: envelope.RSAOAEPSHA256}, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	args.Recipients[0].RecipientInfo = wrong.Raw
	args.Recipients = append(args.Recipients, s.wrap(t, s.sealed.bytes, s.personal, s.next).Recipients...)
	s.agent.must(http.MethodPost, path+"/recipients", args, nil)
	s.closeTender(t, salt)
	_, body := s.agent.send(http.MethodGet, path+"/content", nil, http.Header{})
	for _, pair := range []*certtest.Pair{s.next, s.recovery} {
		if plain, _ := open(t, body, pair); string(plain) != "contenu" {
			t.Error("the pli does not open any more")
		}
	}
}

// afterwards: the old key is out, the record is there, the receipt still names
// the deposit, and the deposit can be put together again.
func (s *successor) afterwards(t *testing.T, body []byte) {
	t.Helper()
	info, err := envelope.Inspect(bytes.NewReader(body))
	if err != nil || len(info.Recipients) != 2 {
		t.Fatalf("%d recipients, %v", len(info.Recipients), err)
	}
	old, err := keypair.Parse(s.personal.DER)
	if err != nil || slices.ContainsFunc(info.Recipients, func(a envelope.Addressee) bool { return a.Matches(old) }) {
		t.Errorf("the old key is still a recipient: %v", err)
	}
	transfers, err := s.store.Transfers(t.Context(), "voirie", "")
	if err != nil || len(transfers) != 1 || transfers[0].SHA256Before != s.receipt.SHA256 || transfers[0].SHA256After != sha256Hex(body) || transfers[0].From != "Camille" || transfers[0].Verified {
		t.Errorf("%+v, %v", transfers, err)
	}
	before, err := s.store.HeadBefore(t.Context(), transfers[0].ID)
	if err != nil || !bytes.Equal(append(before, body[info.ContentOffset:]...), s.sealed.bytes) {
		t.Errorf("the deposit cannot be put together again: %v", err)
	}
	if _, page := s.agent.page("/transferts"); !strings.Contains(page, `data-transfers="1"`) || !strings.Contains(page, transfers[0].SHA256After) {
		t.Error("the transfer is not shown")
	}
	if _, page := s.company.page("/depots/" + s.receipt.ID); !strings.Contains(page, s.receipt.SHA256) || !strings.Contains(page, "a changé les clés") {
		t.Error("the receipt does not name the deposit and its change")
	}
	report := map[string]any{"authenticated": true, "sha256": sha256Hex(body), "contentSha256": s.receipt.ContentSHA256, "files": []protocol.PliFile{}}
	s.agent.must(http.MethodPost, "/api/plis/"+s.receipt.ID+"/opened", report, nil)
}

// TestTransferIsRefused: whatever is not exactly the content key for the named
// keys leaves the old envelope where it was.
func TestTransferIsRefused(t *testing.T) {
	s := newSuccessor(t, salt, "contenu")
	path := "/api/plis/" + s.receipt.ID + "/recipients"
	good := s.wrap(t, s.sealed.bytes, s.personal, s.next)
	stranger := certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory", Key: 3})
	foreign := s.wrap(t, s.sealed.bytes, s.personal, stranger).Recipients[0]
	pkcs1, err := envelope.WrapKey(envelope.Recipient{Certificate: s.next.DER, Mechanism: envelope.RSAPKCS1}, make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(a *protocol.ReplaceRecipientsArgs)
		code   fault.Code
	}{
		"another header":  {func(a *protocol.ReplaceRecipientsArgs) { a.Header = strings.Repeat("0", 64) }, fault.TransferChanged},
		"unknown key":     {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients[0].Thumbprint = foreign.Thumbprint }, fault.BadRequest},
		"for another key": {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients[0].RecipientInfo = foreign.RecipientInfo }, fault.TransferChanged},
		"another way":     {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients[0].RecipientInfo = pkcs1.Raw }, fault.TransferChanged},
		"no recipient":    {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients = nil }, fault.BadRequest},
		"the old key":     {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients[0].Thumbprint = a.From }, fault.BadRequest},
		"twice":           {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients = append(a.Recipients, a.Recipients[0]) }, fault.BadRequest},
		"unknown old key": {func(a *protocol.ReplaceRecipientsArgs) { a.From = foreign.Thumbprint }, fault.BadRequest},
		"not a recipient": {func(a *protocol.ReplaceRecipientsArgs) { a.Recipients[0].RecipientInfo = []byte{0x30, 0} }, fault.EnvelopeMalformed},
		"with bytes after": {func(a *protocol.ReplaceRecipientsArgs) {
			a.Recipients[0].RecipientInfo = append(slices.Clone(good.Recipients[0].RecipientInfo), 0)
		}, fault.EnvelopeMalformed},
	} {
		args := good
		args.Recipients = slices.Clone(good.Recipients)
		c.change(&args)
		if status, f := s.agent.api(http.MethodPost, path, args, nil); f == nil || status/100 != 4 || f.Code != c.code {
			t.Errorf("%s: %d %v, want %s", name, status, f, c.code)
		}
	}
	if status, f := s.company.api(http.MethodPost, path, good, nil); f == nil || status != http.StatusForbidden {
		t.Errorf("a company: %d %v", status, f)
	}
	if kept, incoming := s.files(t); kept != 1 || incoming != 0 {
		t.Errorf("%d files kept, %d incoming", kept, incoming)
	}
	s.closeTender(t, salt)
	if _, body := s.agent.send(http.MethodGet, "/api/plis/"+s.receipt.ID+"/content", nil, http.Header{}); !bytes.Equal(body, s.sealed.bytes) {
		t.Error("the deposit was changed")
	}
	var v transferJSON
	s.agent.must(http.MethodGet, s.query(), nil, &v)
	if !v.Plis[0].Whole {
		t.Error("after the deadline the key is not tried on the content")
	}
}

// TestTransferTargets: only active keys of the same service that are not
// expired get plis.
func TestTransferTargets(t *testing.T) {
	s := newSuccessor(t, salt, "contenu")
	pending := s.agent.submit("En attente", false, certtest.SelfSigned(t, certtest.Options{CommonName: "Attente", Key: 3})).ID
	for _, to := range map[string][]string{"nobody": nil, "the same": {s.personalID}, "unproven": {pending}, "one of both unproven": {s.nextID, pending}} {
		s.agent.refusal(400, fault.BadRequest, http.MethodGet, "/api/transfers?"+url.Values{"from": {s.personalID}, "to": to}.Encode(), nil)
	}
	k, err := s.store.Key(t.Context(), s.nextID)
	if err != nil {
		t.Fatal(err)
	}
	s.clock.advance(k.NotAfter.Sub(s.clock.Now()) + time.Hour)
	agent := s.login(t, "agent")
	agent.refusal(400, fault.BadRequest, http.MethodGet, s.query(), nil)
}

// TestTransferToKeysThatAreThere: the old key goes also where the new ones open
// the pli already, or the key of an agent who leaves could never be deleted. Of
// two agents who transfer the same pli, the second hears that it is too late.
func TestTransferToKeysThatAreThere(t *testing.T) {
	s := newSuccessor(t, salt, "contenu")
	path := "/api/plis/" + s.receipt.ID + "/recipients"
	registered, err := s.store.Keys(t.Context(), "voirie")
	if err != nil {
		t.Fatal(err)
	}
	recovery := registered[slices.IndexFunc(registered, func(k store.Key) bool { return k.Recovery })].ID
	args := s.wrap(t, s.sealed.bytes, s.personal, s.recovery)
	args.Verified = true
	s.agent.must(http.MethodGet, "/api/transfers?"+url.Values{"from": {s.personalID}, "to": {recovery}}.Encode(), nil, nil)
	s.agent.must(http.MethodPost, path, args, nil)
	s.agent.refusal(409, fault.TransferChanged, http.MethodPost, path, s.wrap(t, s.sealed.bytes, s.personal, s.next))
	keys, err := s.store.PliKeys(t.Context(), s.receipt.ID)
	if err != nil || !slices.Equal(keys, []string{recovery}) {
		t.Errorf("sealed to %v, %v", keys, err)
	}
	if all, err := s.store.Transfers(t.Context(), "voirie", ""); err != nil || len(all) != 1 || all[0].Verified {
		t.Errorf("before the deadline nobody has the content: %+v, %v", all, err)
	}
	if p, err := s.store.Pli(t.Context(), s.receipt.ID); err != nil || p.Size != s.receipt.Size {
		t.Errorf("the receipt says %d bytes, the deposit had %d: %v", p.Size, s.receipt.Size, err)
	}
	s.agent.must(http.MethodDelete, "/api/keys/"+s.personalID, nil, nil)
}

// TestTransferOfSharedRecipient: a RecipientInfo that another key shares stays,
// whoever it names besides.
func TestTransferOfSharedRecipient(t *testing.T) {
	s := newSuccessor(t, salt, "contenu")
	info, err := envelope.Inspect(bytes.NewReader(s.sealed.bytes))
	if err != nil {
		t.Fatal(err)
	}
	mine, err := keypair.Parse(s.personal.DER)
	if err != nil {
		t.Fatal(err)
	}
	for i := range info.Header.RecipientInfos {
		r := &info.Header.RecipientInfos[i]
		alone := envelope.Addressee{RecipientIdentifier: r.KeyTrans.RID}.Matches(mine)
		if onlyFor(r, []*keypair.Certificate{mine}) != alone {
			t.Errorf("recipient %d", i)
		}
	}
	shared := &cms.RecipientInfo{KeyAgree: &cms.KeyAgreeRecipientInfo{RecipientEncryptedKeys: []cms.RecipientEncryptedKey{
		{RID: cms.RecipientIdentifier{Issuer: mine.IssuerRaw, Serial: mine.SerialRaw}}, {RID: cms.RecipientIdentifier{SubjectKeyID: []byte{1}}}}}}
	if onlyFor(shared, []*keypair.Certificate{mine}) {
		t.Error("a shared recipient would be dropped")
	}
}
