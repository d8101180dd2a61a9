package model_test

import (
	"slices"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// Every key that a consent may use is named in it.
func TestConsentNamesEveryKey(t *testing.T) {
	p := newPortal(t)
	p.readable()
	second := certtest.SelfSigned(t, certtest.Options{CommonName: "Paul Martin"})
	other, err := keypair.Parse(second.DER)
	if err != nil {
		t.Fatal(err)
	}
	entry := protocol.Certificate{Thumbprint: other.Thumbprint(), CommonName: "Paul Martin", HasKey: true}
	p.world.Host[protocol.HostList] = func(any) (any, error) {
		return protocol.ListResult{Certificates: []protocol.Certificate{p.entry, entry}}, nil
	}
	was := p.world.Host[protocol.HostCertificate]
	p.world.Host[protocol.HostCertificate] = func(params any) (any, error) {
		if params.(protocol.CertificateParams).Thumbprint == entry.Thumbprint {
			return protocol.CertificateResult{Certificate: entry, DER: other.Raw}, nil
		}
		return was(params)
	}
	p.world.Inspect = func(model.FileRef) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{HeaderSHA256: "h", Recipients: []model.RecipientInfo{p.recipient("rsa-oaep-sha256"),
			{DER: []byte{2}, Issuer: other.IssuerRaw, Serial: other.SerialRaw, Mechanism: "rsa-oaep-sha256"}}}, nil
	}
	_, o := p.start(plis(1), "")
	if keys := o.Keys(); len(keys) != 2 {
		t.Errorf("keys %+v", keys)
	}
}

func TestPlisOfAnotherLotOrKind(t *testing.T) {
	for name, c := range map[string]struct {
		kind, lot string
		want      bool
	}{
		"as announced": {"offre", "2", false}, "announced nothing": {"", "", false},
		"other kind": {"candidature", "2", true}, "other lot": {"offre", "1", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.readable()
			was := p.world.Open
			p.world.Open = func(o model.OpenFile) (model.Opened, error) {
				opened, err := was(o)
				opened.Kind, opened.Lot = "offre", "2"
				return opened, err
			}
			params := plis(1)
			params.Plis[0].Kind, params.Plis[0].Lot = c.kind, c.lot
			player, o := p.start(params, "")
			player.Send(model.Consent{Trusted: true})
			if o.Plis[0].Misplaced != c.want || o.Plis[0].State != model.PliDelivered {
				t.Errorf("%+v", o.Plis[0])
			}
		})
	}
}

func TestOpeningNeedsATender(t *testing.T) {
	params := plis(1)
	params.Tender = ""
	_, o := newPortal(t).start(params, "")
	if o.Phase != model.OpenFailed || o.Fault.Code != fault.BadRequest {
		t.Errorf("phase %s, fault %v", o.Phase, o.Fault)
	}
}

// TestHiddenWindowArmsNothing: neither one that opens out of sight nor one
// that goes there, however long it waits.
func TestHiddenWindowArmsNothing(t *testing.T) {
	p := newPortal(t)
	p.readable()
	a := model.NewAssistant(env(), session(t, protocol.PliOpen, plis(1)), model.ForPlis)
	a.Update(model.Lowered{})
	player := modeltest.Start(a, p.world)
	click := func() {
		player.Tick()
		player.Send(model.Consent{Trusted: true})
	}
	click()
	if player.Send(model.Raised{}, model.Consent{Trusted: true}); opening(a).Phase != model.OpenConsent {
		t.Error("a click counted before the window was seen for a while")
	}
	player.Tick()
	player.Send(model.Lowered{})
	click()
	if opening(a).Phase != model.OpenConsent || opening(a).Armed || player.Did("host host.batch.begin") {
		t.Errorf("phase %s, log %v", opening(a).Phase, player.Log)
	}
	player.Send(model.Raised{})
	if click(); opening(a).Phase != model.OpenResults {
		t.Errorf("phase %s", opening(a).Phase)
	}
}

// TestConsentCountsDown: plis off what was agreed to, and time.
func TestConsentCountsDown(t *testing.T) {
	p := newPortal(t)
	p.readable()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	e := env()
	e.Now = func() time.Time { return now }
	p.world.Host[protocol.HostBatchBegin] = func(any) (any, error) {
		return protocol.BatchResult{ID: "b1", Expires: now.Add(time.Hour)}, nil
	}
	a := model.NewAssistant(e, session(t, protocol.PliOpen, plis(3)), model.ForPlis)
	was := p.world.Open
	var left []int
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		if left = append(left, opening(a).Left()); len(left) == 2 {
			now = now.Add(time.Hour)
		}
		return was(o)
	}
	player := modeltest.Start(a, p.world)
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	if !slices.Equal(left, []int{3, 2}) || opening(a).Left() != 0 {
		t.Errorf("left %v", left)
	}
	if f := opening(a).Fault; player.Count("host host.keys.unwrap") != 2 || opening(a).Plis[2].State != model.PliReady || opening(a).Phase != model.OpenFailed || f == nil || f.Code != fault.ConsentExpired {
		t.Errorf("%s, %+v, log %v", opening(a).Phase, f, player.Log)
	}
}
