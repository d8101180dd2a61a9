package model_test

import (
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// noSaving starts an opening on a computer where nothing may be saved.
func (p *portal) noSaving(params protocol.OpenParams) (*modeltest.Player, *model.Opening) {
	p.readable()
	e := env()
	e.NoSaving = true
	a := model.NewAssistant(e, session(p.t, protocol.PliOpen, params), model.ForPlis)
	player := modeltest.Start(a, p.world)
	player.Tick()
	return player, opening(a)
}

func TestNoSaving(t *testing.T) {
	t.Run("handed over", func(t *testing.T) {
		p := newPortal(t)
		player, o := p.noSaving(plis(1))
		player.Send(model.Deliver{To: model.ToDownloads}, model.Consent{Trusted: true})
		if o.Delivery != model.ToPortal || o.Plis[0].State != model.PliDelivered || !o.Plis[0].HandedOver || len(o.Plis[0].Saved.Names) > 0 {
			t.Errorf("%s, %+v", o.Delivery, o.Plis[0])
		}
	})
	t.Run("nowhere to hand over", func(t *testing.T) {
		params := plis(1)
		params.HandOver = false
		player, o := newPortal(t).noSaving(params)
		if o.Phase != model.OpenFailed || o.Fault.Code != fault.SavingForbidden || o.Retryable() || player.Did("page fetchEnvelope") {
			t.Errorf("phase %s, fault %v", o.Phase, o.Fault)
		}
	})
	t.Run("offline", func(t *testing.T) {
		e := env()
		e.NoSaving = true
		f := model.NewOffline(e)
		player := modeltest.Start(f, newPortal(t).world)
		player.Send(model.PickFiles{}, model.FilesDropped{Files: []model.FileRef{{Handle: 1, Name: "a.p7m"}}})
		if f.Open.Phase != model.OpenPick || !f.Forbidden() || player.Did("host host.keys.unwrap") {
			t.Errorf("phase %s, log %v", f.Open.Phase, player.Log)
		}
	})
}

func TestForbiddenSiteCannotBeAllowed(t *testing.T) {
	p := newPortal(t)
	p.world.Worker[protocol.SiteState] = func(any) (any, error) {
		return protocol.SiteResult{Origin: origin, Secure: true, Forbidden: true}, nil
	}
	popup := model.NewPopup(env(), origin)
	player := modeltest.Start(popup, p.world)
	if popup.Grant == nil || popup.Allowable() {
		t.Fatalf("%+v", popup.Grant)
	}
	player.Send(model.AllowSite{Trusted: true})
	if player.Did("worker site.allow") || player.Did("permission") {
		t.Errorf("log %v", player.Log)
	}
}
