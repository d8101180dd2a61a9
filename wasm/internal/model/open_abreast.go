package model

import (
	"slices"
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Small plis are opened abreast: while one is saved the next is decrypted, and
// the host is asked for the key of the one after, in the order of the plis. The
// first offre waits until the last candidature is done. A pli of some size is
// alone in work: it would only compete with others for the disk.
//
// The host is asked for one key at a time, so that a person who is asked for a
// PIN is asked once; for two where nobody will be asked, see unasked.
const (
	maxAbreast      = 4
	maxAbreastBytes = 32 << 20 // of all envelopes in work
	maxAsking       = 2        // content keys
)

// goAhead starts what may be started now, or ends the run when nothing is in
// work and nothing may follow.
func (o *Opening) goAhead() []Effect {
	var effects []Effect
	for o.Phase == OpenRunning {
		before := len(o.asking)
		effects = append(effects, o.step()...)
		if len(o.asking) <= before { // what was begun asks for its key
			break
		}
	}
	return effects
}

// step is goAhead for one pli.
func (o *Opening) step() []Effect {
	work := o.in(PliOpening)
	next := slices.IndexFunc(o.Plis, func(p *Pli) bool { return p.State == PliReady })
	if len(work) == 0 {
		if effects, over := o.over(next); over {
			return effects
		}
	} else {
		o.At = slices.Index(o.Plis, work[0])
	}
	if i := slices.IndexFunc(work, func(p *Pli) bool { return p.queued }); i >= 0 {
		return o.unwrap(work[i])
	}
	if next < 0 || o.Stopping || o.Pausing || o.halt != nil || !o.mayAsk(o.Plis[next]) || !o.abreast(work, o.Plis[next]) {
		return nil
	}
	return o.begin(next)
}

// mayAsk reports whether the host may be asked for a pli's content key now:
// when it is asked for none, or for one where both are unasked.
func (o *Opening) mayAsk(p *Pli) bool {
	switch len(o.asking) {
	case 0:
		return true
	case maxAsking:
		return false
	}
	return o.unasked(p.current()) && !slices.ContainsFunc(o.asking, func(k key) bool { return !o.unasked(k) })
}

// stillOpen is how long after a key was used its database is surely open: half
// of what the host leaves it open for.
const stillOpen = 30 * time.Second

// unasked reports whether a key will be used without a question to the person:
// a software key of NSS that is in no other store, whose database was unlocked
// for a use since the person decided, and a moment ago. A card may want its PIN
// for each use, and other systems ask by themselves.
func (o *Opening) unasked(k key) bool {
	e := k.own.entry
	soft := strings.HasPrefix(e.URI, "nss:") || strings.HasPrefix(e.URI, "firefox:")
	return soft && len(e.Places) <= 1 && o.Env.Time().Sub(o.gave[e.Thumbprint]) < stillOpen
}

// current is the key that is tried now.
func (p *Pli) current() key { return p.keys[min(p.try, len(p.keys)-1)] }

// over ends the run, with nothing in work; next is the first pli that is left,
// or negative.
func (o *Opening) over(next int) (effects []Effect, over bool) {
	switch {
	case next < 0 || o.Stopping:
		return o.results(), true
	case o.halt != nil:
		return append(o.endBatch(), o.fail(o.halt)...), true
	case o.Pausing:
		o.Phase, o.Pausing, o.At = OpenPaused, false, next
		return []Effect{Focus{ID: "title"}}, true
	}
	return nil, false
}

// abreast reports whether a pli may be opened beside those in work.
func (o *Opening) abreast(work []*Pli, p *Pli) bool {
	if len(work) == 0 {
		return true
	}
	if _, plain := o.errand.(received); !plain || len(work) >= maxAbreast {
		return false
	}
	bytes := p.Total
	for _, q := range work {
		bytes += q.Total
		if turn(q.Kind) != turn(p.Kind) {
			return false
		}
	}
	return bytes <= maxAbreastBytes
}

// begin opens pli i.
func (o *Opening) begin(i int) []Effect {
	p := o.Plis[i]
	p.State, p.try, p.Done = PliOpening, 0, 0
	o.At = slices.Index(o.Plis, o.in(PliOpening)[0])
	o.pace = pace{}
	step := PageProgress{Step: "open", Done: int64(i), Total: int64(len(o.Plis))}
	if o.Offline {
		return o.unwrap(p)
	}
	return append([]Effect{step}, o.unwrap(p)...)
}

// unwrap asks the host for the content key, with the recipient whose turn it
// is: now, or after the plis that it is being asked about. A run that is to end
// asks for no more: it could be a PIN that is asked for again.
func (o *Opening) unwrap(p *Pli) []Effect {
	if p.queued = !o.mayAsk(p); p.queued {
		return nil
	}
	if o.halt != nil {
		return o.stop(p, o.halt)
	}
	if !o.Expires.IsZero() && !o.Env.Time().Before(o.Expires) {
		return o.stop(p, fault.New(fault.ConsentExpired))
	}
	k := p.current()
	o.asking = append(o.asking, k)
	params := protocol.UnwrapParams{Thumbprint: k.own.entry.Thumbprint, RecipientInfo: k.info.DER,
		ContentAlgorithm: p.Info.ContentAlgorithm, Origin: o.Site.Origin, Envelope: p.Info.HeaderSHA256, Batch: o.batch, Verb: o.errand.verb()}
	return []Effect{host(&o.runs, protocol.HostUnwrap, params, func(r protocol.UnwrapResult, err error) []Effect {
		o.answered(k, err)
		if err != nil {
			clear(r.ContentKey) // of an answer with something else in it that nobody can read
		}
		if p.State != PliOpening { // dropped meanwhile
			clear(r.ContentKey)
			return o.goAhead()
		}
		var effects []Effect
		switch {
		case err == nil:
			p.Key = k.own.entry.Thumbprint
			effects = o.errand.use(o, p, r.ContentKey)
		case stopsAll(fault.CodeOf(err)):
			return o.stop(p, err)
		default:
			effects = o.otherKey(p, err)
		}
		return append(effects, o.goAhead()...)
	})}
}

// answered takes note of the host's answer about a key.
func (o *Opening) answered(k key, err error) {
	thumbprint := k.own.entry.Thumbprint
	if i := slices.IndexFunc(o.asking, func(a key) bool { return a.own.entry.Thumbprint == thumbprint }); i >= 0 {
		o.asking = slices.Delete(o.asking, i, i+1)
	}
	switch {
	case err == nil:
		o.gave[thumbprint] = o.Env.Time()
	case stopsAll(fault.CodeOf(err)):
		delete(o.gave, thumbprint)
	}
}

// inWork is then while a pli is in work, else late.
func inWork[R any](p *Pli, late func(R) []Effect, then func(R, error) []Effect) func(R, error) []Effect {
	return func(v R, err error) []Effect {
		switch {
		case p.State == PliOpening:
			return then(v, err)
		case err == nil:
			return late(v)
		}
		return nil
	}
}

// stop ends the run, after what else is in work, for a reason that all plis
// share: a card that was taken out, a host that ended. The person puts it right
// and consents again to what is left, or keeps what was opened.
func (o *Opening) stop(p *Pli, err error) []Effect {
	p.State = PliReady
	if o.halt == nil {
		o.halt = err
	}
	return o.goAhead()
}

// delivering reports whether a pli in work is on its way to where it belongs.
func (p *Pli) delivering() bool { return p.Opened != nil || p.giving }

// dropWork cancels what is in work, except what is being delivered.
func (o *Opening) dropWork() []Effect {
	var effects []Effect
	for _, p := range o.in(PliOpening) {
		if !p.delivering() {
			p.fail(fault.New(fault.Cancelled))
			effects = []Effect{CancelWork{}}
		}
	}
	return effects
}
