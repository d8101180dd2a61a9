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
	"scelle/scripts/e2e/stack"
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
	Late         bool
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
			const { list, recipients, late, release } = await scelle.seal({ files: [new File(["prix"], "prix.txt")], kind: "offre", lot: "1", ...%s });
			await release();
			return { list, recipients, late };
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

// listSigner is who signs lists.
type listSigner struct {
	key         crypto.Signer
	certificate []byte // DER
}

// listKey is the portal's own key, from its data directory.
func listKey(t *testing.T, w *stack.World) listSigner {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(w.Dir, "portal", "list-signing.pem"))
	must(t, err)
	block, rest := pem.Decode(text)
	certificate, _ := pem.Decode(rest)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	must(t, err)
	return listSigner{key.(crypto.Signer), certificate.Bytes}
}

// again signs a portal's list of recipients once more, after a change.
func (s listSigner) again(t *testing.T, list []byte, change func(*lists.Recipients)) []byte {
	t.Helper()
	verified, err := signeddata.Verify(list, time.Now())
	must(t, err)
	again, err := lists.ParseRecipients(verified.JSON)
	must(t, err)
	again.Issued = time.Now()
	if change != nil {
		change(again)
	}
	signed, err := signeddata.Sign(again, s.key, s.certificate)
	must(t, err)
	return signed
}

// TestSignedLists: in one world, what a portal's page, or who stands in for it,
// can do to the lists of a tender's keys and of an opening. At the end the store
// of that computer has its accidents.
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
	newKeyIsTold(t, w, pin)
	deadlines(t, w, good, file)
	must(t, w.Deposit(file))

	must(t, w.Login(journey.Agent))
	must(t, w.CloseTender())
	must(t, w.Online())
	openingLists(t, w)
	recordedSigner(t, w, pin)
	storeFaults(t, w)
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
	theirs := list
	theirs.RecipientList = listSigner{foreign.Key, foreign.DER}.again(t, good.RecipientList, nil)
	theirPin, err := signeddata.Pin(foreign.DER)
	must(t, err)
	refused := sealInPage(t, w, theirs)
	if wantSealed(t, "foreign signer", refused, fault.ListSigner); refused.Detail != theirPin {
		t.Errorf("which signer: %q", refused.Detail)
	}
	wantSealed(t, "unsigned, the key is known", sealInPage(t, w, unsigned), fault.ListUnsigned)
	return got.List.Pin
}

// newKeyIsTold: the icon and its popup tell of a key that was kept while a pli
// was sealed, until the person has seen it.
func newKeyIsTold(t *testing.T, w *journey.Walk, pin string) {
	t.Helper()
	for _, badge := range []string{"!", ""} {
		popup, err := w.Browser.Popup(w.Page)
		must(t, err)
		must(t, popup.Until(`(chrome.action.getBadgeText({}).then((text) => globalThis.badge = text), globalThis.badge === "`+badge+`")`))
		if badge == "" {
			must(t, popup.Visible("#list-keys"))
			must(t, popup.Gone("#list-key-new"))
		} else {
			must(t, popup.Visible("#list-key-new"))
			must(t, popup.Until(`document.querySelector("#list-key-new .fingerprint").textContent.replace(/\s/g, "") === "`+pin+`"`))
			photograph(t, popup, "new-list-key")
			must(t, popup.Click("#list-key-seen"))
			must(t, popup.Gone("#list-key-new"))
		}
		must(t, popup.Shut())
	}
}

// deadlines: after the deadline of the signed list nothing is sealed, and the
// portal's page says why; a list can ask for a warning instead.
func deadlines(t *testing.T, w *journey.Walk, good toSeal, file string) {
	t.Helper()
	portal := listKey(t, w.World)
	late, warned := good, good
	late.RecipientList = portal.again(t, good.RecipientList, func(r *lists.Recipients) { r.Deadline = r.Issued.Add(-time.Minute) })
	warned.RecipientList = portal.again(t, late.RecipientList, func(r *lists.Recipients) { r.Late = lists.WarnLate })
	wantSealed(t, "after the deadline", sealInPage(t, w, late), fault.DeadlinePassed)
	got := sealInPage(t, w, warned)
	if wantSealed(t, "late, with a warning", got, ""); !got.Late {
		t.Errorf("late without a word: %+v", got)
	}
	text, err := json.Marshal(late.RecipientList)
	must(t, err)
	must(t, w.Page.Eval(`{ const real = fetch; window.fetch = async (url, init) => { const r = await real(url, init);
		return String(url).includes("/recipients?") ? Response.json({ ...(await r.json()), recipientList: `+string(text)+` }) : r; }; }`, nil))
	must(t, w.Page.Upload("#files", file))
	must(t, w.Page.Click("#deposit"))
	must(t, w.Page.Says("#message.bad", "La date limite de remise des plis est passée."))
	for range 2 { // it is open already
		must(t, w.Page.Click("#to summary"))
	}
	must(t, w.Page.Says("#to-list", "La date limite de remise des plis est passée."))
	photograph(t, w.Page, "late")
}

// recordedSigner reads who signed the list out of the saved record.
func recordedSigner(t *testing.T, w *journey.Walk, pin string) {
	t.Helper()
	records, err := filepath.Glob(filepath.Join(w.World.Downloads, "*", "*", "*.json"))
	must(t, err)
	if len(records) != 1 {
		t.Fatalf("records: %q", records)
	}
	text, err := os.ReadFile(records[0])
	must(t, err)
	var r protocol.OpeningRecord
	must(t, json.Unmarshal(text, &r))
	if r.List == nil || !r.List.Signed || r.List.Pin != pin || r.List.Pinned != protocol.PinnedKept || r.List.Since == "" || r.List.Issued == nil {
		t.Errorf("the record says of the list %+v", r.List)
	}
}

// openingLists asks for an opening before its time, then with the list of
// another tender, then as the portal's page does.
func openingLists(t *testing.T, w *journey.Walk) {
	t.Helper()
	portal := listKey(t, w.World)
	now := time.Now()
	list := lists.Opening{Origin: w.World.Origin, Tender: bridgeTender, NotBefore: now.Add(-time.Minute), Issued: now,
		Plis: []lists.Pli{{ID: "x", SHA256: strings.Repeat("ab", 32), Kind: pli.Offre}}}
	early, other := list, list
	early.NotBefore, other.Tender = now.Add(time.Hour), saltTender
	for code, l := range map[fault.Code]*lists.Opening{fault.OpeningEarly: &early, fault.ListOther: &other} {
		signed, err := signeddata.Sign(l, portal.key, portal.certificate)
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
