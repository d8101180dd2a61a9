package model_test

import (
	"crypto/elliptic"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
	"scelle/wasm/internal/trust"
)

// transferring is a portal that signs a transfer of plis from the key of this
// computer to another one, and what it was given.
type transferring struct {
	*portal
	list  *lists.Transfer
	taken []protocol.ReplaceRecipientsArgs
	verbs []protocol.Verb
	keys  [][]byte // content keys that the crypto worker was given
}

func newTransferring(t *testing.T, plis int) *transferring {
	at := env().Time()
	r := &transferring{portal: newPortal(t), list: &lists.Transfer{Origin: origin, Issued: at}}
	recipient := func(key int, label string) lists.Recipient {
		cert, err := keypair.Parse(certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256(), Key: key, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0)}).DER)
		if err != nil {
			t.Fatal(err)
		}
		if key == 0 {
			r.cert, r.entry.Thumbprint = cert, cert.Thumbprint()
		}
		return lists.Recipient{Thumbprint: cert.Thumbprint(), Certificate: cert.Raw, Mechanism: envelope.ECDH, Kind: lists.Personal, NotAfter: cert.NotAfter, Label: label}
	}
	r.list.From, r.list.To = recipient(0, "Ancienne"), []lists.Recipient{recipient(1, "Nouvelle")}
	for i := range plis {
		n := strconv.Itoa(i + 1)
		r.list.Plis = append(r.list.Plis, lists.TransferPli{Tender: "T" + strconv.Itoa(i/2), Pli: lists.Pli{ID: "p" + n, HeaderSHA256: hashOf("a" + n), ContentSHA256: hashOf("c" + n), Label: "Société " + n, Kind: pli.Offre}})
	}
	r.readable()
	w := r.world
	inspect := w.Inspect
	w.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
		info, err := inspect(f)
		info.HeaderSHA256 = hashOf("a" + strings.TrimPrefix(f.Name, "p"))
		return info, err
	}
	w.Verify = func([]byte) (*trust.Signed, error) {
		data, err := r.list.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return &trust.Signed{Pin: hashOf("0a"), JSON: data}, nil
	}
	w.Worker[protocol.SitePin] = func(any) (any, error) { return protocol.Empty{}, nil }
	w.Rewrap = func(e model.RewrapFile) (model.Rewrapped, error) {
		r.keys = append(r.keys, slices.Clone(e.ContentKey))
		if len(e.To) != 1 || keypair.Thumbprint(e.To[0].Certificate) != r.list.To[0].Thumbprint {
			t.Errorf("wrapped to %+v", e.To)
		}
		return model.Rewrapped{Recipients: []protocol.NewRecipient{{Thumbprint: r.list.To[0].Thumbprint, RecipientInfo: []byte{1}}}, Verified: e.File.Name == "p1", ContentSHA256: ""}, nil
	}
	w.Page[protocol.CallReplaceRecipients] = func(args any, _ []model.FileRef) (any, error) {
		r.taken = append(r.taken, args.(protocol.ReplaceRecipientsArgs))
		return nil, nil
	}
	unwrap := w.Host[protocol.HostUnwrap]
	w.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		r.verbs = append(r.verbs, params.(protocol.UnwrapParams).Verb)
		return unwrap(params)
	}
	return r
}

func (r *transferring) start(hold string) (*modeltest.Player, *model.Opening) {
	a := model.NewAssistant(env(), session(r.t, protocol.PliRewrap, protocol.RewrapParams{TransferList: []byte{1}}), model.ForPlis)
	player := modeltest.StartHolding(a, r.world, hold)
	player.Tick()
	return player, opening(a)
}

func (r *transferring) told() protocol.RewrapResult {
	r.t.Helper()
	var result protocol.RewrapResult
	if r.finished == nil || r.finished.Fault != nil {
		r.t.Fatalf("finished %+v", r.finished)
	}
	if err := json.Unmarshal(r.finished.Result, &result); err != nil {
		r.t.Fatal(err)
	}
	return result
}

// TestTransfer: one consent that is bound to each header; each pli is wrapped
// and given to the portal before the next one; nothing is opened, saved or
// handed over, and the page gets no content key.
func TestTransfer(t *testing.T) {
	r := newTransferring(t, 3)
	var bound []string
	r.world.Host[protocol.HostBatchBegin] = func(params any) (any, error) {
		bound = params.(protocol.BatchParams).Envelopes
		return protocol.BatchResult{ID: "b1"}, nil
	}
	player, o := r.start("")
	tenders := o.Rewrap.Tenders(o)
	if o.Phase != model.OpenConsent || len(o.Ready()) != 3 || len(tenders) != 2 || tenders[0].Plis != 2 || o.Rewrap.From.Thumbprint != r.list.From.Thumbprint {
		t.Fatalf("phase %s, fault %v, %+v", o.Phase, o.Fault, tenders)
	}
	player.Send(model.Consent{Trusted: true})
	if o.Phase != model.OpenResults || len(r.taken) != 3 || !slices.Equal(bound, []string{hashOf("a1"), hashOf("a2"), hashOf("a3")}) {
		t.Fatalf("phase %s, %d taken, bound to %v", o.Phase, len(r.taken), bound)
	}
	for i, a := range r.taken {
		if a.ID != r.list.Plis[i].ID || a.Header != r.list.Plis[i].HeaderSHA256 || a.From != r.list.From.Thumbprint || len(a.Recipients) != 1 || a.Verified != (i == 0) || r.verbs[i] != protocol.VerbRewrap {
			t.Errorf("%+v, %s", a, r.verbs[i])
		}
		if raw, _ := json.Marshal(a); strings.Contains(string(raw), "MDEyMzQ1Njc4OWFiY2RlZg") || string(r.keys[i]) != "0123456789abcdef" {
			t.Error("the page gets the content key, or the worker does not")
		}
	}
	if player.Did("open ") || player.Did("save") || player.Did("record") || player.Did("page receiveOpened") {
		t.Error(player.Story())
	}
	result := r.told()
	if len(result.Plis) != 3 || !result.Plis[0].Verified || result.Plis[1].Verified || !result.Plis[2].Done || !result.List.Signed {
		t.Errorf("%+v", result)
	}
}

// TestTransferIsolates: what the portal refuses, and a header that is not the
// signed one, keep their old key; the others go on.
func TestTransferIsolates(t *testing.T) {
	r := newTransferring(t, 4)
	r.list.Plis[1].HeaderSHA256 = hashOf("ff")
	take := r.world.Page[protocol.CallReplaceRecipients]
	r.world.Page[protocol.CallReplaceRecipients] = func(args any, files []model.FileRef) (any, error) {
		if args.(protocol.ReplaceRecipientsArgs).ID == "p3" {
			return nil, fault.New(fault.TransferChanged)
		}
		return take(args, files)
	}
	rewrap := r.world.Rewrap
	r.world.Rewrap = func(e model.RewrapFile) (model.Rewrapped, error) {
		w, err := rewrap(e)
		if e.File.Name == "p4" { // other content than the portal signed
			w.Verified, w.ContentSHA256 = true, hashOf("00")
		}
		w.Verified = w.Verified || e.File.Name == "p3" // which the portal refuses
		return w, err
	}
	player, o := r.start("")
	if len(o.Ready()) != 3 {
		t.Fatalf("%d ready", len(o.Ready()))
	}
	player.Send(model.Consent{Trusted: true})
	for i, want := range []fault.Code{"", fault.ListPli, fault.TransferChanged, fault.ListPli} {
		if p := r.told().Plis[i]; p.Done != (want == "") || want != "" && p.Fault.Code != want {
			t.Errorf("pli %d: %+v", i+1, p)
		}
	}
	if len(r.taken) != 1 || o.Rewrap.Verified() != 1 {
		t.Errorf("%d taken, %d verified", len(r.taken), o.Rewrap.Verified())
	}
}

// TestTransferGoesOn: a card that is taken out stops the run; what was done
// stays done, and only the rest is asked for again.
func TestTransferGoesOn(t *testing.T) {
	r := newTransferring(t, 3)
	unwrap, n := r.world.Host[protocol.HostUnwrap], 0
	r.world.Host[protocol.HostUnwrap] = func(p any) (any, error) {
		if n++; n == 2 {
			return nil, fault.New(fault.TokenRemoved)
		}
		return unwrap(p)
	}
	player, o := r.start("")
	player.Send(model.Consent{Trusted: true})
	if o.Phase != model.OpenFailed || o.Fault.Code != fault.TokenRemoved || o.Delivered() != 1 {
		t.Fatalf("phase %s, fault %v", o.Phase, o.Fault)
	}
	player.Send(model.Retry{})
	player.Tick()
	if player.Send(model.Consent{Trusted: true}); o.Phase != model.OpenResults || len(r.taken) != 3 {
		t.Errorf("phase %s, %d taken", o.Phase, len(r.taken))
	}
	var ids []string
	for _, a := range r.taken {
		ids = append(ids, a.ID)
	}
	if !slices.Equal(ids, []string{"p1", "p2", "p3"}) {
		t.Errorf("taken %v", ids)
	}
}

// TestTransferCancelled: nothing after the pli in work, and the page learns
// which were done.
func TestTransferCancelled(t *testing.T) {
	r := newTransferring(t, 3)
	player, o := r.start("rewrap p2")
	player.Send(model.Consent{Trusted: true}, model.Cancel{})
	if o.Phase != model.OpenResults || len(r.taken) != 1 {
		t.Fatalf("phase %s, %d taken", o.Phase, len(r.taken))
	}
	player.Release()
	if result := r.told(); len(r.taken) != 1 || !result.Plis[0].Done || result.Plis[1].Done || result.Plis[2].Fault.Code != fault.Cancelled {
		t.Errorf("%d taken, %+v", len(r.taken), result)
	}
}

// TestTransferCancelledLate: what the portal is taking is waited for, so that
// the page learns that it was done.
func TestTransferCancelledLate(t *testing.T) {
	r := newTransferring(t, 3)
	player, o := r.start("page " + string(protocol.CallReplaceRecipients))
	player.Send(model.Consent{Trusted: true}, model.Cancel{})
	if o.Phase != model.OpenRunning || !o.Stopping {
		t.Fatalf("phase %s", o.Phase)
	}
	player.Release()
	if result := r.told(); len(r.taken) != 1 || !result.Plis[0].Done || result.Plis[1].Done {
		t.Errorf("%d taken, %+v", len(r.taken), result)
	}
}

// TestTransferTellsNoKey: before the consent a page is asked for the same
// things and hears the same, whether the old key is here or not; with the card
// put in, trying again finds the key.
func TestTransferTellsNoKey(t *testing.T) {
	asked := func(absent bool) (out []string) {
		r := newTransferring(t, 2)
		list := r.world.Host[protocol.HostList]
		if absent {
			r.world.Host[protocol.HostList] = func(any) (any, error) { return protocol.ListResult{}, nil }
		}
		player, o := r.start("")
		for _, line := range player.Log {
			if strings.HasPrefix(line, "fetch") || strings.HasPrefix(line, "progress") || strings.HasPrefix(line, "page") {
				out = append(out, line)
			}
		}
		if absent {
			r.world.Host[protocol.HostList] = list
			player.Send(model.Retry{})
			if o.Phase != model.OpenConsent || len(o.Ready()) != 2 {
				t.Errorf("after the card came: phase %s, %d ready", o.Phase, len(o.Ready()))
			}
		}
		player.Send(model.Cancel{})
		if r.finished == nil || r.finished.Fault == nil || r.finished.Fault.Code != fault.Cancelled {
			t.Errorf("finished %+v", r.finished)
		}
		return out
	}
	if here, absent := asked(false), asked(true); len(here) < 2 || !slices.Equal(here, absent) {
		t.Errorf("%q, without the key %q", here, absent)
	}
}

// TestTransferNeedsItsList: without a signed list, with one that is for
// something else, with a new key that has expired, or where the old key is not,
// it does not begin.
func TestTransferNeedsItsList(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *transferring)
		want   fault.Code
	}{
		"another site": {func(r *transferring) { r.list.Origin = "https://x.example" }, fault.ListOther},
		"an old list":  {func(r *transferring) { r.list.Issued = r.list.Issued.AddDate(0, 0, -2) }, fault.ListExpired},
		"an expired key": {func(r *transferring) {
			cert, err := keypair.Parse(certtest.SelfSigned(r.t, certtest.Options{Curve: elliptic.P256(), Key: 2, NotBefore: env().Time().AddDate(-2, 0, 0), NotAfter: env().Time().AddDate(-1, 0, 0)}).DER)
			if err != nil {
				r.t.Fatal(err)
			}
			r.list.To[0] = lists.Recipient{Thumbprint: cert.Thumbprint(), Certificate: cert.Raw, Mechanism: envelope.ECDH, Kind: lists.Personal, NotAfter: cert.NotAfter}
		}, fault.CertificateExpired},
		"no old key here": {func(r *transferring) { r.list.From, r.list.To[0] = r.list.To[0], r.list.From }, fault.TransferNoKey},
		"the list of an opening": {func(r *transferring) {
			r.world.Verify = func([]byte) (*trust.Signed, error) {
				at := env().Time()
				data, err := (&lists.Opening{Origin: origin, Tender: "T", NotBefore: at, Issued: at, Plis: []lists.Pli{{ID: "1", SHA256: hashOf("0a"), Kind: pli.Offre}}}).Encode()
				return &trust.Signed{Pin: hashOf("0a"), JSON: data}, err
			}
		}, fault.ListOther},
	} {
		r := newTransferring(t, 1)
		c.change(r)
		if player, o := r.start(""); o.Phase != model.OpenFailed || o.Fault.Code != c.want || player.Did("fetch") != (c.want == fault.TransferNoKey) {
			t.Errorf("%s: phase %s, fault %v", name, o.Phase, o.Fault)
		}
	}
	r := newTransferring(t, 1)
	a := model.NewAssistant(env(), session(t, protocol.PliRewrap, protocol.RewrapParams{}), model.ForPlis)
	player := modeltest.Start(a, r.world)
	if opening(a).Phase != model.OpenFailed || opening(a).Fault.Code != fault.ListUnsigned || player.Did("host") {
		t.Errorf("without a list: %v", opening(a).Fault)
	}
}
