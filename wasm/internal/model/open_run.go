package model

import (
	"slices"

	"scelle/shared/fault"
	"scelle/shared/protocol"
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
	o.Phase, o.Stopping, o.consented = OpenRunning, false, true
	o.At = slices.Index(o.Plis, o.Ready()[0])
	effects := []Effect{Focus{ID: "title"}}
	if o.Offline {
		return append(effects, o.openNext(0)...)
	}
	return append(effects, host(&o.runs, protocol.HostBatchBegin, o.batchParams(), func(r protocol.BatchResult, err error) []Effect {
		if err != nil {
			return o.fail(err)
		}
		o.batch = r.ID
		return o.openNext(0)
	}))
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

// openNext opens the plis one after the other, from index i.
func (o *Opening) openNext(i int) []Effect {
	for i < len(o.Plis) && o.Plis[i].State != PliReady {
		i++
	}
	if i == len(o.Plis) || o.Stopping {
		return o.results()
	}
	o.At = i
	p := o.Plis[i]
	p.State, p.try, p.Done = PliOpening, 0, 0
	step := PageProgress{Step: "open", Done: int64(i), Total: int64(len(o.Plis))}
	if o.Offline {
		return o.unwrap(p)
	}
	return append([]Effect{step}, o.unwrap(p)...)
}

// unwrap asks the host for the content key, with the recipient whose turn it is.
func (o *Opening) unwrap(p *Pli) []Effect {
	k := p.keys[min(p.try, len(p.keys)-1)]
	params := protocol.UnwrapParams{Thumbprint: k.own.entry.Thumbprint, RecipientInfo: k.info.DER,
		ContentAlgorithm: p.Info.ContentAlgorithm, Origin: o.Site.Origin, Envelope: p.Info.HeaderSHA256, Batch: o.batch, Verb: protocol.VerbOpen}
	return []Effect{host(&o.runs, protocol.HostUnwrap, params, func(r protocol.UnwrapResult, err error) []Effect {
		switch {
		case err == nil:
			return o.decrypt(p, r.ContentKey)
		case stopsAll(fault.CodeOf(err)), o.slowedDown(err):
			return o.stop(p, err)
		}
		return o.otherKey(p, err)
	})}
}

// slowedDown reports that the host wants a pause before any other pli. Within
// a consent its limit counts for one envelope: copies of a pli may use it up,
// and must not keep the others from being opened.
func (o *Opening) slowedDown(err error) bool {
	return o.batch == "" && fault.CodeOf(err) == fault.RateLimited
}

// otherKey tries the second recipient that is ours, if there is one.
func (o *Opening) otherKey(p *Pli, err error) []Effect {
	if p.try++; p.try < len(p.keys) {
		return o.unwrap(p)
	}
	return o.next(p, err)
}

func (o *Opening) decrypt(p *Pli, contentKey []byte) []Effect {
	run := o.run
	late := func(opened Opened) []Effect { return []Effect{Forget{Files: opened.Files}} }
	return []Effect{OpenFile{File: p.File, ContentKey: contentKey, Tender: o.Tender, Raw: p.Foreign,
		Progress: func(done, total int64) Msg { return progress{run, p, done, total} },
		Then: once(&o.runs, late, func(opened Opened, err error) []Effect {
			switch code := fault.CodeOf(err); {
			case err == nil:
				return o.deliver(p, opened)
			case code == fault.EnvelopeUnreadable:
				return o.otherKey(p, err)
			case code == fault.PliNotOurs && o.Offline && !p.Foreign && p.try+1 < protocol.UnwrapsPerPli:
				p.Foreign = true
				p.try++
				return o.unwrap(p)
			}
			return o.next(p, err)
		})}}
}

// deliver saves the files or hands them over, then deletes them from the
// quarantine.
func (o *Opening) deliver(p *Pli, opened Opened) []Effect {
	p.Opened = &opened
	p.Altered = p.SHA256 != "" && p.SHA256 != opened.SHA256
	p.Misplaced = p.Kind != "" && p.Kind != opened.Kind || p.Lot != "" && p.Lot != opened.Lot
	o.compare(p)
	done := func(err error) []Effect {
		tidy := Forget{Files: opened.Files}
		return append([]Effect{tidy}, o.next(p, err)...)
	}
	if o.Delivery == ToPortal && !o.Offline {
		args := protocol.ReceiveOpenedArgs{ID: p.ID, Files: opened.Details}
		return []Effect{page(&o.runs, protocol.CallReceiveOpened, args, opened.Files, func(_ any, err error) []Effect {
			p.HandedOver = err == nil
			return done(err)
		})}
	}
	return []Effect{SaveFiles{Folder: o.folder(p), Files: opened.Files, Then: once(&o.runs, nil, func(names []string, err error) []Effect {
		p.Saved = names
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

// next closes the pli in work and goes on with the following one.
func (o *Opening) next(p *Pli, err error) []Effect {
	if err == nil {
		p.State, p.Fault = PliDelivered, nil
	} else {
		p.fail(err)
	}
	effects := []Effect{}
	if p.fetched {
		p.fetched = false
		effects = append(effects, Forget{Files: []FileRef{p.File}})
	}
	return append(effects, o.openNext(o.At+1)...)
}

// stop ends the run for a reason that the other plis share. When nothing was
// opened yet, the person can put it right and consent again.
func (o *Opening) stop(p *Pli, err error) []Effect {
	if len(o.in(PliDelivered)) == 0 {
		p.State = PliReady
		return append(o.endBatch(), o.fail(err)...)
	}
	p.fail(err)
	for _, q := range o.Ready() {
		q.fail(err)
	}
	return o.results()
}

func (o *Opening) endBatch() []Effect {
	if o.batch == "" {
		return nil
	}
	id := o.batch
	o.batch = ""
	return []Effect{HostCall{Method: protocol.HostBatchEnd, Params: protocol.BatchEndParams{ID: id}, Then: ignore}}
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

// results ends the work and tells the page the outcome of each pli.
func (o *Opening) results() []Effect {
	for _, q := range o.Ready() { // left by a stop
		q.fail(fault.New(fault.Cancelled))
	}
	effects := append(o.endBatch(), o.forgetAll()...)
	o.end()
	o.Phase = OpenResults
	if !o.Offline {
		effects = append(effects, finish(&o.runs, o.Session, o.Result(), o.unsaid(nil), func() []Effect { return nil }))
	}
	return append(effects, Focus{ID: "title"})
}

// unsaid is the outcome that the page hears. Before the person agreed to
// anything it is that of a cancelled opening, whichever keys are here:
// envelopes of a site's own making must not ask this computer which
// certificates it holds. That the assistant itself is missing, every site that
// was allowed may know.
func (o *Opening) unsaid(err error) error {
	if o.consented || err != nil && fault.CodeOf(err).Group() == fault.Setup {
		return err
	}
	return fault.New(fault.Cancelled)
}

// Result is what the page learns: outcomes and fingerprints, no bytes.
func (o *Opening) Result() protocol.OpenResult {
	r := protocol.OpenResult{Plis: make([]protocol.OpenedPli, 0, len(o.Plis))}
	for _, p := range o.Plis {
		out := protocol.OpenedPli{ID: p.ID, Opened: p.State == PliDelivered, HandedOver: p.HandedOver}
		if !out.Opened {
			out.Fault = protocol.FaultOf(p.Fault)
		}
		if p.Opened != nil {
			out.Authenticated, out.SHA256, out.ContentSHA256 = p.Opened.Authenticated, p.Opened.SHA256, p.Opened.ContentSHA256
			out.Files = p.Opened.Details
		}
		r.Plis = append(r.Plis, out)
	}
	return r
}

// cancel gives up. What is being saved or handed over is finished first, so
// that its outcome is known; what was opened before stays opened.
func (o *Opening) cancel(byPage bool) []Effect {
	switch o.Phase {
	case OpenClosing:
		return nil
	case OpenResults:
		return closing()
	case OpenRunning:
		if o.Stopping {
			return nil
		}
		if p := o.Plis[o.At]; p.Opened != nil && p.State == PliOpening {
			o.Stopping = true
			return nil
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
	o.Plis[o.At].fail(fault.New(fault.Cancelled))
	return append([]Effect{CancelWork{}}, o.results()...)
}

// abandon closes the window and leaves nothing behind.
func (o *Opening) abandon() []Effect {
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
	if len(o.in(PliDelivered)) > 0 {
		outcome = nil
		for _, p := range o.Plis {
			if p.State != PliDelivered && p.State != PliFailed {
				p.fail(fault.New(fault.Cancelled))
			}
		}
	}
	return append(effects, finish(&o.runs, o.Session, o.Result(), outcome, closing))
}
