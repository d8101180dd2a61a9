package model_test

import (
	"slices"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// Cancelling before anything was opened closes the window and leaves no bytes.
func TestCancelOpeningAtEveryStep(t *testing.T) {
	for _, c := range []struct{ hold, late string }{
		{"host host.keys.list", ""}, {"host host.keys.certificate", ""}, {"fetch p1", "forget p1"}, {"inspect p1", ""},
		{"host host.batch.begin", ""}, {"host host.keys.unwrap", ""}, {"open p1", "forget p1.pdf"},
	} {
		t.Run(c.hold, func(t *testing.T) {
			p := newPortal(t)
			p.readable()
			player, o := p.start(plis(2), c.hold)
			player.Send(model.Consent{Trusted: true}, model.Cancel{}, model.Cancel{})
			if o.Phase != model.OpenClosing || !player.Closed || player.Count("worker session.finish cancelled") != 1 || !player.Did("cancel work") {
				t.Fatalf("phase %s, log %v", o.Phase, player.Log)
			}
			if fetched := player.Did("inspect"); fetched != player.Did("forget p1") {
				t.Errorf("log %v", player.Log)
			}
			player.Log = nil
			player.Release()
			if got := player.Story(); got != c.late {
				t.Errorf("late: %q, want %q", got, c.late)
			}
		})
	}
}

// What is being saved is finished; the rest is cancelled; the page hears both.
func TestCancelWhileSaving(t *testing.T) {
	p := newPortal(t)
	p.readable()
	player, o := p.start(plis(2), "save")
	player.Send(model.Consent{Trusted: true}, model.Cancel{})
	if !o.Stopping || player.Closed {
		t.Fatalf("stopping %v, closed %v", o.Stopping, player.Closed)
	}
	player.Release()
	r := p.result()
	if o.Phase != model.OpenResults || !r.Plis[0].Opened || r.Plis[1].Opened || r.Plis[1].Fault.Code != fault.Cancelled {
		t.Errorf("phase %s, result %+v", o.Phase, r)
	}
}

func TestCancelKeepsWhatIsOpened(t *testing.T) {
	for _, c := range []struct {
		msg    model.Msg
		closed bool
	}{{model.Cancel{}, false}, {model.PageCancelled{}, true}} {
		p := newPortal(t)
		p.readable()
		player, _ := p.start(plis(3), "open p2")
		player.Send(model.Consent{Trusted: true}, c.msg)
		r := p.result()
		if player.Closed != c.closed || !r.Plis[0].Opened || r.Plis[1].Fault == nil || r.Plis[2].Fault.Code != fault.Cancelled {
			t.Errorf("%T: closed %v, result %+v", c.msg, player.Closed, r)
		}
	}
}

// A refused PIN is not asked for again 500 times, and a locked card not hit.
func TestSharedFailuresStop(t *testing.T) {
	for _, code := range []fault.Code{fault.PINCancelled, fault.PINLocked, fault.TokenRemoved, fault.HostStopped} {
		t.Run(string(code)+" first", func(t *testing.T) {
			p := newPortal(t)
			p.readable()
			p.failOnce("host host.keys.unwrap", code)
			player, o := p.start(plis(3), "")
			player.Send(model.Consent{Trusted: true})
			if o.Phase != model.OpenFailed || o.Fault.Code != code || player.Count("host host.keys.unwrap") != 1 || !player.Did("host host.batch.end") {
				t.Fatalf("phase %s, log %v", o.Phase, player.Log)
			}
			player.Send(model.Retry{})
			if o.Phase != model.OpenConsent || o.Armed {
				t.Fatalf("phase %s, armed %v", o.Phase, o.Armed)
			}
			player.Tick()
			player.Send(model.Consent{Trusted: true})
			if r := p.result(); !r.Plis[0].Opened || !r.Plis[2].Opened {
				t.Errorf("result %+v", r)
			}
		})
		t.Run(string(code)+" later", func(t *testing.T) {
			p, player, o := p1Only(t, code)
			if o.Phase != model.OpenFailed || o.Fault.Code != code || o.Delivered() != 1 || p.finished != nil {
				t.Fatalf("phase %s, %d opened, finished %+v", o.Phase, o.Delivered(), p.finished)
			}
			player.Send(model.Close{}) // keeps what was opened
			r := p.result()
			if !r.Plis[0].Opened || r.Plis[1].Fault.Code != code || r.Plis[2].Fault.Code != code || player.Count("host host.keys.unwrap") != 2 || player.Closed {
				t.Errorf("result %+v, log %v", r, player.Log)
			}
		})
	}
}

// p1Only opens three plis, of which the second meets a failure that all share.
func p1Only(t *testing.T, code fault.Code) (*portal, *modeltest.Player, *model.Opening) {
	p := newPortal(t)
	p.readable()
	was, once := p.world.Host[protocol.HostUnwrap], false
	p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		if params.(protocol.UnwrapParams).Envelope != "header-p1" && !once {
			once = true
			return nil, fault.New(code)
		}
		return was(params)
	}
	player, o := p.start(plis(3), "")
	player.Send(model.Consent{Trusted: true})
	return p, player, o
}

// A card that was taken out and put back: the person consents again, only to
// what is left, and nothing is done twice.
func TestGoesOnAfterAnInterruption(t *testing.T) {
	p, player, o := p1Only(t, fault.TokenRemoved)
	var named []string
	was := p.world.Host[protocol.HostBatchBegin]
	p.world.Host[protocol.HostBatchBegin] = func(params any) (any, error) {
		named = params.(protocol.BatchParams).Envelopes
		return was(params)
	}
	player.Send(model.Retry{})
	if o.Phase != model.OpenConsent || o.Armed {
		t.Fatalf("phase %s, armed %v", o.Phase, o.Armed)
	}
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	r := p.result()
	for i, pli := range r.Plis {
		if !pli.Opened {
			t.Errorf("pli %d: %+v", i, pli)
		}
	}
	if !slices.Equal(named, []string{"header-p2", "header-p3"}) || player.Count("open p1") != 1 || player.Count("save") != 3 {
		t.Errorf("named %q, log %v", named, player.Log)
	}
}

func TestOpenFailsAsAWhole(t *testing.T) {
	for _, c := range []struct {
		line  string
		code  fault.Code
		retry bool
	}{
		{"host host.keys.list", fault.HostMissing, true},
		{"host host.keys.certificate", fault.HostStopped, true},
		{"host host.batch.begin", fault.ConsentRefused, true},
	} {
		p := newPortal(t)
		p.readable()
		p.failOnce(c.line, c.code)
		player, o := p.start(plis(1), "")
		player.Send(model.Consent{Trusted: true})
		if o.Phase != model.OpenFailed || o.Fault.Code != c.code || o.Retryable() != c.retry {
			t.Errorf("%s: phase %s, fault %v", c.line, o.Phase, o.Fault)
		}
		player.Send(model.Retry{})
		player.Tick()
		player.Send(model.Consent{Trusted: true})
		if o.Phase != model.OpenResults || !p.result().Plis[0].Opened {
			t.Errorf("%s: after retry: phase %s, fault %v", c.line, o.Phase, o.Fault)
		}
	}
	for name, params := range map[string]protocol.OpenParams{"none": plis(0), "too many": plis(protocol.MaxPlis + 1)} {
		p := newPortal(t)
		player, o := p.open(params)
		player.Send(model.Close{})
		if o.Fault == nil || o.Retryable() || !player.Closed || p.finished.Fault == nil {
			t.Errorf("%s: fault %v", name, o.Fault)
		}
	}
}

func TestPageGoneWhileFetching(t *testing.T) {
	p := newPortal(t)
	p.readable()
	p.world.Fetch = func(string) (model.FileRef, error) { return model.FileRef{}, fault.New(fault.SessionLost) }
	_, o := p.start(plis(2), "")
	if o.Phase != model.OpenFailed || o.Fault.Code != fault.SessionLost || o.Retryable() {
		t.Errorf("phase %s, fault %v", o.Phase, o.Fault)
	}
}

// Copies of one pli share an allowance: what they use up is theirs to miss,
// and the plis after them are opened.
func TestCopiesDoNotStopTheOthers(t *testing.T) {
	p := newPortal(t)
	p.readable()
	was := p.world.Host[protocol.HostUnwrap]
	p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		if params.(protocol.UnwrapParams).Envelope == "header-p1" {
			return nil, fault.New(fault.RateLimited)
		}
		return was(params)
	}
	player, _ := p.start(plis(3), "")
	player.Send(model.Consent{Trusted: true})
	r := p.result()
	if r.Plis[0].Fault == nil || r.Plis[0].Fault.Code != fault.RateLimited || !r.Plis[1].Opened || !r.Plis[2].Opened {
		t.Errorf("result %+v, log %v", r, player.Log)
	}
}
