package model

import (
	"encoding/json"
	"slices"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// progress is a message of the crypto worker while it decrypts.
type progress struct {
	run         int
	pli         *Pli
	done, total int64
}

// consent is the click that opens: it tells the host once what was agreed to.
func (o *Opening) consent(m Consent) []Effect {
	if o.Phase != OpenConsent || !m.Trusted || !o.Armed {
		return nil
	}
	o.end()
	o.Phase, o.Stopping, o.Pausing, o.consented = OpenRunning, false, false, true
	o.TimeLeft, o.pace, o.Expires = 0, pace{}, time.Time{}
	o.asking, o.gave, o.halt = nil, map[string]time.Time{}, nil
	o.At = slices.Index(o.Plis, o.Ready()[0])
	begin := host(&o.runs, protocol.HostBatchBegin, o.batchParams(), func(r protocol.BatchResult, err error) []Effect {
		if err != nil {
			return o.fail(err)
		}
		o.batch, o.Expires = r.ID, r.Expires
		o.Minutes.begin(o.Env.Time(), r)
		return o.goAhead()
	})
	return []Effect{Focus{ID: "title"}, o.pinFirst(begin)}
}

// batchParams names each envelope once: two plis may be copies of each other.
func (o *Opening) batchParams() protocol.BatchParams {
	p := protocol.BatchParams{Origin: o.Site.Origin, Tender: o.Tender}
	for _, pli := range o.Ready() {
		if !slices.Contains(p.Envelopes, pli.Info.HeaderSHA256) {
			p.Envelopes = append(p.Envelopes, pli.Info.HeaderSHA256)
		}
	}
	return p
}

// otherKey tries the second recipient that is ours, if there is one.
func (o *Opening) otherKey(p *Pli, err error) []Effect {
	if p.try++; p.try < len(p.keys) {
		return o.unwrap(p)
	}
	return o.next(p, err)
}

// decrypt opens a pli into quarantine and goes on with what was in it.
func (o *Opening) decrypt(p *Pli, contentKey []byte, then func(Opened) []Effect) []Effect {
	run := o.run
	late := func(opened Opened) []Effect { return []Effect{Forget{Files: opened.Files}} }
	return []Effect{OpenFile{File: p.File, ContentKey: contentKey, Tender: o.Tender, Raw: p.Foreign,
		Progress: func(done, total int64) Msg { return progress{run, p, done, total} },
		Then: once(&o.runs, late, inWork(p, late, func(opened Opened, err error) []Effect {
			switch code := fault.CodeOf(err); {
			case err == nil:
				return then(opened)
			case code == fault.EnvelopeUnreadable:
				return o.otherKey(p, err)
			case code == fault.PliNotOurs && o.Offline && !p.Foreign && p.try+1 < protocol.UnwrapsPerPli:
				p.Foreign = true
				p.try++
				return o.unwrap(p)
			}
			return o.next(p, err)
		}))}}
}

// deliver saves the files or hands them over, then deletes them from the
// quarantine.
func (o *Opening) deliver(p *Pli, opened Opened) []Effect {
	whole := lists.Fingerprints{Header: p.Info.HeaderSHA256, File: opened.SHA256, Content: opened.ContentSHA256}
	if err := o.expects(p, whole); err != nil {
		return append([]Effect{Forget{Files: opened.Files}}, o.next(p, err)...)
	}
	p.Opened, p.OpenedAt = &opened, o.Env.Time()
	p.Altered = p.SHA256 != "" && p.SHA256 != opened.SHA256
	p.Misplaced = p.Kind != "" && p.Kind != opened.Kind || p.Lot != "" && p.Lot != opened.Lot
	o.compare(p)
	done := func(err error) []Effect {
		tidy := Forget{Files: opened.Files}
		return append([]Effect{tidy}, o.next(p, err)...)
	}
	if o.Delivery == ToPortal && !o.Offline {
		args := protocol.ReceiveOpenedArgs{ID: p.ID, Files: opened.Details}
		return []Effect{page(&o.runs, protocol.CallReceiveOpened, args, opened.Files, func(_ json.RawMessage, err error) []Effect {
			p.HandedOver = err == nil
			return done(err)
		})}
	}
	return []Effect{SaveFiles{Into: o.into(), Folder: o.folder(p), Files: opened.Files, Then: once(&o.runs, nil, func(saved Saved, err error) []Effect {
		p.Saved = saved
		return done(err)
	})}}
}

// compare looks for another pli with the same encrypted content: one bidder
// may have submitted another's.
func (o *Opening) compare(p *Pli) {
	for _, q := range o.Plis {
		if q != p && q.Opened != nil && q.Opened.ContentSHA256 != "" && q.Opened.ContentSHA256 == p.Opened.ContentSHA256 {
			p.Twin, q.Twin = q.Label, p.Label
		}
	}
}

// next closes a pli in work and goes on with the following ones.
func (o *Opening) next(p *Pli, err error) []Effect {
	if err == nil {
		p.State, p.Fault = PliDelivered, nil
	} else {
		p.fail(err)
	}
	effects := o.tell(p)
	if p.fetched {
		p.fetched = false
		effects = append(effects, Forget{Files: []FileRef{p.File}})
	}
	return append(effects, o.goAhead()...)
}

// forgetAll lets go of every envelope that is still held.
func (o *Opening) forgetAll() []Effect {
	var files []FileRef
	for _, p := range o.Plis {
		if p.fetched {
			p.fetched = false
			files = append(files, p.File)
		}
	}
	if len(files) == 0 {
		return nil
	}
	return []Effect{Forget{Files: files}}
}

// results ends the work; what follows once the journal was asked is conclude.
func (o *Opening) results() []Effect {
	reason := fault.New(fault.Cancelled)
	if o.Phase == OpenFailed {
		reason = o.Fault
	}
	for _, q := range o.Ready() { // left by a stop
		q.fail(reason)
	}
	o.end()
	o.Phase, o.Fault, o.Minutes.finished = OpenResults, nil, o.Env.Time()
	effects := append(o.endBatch(), o.forgetAll()...)
	if !o.Minutes.asking {
		effects = append(effects, o.conclude()...)
	}
	return append(effects, Focus{ID: "title"})
}

// unsaid is the outcome that the page hears. Before the person agreed to
// anything it is that of a cancelled opening, whichever keys are here:
// envelopes of a site's own making must not ask this computer which
// certificates it holds. That the assistant itself is missing, or that the
// site's list is not good, every site that was allowed may know.
func (o *Opening) unsaid(err error) error {
	if o.consented || err != nil && (fault.CodeOf(err).Group() == fault.Setup || aboutList(fault.CodeOf(err))) {
		return err
	}
	return fault.New(fault.Cancelled)
}

// Result is what the page learns: outcomes and fingerprints, no bytes.
func (o *Opening) Result() protocol.OpenResult {
	r := protocol.OpenResult{List: o.Check, Plis: make([]protocol.OpenedPli, len(o.Plis))}
	for _, p := range o.Plis {
		r.Plis[p.asked] = p.outcome()
		if o.report {
			r.Plis[p.asked].Files = nil // told by reportOpened
		}
	}
	return r
}

func (p *Pli) outcome() protocol.OpenedPli {
	out := protocol.OpenedPli{ID: p.ID, Opened: p.State == PliDelivered, HandedOver: p.HandedOver}
	if !out.Opened {
		out.Fault = protocol.FaultOf(p.Fault)
	}
	if p.Opened != nil {
		out.Authenticated, out.SHA256, out.ContentSHA256 = p.Opened.Authenticated, p.Opened.SHA256, p.Opened.ContentSHA256
		out.Files, out.Key = p.Opened.Details, p.Key
	}
	return out
}

// cancel gives up. What is being saved or handed over is finished first, so
// that its outcome is known; what was opened before stays opened.
func (o *Opening) cancel(byPage bool) []Effect {
	switch o.Phase {
	case OpenClosing:
		return nil
	case OpenResults:
		return o.leave()
	case OpenFailed, OpenPaused:
		if len(o.in(PliDelivered)) > 0 && !byPage {
			return o.results()
		}
	case OpenRunning:
		if o.Stopping {
			return nil
		}
		if slices.ContainsFunc(o.in(PliOpening), (*Pli).delivering) {
			o.Stopping = true
			return o.dropWork()
		}
		if len(o.in(PliDelivered)) > 0 && !byPage {
			return o.stopEarly()
		}
	}
	return o.abandon()
}

// stopEarly keeps what was opened and shows it.
func (o *Opening) stopEarly() []Effect {
	o.end()
	return append(o.dropWork(), o.results()...)
}

// keepAndLeave writes down what was opened before the window closes.
func (o *Opening) keepAndLeave() []Effect {
	var effects []Effect
	if o.Phase == OpenRunning {
		effects = o.dropWork()
	}
	o.end()
	o.Minutes.leaving = true
	return append(effects, o.results()...)
}

// abandon closes the window and leaves nothing behind.
func (o *Opening) abandon() []Effect {
	if o.Delivered() > 0 {
		return o.keepAndLeave()
	}
	phase := o.Phase
	o.end()
	o.Phase = OpenClosing
	effects := append(o.endBatch(), o.forgetAll()...)
	if phase == OpenRunning || phase == OpenLoading {
		effects = append([]Effect{CancelWork{}}, effects...)
	}
	if o.Offline {
		return append(effects, closing()...)
	}
	var outcome error = fault.New(fault.Cancelled)
	if phase == OpenFailed {
		outcome = o.unsaid(o.Fault)
	}
	return append(effects, finish(&o.runs, o.Session, o.errand.result(o), outcome, closing))
}
