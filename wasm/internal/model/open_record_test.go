package model_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// TestCandidaturesFirst: whatever order the portal lists them in; the page
// hears in its own order.
func TestCandidaturesFirst(t *testing.T) {
	p := newPortal(t)
	params := plis(4)
	for i, kind := range []string{"offre", "candidature", "", "candidature"} {
		params.Plis[i].Kind = kind
	}
	player, _ := p.open(params)
	player.Send(model.Consent{Trusted: true})
	var order []string
	for _, line := range player.Log {
		if name, ok := strings.CutPrefix(line, "open "); ok {
			order = append(order, name)
		}
	}
	if !slices.Equal(order, []string{"p2", "p4", "p3", "p1"}) {
		t.Errorf("opened in the order %q", order)
	}
	for i, pli := range p.result().Plis {
		if pli.ID != params.Plis[i].ID {
			t.Errorf("the page hears of %s at %d", pli.ID, i)
		}
	}
}

func TestPauseAndContinue(t *testing.T) {
	p := newPortal(t)
	p.readable()
	player, o := p.start(plis(3), "save")
	player.Send(model.Consent{Trusted: true})
	player.Send(model.Pause{})
	if o.Phase != model.OpenRunning || !o.Pausing {
		t.Fatalf("phase %s", o.Phase)
	}
	player.Release()
	if o.Phase != model.OpenPaused || o.Delivered() != 1 || player.Count("host host.keys.unwrap") != 1 {
		t.Fatalf("phase %s, log %v", o.Phase, player.Log)
	}
	player.Send(model.Continue{}, model.Continue{})
	if r := p.result(); !r.Plis[2].Opened || player.Count("host host.batch.begin") != 1 || player.Count("open") != 3 {
		t.Errorf("result %+v, log %v", r, player.Log)
	}
}

// TestStoppedInAPause keeps what was opened.
func TestStoppedInAPause(t *testing.T) {
	p := newPortal(t)
	p.readable()
	player, o := p.start(plis(3), "save")
	player.Send(model.Consent{Trusted: true}, model.Pause{})
	player.Release()
	player.Send(model.Cancel{})
	r := p.result()
	if o.Phase != model.OpenResults || !r.Plis[0].Opened || r.Plis[1].Fault.Code != fault.Cancelled || !player.Did("record") {
		t.Errorf("phase %s, result %+v", o.Phase, r)
	}
}

// TestConsentRunsOutInAPause: the host refuses, the consent is asked again.
func TestConsentRunsOutInAPause(t *testing.T) {
	p := newPortal(t)
	p.readable()
	player, o := p.start(plis(2), "save")
	player.Send(model.Consent{Trusted: true}, model.Pause{})
	player.Release()
	was := p.world.Host[protocol.HostUnwrap]
	p.world.Host[protocol.HostUnwrap] = func(any) (any, error) { return nil, fault.New(fault.ConsentRefused) }
	player.Send(model.Continue{})
	if o.Phase != model.OpenFailed || !o.Retryable() {
		t.Fatalf("phase %s", o.Phase)
	}
	p.world.Host[protocol.HostUnwrap] = was
	player.Send(model.Retry{})
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	if r := p.result(); !r.Plis[0].Opened || !r.Plis[1].Opened || player.Count("open p1") != 1 {
		t.Errorf("result %+v, log %v", r, player.Log)
	}
}

// TestEachOutcomeIsReported as soon as it is known; the end waits until the
// page has heard of all.
func TestEachOutcomeIsReported(t *testing.T) {
	p := newPortal(t)
	p.readable()
	params := plis(2)
	params.Report = true
	var told []protocol.OpenedPli
	p.world.Page[protocol.CallReportOpened] = func(args any, _ []model.FileRef) (any, error) {
		told = append(told, args.(protocol.OpenedPli))
		return nil, nil
	}
	player, o := p.start(params, "page reportOpened")
	player.Send(model.Consent{Trusted: true})
	if o.Phase != model.OpenResults || player.Held() != 2 || p.finished != nil {
		t.Fatalf("phase %s, %d told, finished %+v", o.Phase, player.Held(), p.finished)
	}
	player.Release()
	if len(told) != 2 || !told[0].Opened || told[0].SHA256 != "sha-p1" || told[0].Key != p.entry.Thumbprint || len(told[0].Files) != 1 || len(p.result().Plis) != 2 || p.result().Plis[0].Files != nil {
		t.Errorf("told %+v, finished %+v", told, p.finished)
	}
}

// TestClosedBeforeThePageHeard: the outcome is not lost.
func TestClosedBeforeThePageHeard(t *testing.T) {
	p := newPortal(t)
	p.readable()
	params := plis(1)
	params.Report = true
	player, _ := p.start(params, "page reportOpened")
	player.Send(model.Consent{Trusted: true}, model.Close{})
	if r := p.result(); !r.Plis[0].Opened || !player.Closed {
		t.Errorf("result %+v, closed %v", r, player.Closed)
	}
}

func TestRecord(t *testing.T) {
	p := newPortal(t)
	p.readable()
	before, after := &protocol.JournalMark{Lines: 4, Chain: "04"}, &protocol.JournalMark{Lines: 6, Chain: "06"}
	p.world.Host[protocol.HostBatchBegin] = func(any) (any, error) {
		return protocol.BatchResult{ID: "b1", Version: "0.1.0", Journal: before}, nil
	}
	p.world.Host[protocol.HostBatchEnd] = func(any) (any, error) { return protocol.BatchEndResult{Journal: after}, nil }
	was := p.world.Open
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		if o.File.Name == "p2" {
			return model.Opened{}, fault.New(fault.EnvelopeUnreadable)
		}
		return was(o)
	}
	var r protocol.OpeningRecord
	p.world.Page[protocol.CallReceiveRecord] = func(args any, _ []model.FileRef) (any, error) {
		r = args.(protocol.OpeningRecord)
		return nil, nil
	}
	params := plis(3)
	params.Plis[2].SHA256, params.Record = "acknowledged otherwise", true
	player, o := p.start(params, "")
	player.Send(model.Consent{Trusted: true})
	if !o.Minutes.Taken || p.finished == nil || r.Format != protocol.RecordFormat || r.Origin != origin || r.Tender != "2026-T/42" || r.Host != "0.1.0" || *r.JournalBefore != *before || *r.JournalAfter != *after {
		t.Fatalf("record %+v", r)
	}
	if len(r.Keys) != 1 || r.Keys[0].Thumbprint != p.entry.Thumbprint || r.Started.IsZero() || r.Finished.Before(r.Started) || r.Started.Location() != time.UTC {
		t.Errorf("record %+v", r)
	}
	first, second, third := r.Plis[0], r.Plis[1], r.Plis[2]
	if !first.Opened || first.Key != p.entry.Thumbprint || first.SHA256 != "sha-p1" || first.OpenedAt == nil || len(first.Files) != 1 || len(first.Remarks) > 0 {
		t.Errorf("first %+v", first)
	}
	if second.Opened || second.Fault.Code != fault.EnvelopeUnreadable || second.Key != "" {
		t.Errorf("second %+v", second)
	}
	if !slices.Equal(third.Remarks, []protocol.Remark{protocol.RemarkAltered}) {
		t.Errorf("third %+v", third)
	}
	if len(o.Minutes.Names) != 2 || o.Minutes.Record.Certificates[0].CommonName != "Marie Durand" {
		t.Errorf("minutes %+v", o.Minutes)
	}
}

// TestNoRecordWithoutConsent: nothing was done, nothing is written down.
func TestNoRecordWithoutConsent(t *testing.T) {
	p := newPortal(t)
	p.entry.HasKey = false
	player, o := p.open(plis(1))
	if o.Minutes.Record != nil || player.Did("record") {
		t.Errorf("log %v", player.Log)
	}
}

// TestClosedWhileTheJournalIsAsked: the window waits for the record and for the
// page; who asks twice does not wait.
func TestClosedWhileTheJournalIsAsked(t *testing.T) {
	for name, twice := range map[string]bool{"once": false, "twice": true} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.readable()
			player, o := p.start(plis(1), "host host.batch.end")
			player.Send(model.Consent{Trusted: true}, model.Close{})
			if o.Phase != model.OpenResults || player.Closed || p.finished != nil {
				t.Fatalf("phase %s, closed %v", o.Phase, player.Closed)
			}
			if twice {
				player.Send(model.Close{})
				if !player.Closed {
					t.Error("it waits all the same")
				}
				return
			}
			player.Release()
			if !player.Closed || !player.Did("record") || !p.result().Plis[0].Opened {
				t.Errorf("closed %v, log %v", player.Closed, player.Log)
			}
		})
	}
}

// TestPageGoesAwayInTheMiddle: what was opened is written down before the
// window closes.
func TestPageGoesAwayInTheMiddle(t *testing.T) {
	p := newPortal(t)
	p.readable()
	player, o := p.start(plis(2), "open p2")
	player.Send(model.Consent{Trusted: true}, model.PageCancelled{})
	if !player.Closed || !player.Did("record") || !player.Did("cancel work") || o.Delivered() != 1 {
		t.Errorf("closed %v, %d opened, log %v", player.Closed, o.Delivered(), player.Log)
	}
	if r := p.result(); !r.Plis[0].Opened || r.Plis[1].Fault.Code != fault.Cancelled {
		t.Errorf("result %+v", r)
	}
}

// TestRecordBesideWhatWasSaved: after an interruption the person may choose
// another delivery; the record still goes where files are.
func TestRecordBesideWhatWasSaved(t *testing.T) {
	_, player, _ := p1Only(t, fault.TokenRemoved)
	player.Send(model.Retry{})
	player.Tick()
	player.Send(model.Deliver{To: model.ToPortal}, model.Consent{Trusted: true})
	if !player.Did("page receiveOpened") || player.Count("record Scellé") != 1 {
		t.Errorf("log %v", player.Log)
	}
}

// TestRecordThatThePageRefuses is saved, although all else went to the portal,
// or said to be lost where nothing may be saved.
func TestRecordThatThePageRefuses(t *testing.T) {
	for _, c := range []struct {
		refused, saving bool
		saved           int
		code            fault.Code
	}{
		{false, true, 0, ""},
		{true, true, 1, ""},
		{true, false, 0, fault.PortalFailed},
	} {
		p := newPortal(t)
		p.readable()
		p.world.Page[protocol.CallReceiveRecord] = func(any, []model.FileRef) (any, error) { return nil, nil }
		if c.refused {
			p.failOnce("page receiveRecord", fault.PortalFailed)
		}
		e := env()
		e.NoSaving = !c.saving
		params := plis(2)
		params.Record = true
		o := model.NewAssistant(e, session(t, protocol.PliOpen, params), model.ForPlis)
		player := modeltest.Start(o, p.world)
		player.Tick()
		player.Send(model.Deliver{To: model.ToPortal}, model.Consent{Trusted: true})
		m := opening(o).Minutes
		var code fault.Code
		if m.Fault != nil {
			code = m.Fault.Code
		}
		if m.Taken == c.refused || player.Count("record") != c.saved || code != c.code || p.finished == nil {
			t.Errorf("%+v: taken %v, %v, log %v", c, m.Taken, m.Fault, player.Log)
		}
	}
}

// TestClosedBeforeThePageRefusesTheRecord: the window waits for the answer, and
// saves what the page does not take.
func TestClosedBeforeThePageRefusesTheRecord(t *testing.T) {
	p := newPortal(t)
	p.readable()
	p.world.Page[protocol.CallReceiveRecord] = func(any, []model.FileRef) (any, error) { return nil, fault.New(fault.PortalFailed) }
	params := plis(2)
	params.Record = true
	player, o := p.start(params, "page receiveRecord")
	player.Send(model.Deliver{To: model.ToPortal}, model.Consent{Trusted: true}, model.Close{})
	if o.Phase != model.OpenResults || player.Held() != 1 || player.Closed {
		t.Fatalf("phase %s, %d held, closed %v", o.Phase, player.Held(), player.Closed)
	}
	player.Release()
	if player.Count("record") != 1 || !player.Closed {
		t.Errorf("closed %v, log %v", player.Closed, player.Log)
	}
}

// TestDroppedWhileTheRecordIsWritten: the next files are opened after that.
func TestDroppedWhileTheRecordIsWritten(t *testing.T) {
	p := newPortal(t)
	p.readable()
	p.world.Host[protocol.HostUnwrap] = func(any) (any, error) {
		return protocol.UnwrapResult{ContentKey: make([]byte, 32)}, nil
	}
	f := model.NewOffline(env())
	player := modeltest.StartHolding(f, p.world, "record")
	player.Send(model.FilesDropped{Files: []model.FileRef{{Handle: 1, Name: "a.p7m"}}})
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	first := f.Open
	player.Send(model.FilesDropped{Files: []model.FileRef{{Handle: 3, Name: "b.p7m"}}})
	if f.Open != first || f.Open.Phase != model.OpenResults || player.Did("forget b.p7m") {
		t.Fatalf("phase %s, log %v", f.Open.Phase, player.Log)
	}
	player.Release()
	if len(first.Minutes.Names) != 2 || f.Open.Phase != model.OpenConsent || len(f.Open.Plis) != 1 || f.Open.Plis[0].Label != "b.p7m" {
		t.Errorf("record %q, phase %s, log %v", first.Minutes.Names, f.Open.Phase, player.Log)
	}
}
