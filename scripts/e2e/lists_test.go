package e2e

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scelle/scripts/e2e/journey"
	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

const (
	bridgeTender = "2027-VOI-014"
	saltTender   = "2027-VOI-021"
)

// toSeal is what the portal gives its page for sealing.
type toSeal struct {
	Recipients    []protocol.SealRecipient `json:"recipients,omitempty"`
	RecipientList []byte                   `json:"recipientList,omitempty"`
	Tender        string                   `json:"tender"`
}

// sealed is what the page gets for one small file.
type sealed struct {
	Code, Detail string
	List         protocol.ListCheck
	Recipients   []protocol.SealedTo
}

func fromPortal(t *testing.T, w *journey.Walk) toSeal {
	t.Helper()
	var raw json.RawMessage
	must(t, w.Page.Eval(`fetch("/api/tenders/pont-2027/recipients?kind=offre&lot=1").then(r => r.json())`, &raw))
	var s toSeal
	must(t, json.Unmarshal(raw, &s))
	if len(s.Recipients) == 0 || len(s.RecipientList) == 0 {
		t.Fatalf("the portal gives %s", raw)
	}
	return s
}

// sealInPage calls scelle.seal as a portal's page does.
func sealInPage(t *testing.T, w *journey.Walk, options toSeal) sealed {
	t.Helper()
	text, err := json.Marshal(options)
	must(t, err)
	var got sealed
	must(t, w.Page.Eval(fmt.Sprintf(`(async () => {
		const { scelle } = await import("/scelle.js");
		try {
			const { list, recipients, release } = await scelle.seal({ files: [new File(["prix"], "prix.txt")], kind: "offre", lot: "1", ...%s });
			await release();
			return { list, recipients };
		} catch ({ code, detail }) { return { code, detail }; }
	})()`, text), &got))
	return got
}

func wantSealed(t *testing.T, name string, got sealed, code fault.Code) {
	t.Helper()
	if got.Code != string(code) || code == "" && len(got.Recipients) == 0 {
		t.Errorf("%s: %+v, want %q", name, got, code)
	}
}

// listKey is the portal's own key, from its data directory.
func listKey(t *testing.T, w *journey.Walk) (crypto.Signer, []byte) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.World.Dir, "portal", "list-signing.pem"))
	must(t, err)
	block, rest := pem.Decode(text)
	certificate, _ := pem.Decode(rest)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	return key.(crypto.Signer), certificate.Bytes
}

// TestSignedLists: in one world, what a portal's page, or who stands in for it,
// can do to the lists of a tender's keys and of an opening.
func TestSignedLists(t *testing.T) {
	w := ready(t)
	must(t, w.AddLocal("Clé de Camille Lefort", false))
	must(t, w.Login(journey.Company))
	must(t, w.GoTender())
	must(t, w.Online())
	good := fromPortal(t, w)
	pin := sealingLists(t, w, good)

	must(t, w.Recipients())
	must(t, w.Page.Says("#to-list", pin))
	must(t, w.Page.Says("#to-list", "Clé de Camille Lefort"))
	must(t, w.Page.Says("#to-list", "personnel"))
	file, err := journey.WriteFile(w.World.Home, "offre.txt", []byte("12 345,67 €\n"))
	must(t, err)
	must(t, w.Deposit(file))
	popup, err := w.Browser.Popup(w.Page)
	must(t, err)
	must(t, popup.Visible("#list-keys"))
	must(t, popup.Shut())

	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	must(t, w.Online())
	openingLists(t, w)
}

// sealingLists tries lists of recipients, first those that must not be kept,
// and returns the pin of the portal's key.
func sealingLists(t *testing.T, w *journey.Walk, good toSeal) string {
	t.Helper()
	foreign := certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory", Curve: elliptic.P256(), KeyUsage: x509.KeyUsageDigitalSignature})
	list := toSeal{RecipientList: good.RecipientList, Tender: good.Tender}
	unsigned := toSeal{Recipients: good.Recipients, Tender: good.Tender}

	got := sealInPage(t, w, unsigned)
	if wantSealed(t, "unsigned, nothing known", got, ""); got.List.Signed || got.List.Fault == nil || got.List.Fault.Code != fault.ListUnsigned {
		t.Errorf("unsigned without a warning: %+v", got.List)
	}
	swapped := good
	swapped.Recipients = []protocol.SealRecipient{{Certificate: certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory"}).DER}}
	wantSealed(t, "swapped recipient", sealInPage(t, w, swapped), fault.ListRecipients)
	other := list
	other.Tender = saltTender
	wantSealed(t, "another tender", sealInPage(t, w, other), fault.ListOther)
	forged := list
	forged.RecipientList = bytes.Replace(list.RecipientList, []byte(`"revoked":false`), []byte(`"revoked":true `), 1)
	wantSealed(t, "forged", sealInPage(t, w, forged), fault.ListForged)

	got = sealInPage(t, w, list)
	if wantSealed(t, "the portal's list", got, ""); !got.List.Signed || !got.List.First {
		t.Errorf("the first list: %+v", got.List)
	}
	if got = sealInPage(t, w, good); got.List.First || !got.List.Signed || got.Code != "" {
		t.Errorf("again, with the same recipients named: %+v", got)
	}
	verified, err := signeddata.Verify(good.RecipientList, time.Now())
	must(t, err)
	again, err := lists.ParseRecipients(verified.JSON)
	must(t, err)
	again.Issued = time.Now()
	theirs := list
	theirs.RecipientList, err = signeddata.Sign(again, foreign.Key, foreign.DER)
	must(t, err)
	theirPin, err := signeddata.Pin(foreign.DER)
	must(t, err)
	refused := sealInPage(t, w, theirs)
	if wantSealed(t, "foreign signer", refused, fault.ListSigner); refused.Detail != theirPin {
		t.Errorf("which signer: %q", refused.Detail)
	}
	wantSealed(t, "unsigned, the key is known", sealInPage(t, w, unsigned), fault.ListUnsigned)
	return verified.Pin
}

// openingLists asks for an opening before its time, then with the list of
// another tender, then as the portal's page does.
func openingLists(t *testing.T, w *journey.Walk) {
	t.Helper()
	key, certificate := listKey(t, w)
	now := time.Now()
	list := lists.Opening{Origin: w.World.Origin, Tender: bridgeTender, NotBefore: now.Add(-time.Minute), Issued: now,
		Plis: []lists.Pli{{ID: "x", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre}}}
	early, other := list, list
	early.NotBefore, other.Tender = now.Add(time.Hour), saltTender
	for code, l := range map[fault.Code]*lists.Opening{fault.OpeningEarly: &early, fault.ListOther: &other} {
		signed, err := signeddata.Sign(l, key, certificate)
		must(t, err)
		text, err := json.Marshal(map[string]any{"tender": bridgeTender, "plis": []protocol.OpenPli{{ID: "x"}}, "openingList": signed})
		must(t, err)
		must(t, w.Page.Eval(fmt.Sprintf(`import("/scelle.js").then(({ scelle }) => {
			globalThis.opening = scelle.open({ ...%s, fetchEnvelope: () => { globalThis.fetched = true; throw new Error(); } }).then(() => "opened", ({ code }) => code);
			return true;
		})`, text), nil))
		a, err := w.Browser.Assistant()
		must(t, err)
		must(t, a.Says("#fault", string(code)))
		must(t, a.CloseBy(".actions .quiet"))
		var said string
		must(t, w.Page.Eval(`globalThis.opening.then((code) => code + (globalThis.fetched ? ", fetched" : ""))`, &said))
		if said != string(code) {
			t.Errorf("the page hears %q, want %s", said, code)
		}
	}
	a, err := w.StartOpen(false)
	must(t, err)
	must(t, a.Visible("#use-key"))
	must(t, a.Visible("#list-signed"))
	must(t, a.Click("#use-key"))
	must(t, a.Visible(".result.good"))
	must(t, a.CloseBy(".actions .primary"))
	must(t, w.Page.Visible(`.pli[data-opened="yes"]`))
}
