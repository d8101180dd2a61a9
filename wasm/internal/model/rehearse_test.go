package model_test

import (
	"crypto/elliptic"
	"encoding/json"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
	"scelle/wasm/internal/trust"
)

// rehearsing is a portal that signs the keys of a tender: one of this computer,
// one of another, one that was withdrawn.
type rehearsing struct {
	*portal
	list   *lists.Recipients
	tests  []model.SealTest
	verbs  []protocol.Verb
	params protocol.RehearseParams
}

func newRehearsing(t *testing.T) *rehearsing {
	at := env().Time()
	r := &rehearsing{portal: newPortal(t), params: protocol.RehearseParams{Tender: "2026-T/42", RecipientList: []byte{1}},
		list: &lists.Recipients{Origin: origin, Tender: "2026-T/42", Deadline: at.AddDate(0, 0, 9), Issued: at}}
	pair := func(key int) []byte {
		return certtest.SelfSigned(t, certtest.Options{Curve: elliptic.P256(), Key: key, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(1, 0, 0)}).DER
	}
	for i, label := range []string{"Bureau", "Coffre", "Ancien poste"} {
		cert, err := keypair.Parse(pair(i))
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			r.cert, r.entry.Thumbprint = cert, cert.Thumbprint()
		}
		r.list.Entries = append(r.list.Entries, lists.Recipient{Thumbprint: cert.Thumbprint(), Certificate: cert.Raw, Mechanism: envelope.ECDH,
			Kind: lists.Personal, Revoked: i == 2, NotAfter: cert.NotAfter, Label: label})
	}
	r.readable()
	w := r.world
	w.Verify = func([]byte) (*trust.Signed, error) {
		data, err := r.list.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return &trust.Signed{Pin: hashOf("0a"), JSON: data}, nil
	}
	w.Worker[protocol.SitePin] = func(any) (any, error) { return protocol.Empty{}, nil }
	w.Test = func(e model.SealTest) (model.SealedTest, error) {
		r.tests = append(r.tests, e)
		return model.SealedTest{File: model.FileRef{Handle: 7, Name: "test"}, SHA256: hashOf("5e")}, nil
	}
	w.Open = func(o model.OpenFile) (model.Opened, error) {
		return model.Opened{Authenticated: true, Files: []model.FileRef{{Handle: 8, Name: "essai.txt"}}, Details: []protocol.PliFile{{Name: "essai.txt", SHA256: hashOf("5e")}}}, nil
	}
	unwrap := w.Host[protocol.HostUnwrap]
	w.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		r.verbs = append(r.verbs, params.(protocol.UnwrapParams).Verb)
		return unwrap(params)
	}
	return r
}

func (r *rehearsing) start() (*modeltest.Player, *model.Opening) {
	a := model.NewAssistant(env(), session(r.t, protocol.PliRehearse, r.params), model.ForPlis)
	player := modeltest.Start(a, r.world)
	player.Tick()
	return player, opening(a)
}

func (r *rehearsing) told() protocol.RehearseResult {
	r.t.Helper()
	var result protocol.RehearseResult
	if r.finished == nil || r.finished.Fault != nil {
		r.t.Fatalf("finished %+v", r.finished)
	}
	if err := json.Unmarshal(r.finished.Result, &result); err != nil {
		r.t.Fatal(err)
	}
	return result
}

// TestRehearsal: sealed to every key that is not withdrawn, opened with the one
// that is here, under its own verb; nothing is fetched, saved or handed over,
// and nothing of the test stays.
func TestRehearsal(t *testing.T) {
	r := newRehearsing(t)
	player, o := r.start()
	if o.Phase != model.OpenConsent || len(o.Ready()) != 1 || player.Did("host host.batch.begin") {
		t.Fatalf("phase %s, fault %v", o.Phase, o.Fault)
	}
	if player.Did("progress") {
		t.Error("before the consent the page learns how many of the keys are here")
	}
	player.Send(model.Consent{Trusted: true})
	wantStory(t, player, `
worker site.trust
verify list
host host.keys.list
host host.keys.certificate
seal test
inspect test
worker site.pin
host host.batch.begin
host host.keys.unwrap
open test
forget essai.txt
forget test
host host.batch.end
worker session.finish ok`)
	result := r.told()
	want := []protocol.Rehearsed{protocol.RehearsedOpened, protocol.RehearsedElsewhere, protocol.RehearsedLeftOut}
	for i, k := range result.Keys {
		if k.State != want[i] || k.Thumbprint != r.list.Entries[i].Thumbprint {
			t.Errorf("key %d: %+v", i, k)
		}
	}
	if len(r.tests) != 1 || len(r.tests[0].Recipients) != 2 || r.tests[0].Tender != "2026-T/42" || r.verbs[0] != protocol.VerbRehearse {
		t.Errorf("sealed %+v, verbs %v", r.tests, r.verbs)
	}
	if result.Extension != "0.1.0" || !result.List.Signed || result.Started.IsZero() || player.Did("fetch") || player.Did("save") || player.Did("record") || player.Did("page") {
		t.Errorf("%+v\n%s", result, player.Story())
	}
}

// TestRehearsalFails: the page learns that a key did not open and why; what
// comes out different from what went in is no success.
func TestRehearsalFails(t *testing.T) {
	for want, open := range map[fault.Code]func(model.OpenFile) (model.Opened, error){
		fault.EnvelopeUnreadable: func(model.OpenFile) (model.Opened, error) { return model.Opened{}, fault.New(fault.EnvelopeUnreadable) },
		fault.RehearsalDiffers: func(model.OpenFile) (model.Opened, error) {
			return model.Opened{Authenticated: true, Details: []protocol.PliFile{{SHA256: hashOf("00")}}}, nil
		},
	} {
		r := newRehearsing(t)
		r.world.Open = open
		player, o := r.start()
		player.Send(model.Consent{Trusted: true})
		k := r.told().Keys[0]
		if o.Phase != model.OpenResults || k.State != protocol.RehearsedFailed || k.Fault == nil || k.Fault.Code != want || o.Rehearsal.Opened() != 0 {
			t.Errorf("%s: %+v in phase %s", want, k, o.Phase)
		}
	}
}

// TestRehearsalWithoutKey: the person learns that no key is here and can try
// again; the page learns nothing of this computer.
func TestRehearsalWithoutKey(t *testing.T) {
	r := newRehearsing(t)
	list := r.world.Host[protocol.HostList]
	r.world.Host[protocol.HostList] = func(any) (any, error) { return protocol.ListResult{}, nil }
	player, o := r.start()
	if o.Phase != model.OpenFailed || o.Fault.Code != fault.RehearsalNoKey || !o.Retryable() {
		t.Fatalf("phase %s, fault %v", o.Phase, o.Fault)
	}
	r.world.Host[protocol.HostList] = list
	player.Send(model.Retry{})
	if o.Phase != model.OpenConsent || len(o.Rehearsal.Keys) != 3 {
		t.Errorf("after the card came: phase %s, %d keys", o.Phase, len(o.Rehearsal.Keys))
	}
	r = newRehearsing(t)
	r.world.Host[protocol.HostList] = func(any) (any, error) { return protocol.ListResult{}, nil }
	player, _ = r.start()
	player.Send(model.Close{})
	if r.finished == nil || r.finished.Fault == nil || r.finished.Fault.Code != fault.Cancelled {
		t.Errorf("finished %+v", r.finished)
	}
}

// TestRehearsalOfAnotherList: a list that was made for another tender, or keys
// that are not in it, end the rehearsal before a key is looked at.
func TestRehearsalOfAnotherList(t *testing.T) {
	r := newRehearsing(t)
	r.params.Tender = "2026-T/43"
	if player, o := r.start(); o.Phase != model.OpenFailed || o.Fault.Code != fault.ListOther || player.Did("host") || o.Retryable() {
		t.Errorf("another tender: %s, %v", o.Phase, o.Fault)
	}
	r = newRehearsing(t)
	r.params.Recipients = []protocol.SealRecipient{{Certificate: certtest.SelfSigned(t, certtest.Options{CommonName: "Mallory"}).DER}}
	if player, o := r.start(); o.Phase != model.OpenFailed || o.Fault.Code != fault.ListRecipients || player.Did("host") {
		t.Errorf("another key: %s, %v", o.Phase, o.Fault)
	}
	r = newRehearsing(t)
	r.params.RecipientList, r.params.Tender = nil, ""
	if _, o := r.start(); o.Phase != model.OpenFailed || o.Fault.Code != fault.BadRequest {
		t.Errorf("no tender: %s, %v", o.Phase, o.Fault)
	}
}
