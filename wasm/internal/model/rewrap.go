package model

import (
	"encoding/json"
	"slices"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

// Rewrap is an Opening that opens nothing: the content key of each pli is
// wrapped to other keys, for an agent who leaves or renews. What it is about is
// all in the portal's signed list, without which it does not begin. The content
// key goes from the host to the crypto worker and no further.
type Rewrap struct {
	List *lists.Transfer       // nil while it is not verified
	From *protocol.Certificate // the key of this computer that opens the plis now

	own      ownKey
	tenders  map[*Pli]string
	verified map[*Pli]bool
}

func newRewrap(env Env, s protocol.SessionResult, p protocol.RewrapParams) *Opening {
	o := newOpening(env, s, protocol.OpenParams{Title: p.Title, OpeningList: p.TransferList})
	o.Rewrap = &Rewrap{}
	o.errand = o.Rewrap
	return o
}

func (r *Rewrap) verb() protocol.Verb { return protocol.VerbRewrap }

func (r *Rewrap) check(o *Opening) error {
	if len(o.signed) == 0 {
		return fault.New(fault.ListUnsigned)
	}
	return nil
}

// follow takes plis and keys from the list, nothing from the page.
func (r *Rewrap) follow(o *Opening, signed *trust.Signed) error {
	if signed == nil {
		return fault.New(fault.ListUnsigned)
	}
	list, err := trust.Transfer(signed, lists.Expected{Origin: o.Site.Origin, Now: o.Env.Time()})
	if err != nil {
		return err
	}
	r.List, r.tenders, r.verified = list, map[*Pli]string{}, map[*Pli]bool{}
	o.Plis, o.Listed = nil, &lists.Opening{}
	for i, listed := range list.Plis {
		p := &Pli{OpenPli: protocol.OpenPli{ID: listed.ID, Label: keypair.Clean(listed.Label), Kind: string(listed.Kind), Lot: listed.Lot},
			State: PliWaiting, listed: listed.Pli, asked: i}
		r.tenders[p] = keypair.Clean(listed.Tender)
		o.Plis = append(o.Plis, p)
	}
	return nil
}

// prepare looks for the old key. Where it is not, the plis are fetched all the
// same: by what is asked of it a page must not learn which keys are here.
func (r *Rewrap) prepare(o *Opening) error {
	i := slices.IndexFunc(o.own, func(own ownKey) bool { return own.entry.Thumbprint == r.List.From.Thumbprint })
	if i < 0 {
		return nil
	}
	r.own = o.own[i]
	r.From = &r.own.entry
	return nil
}

// absent says that the old key is not here; trying again looks for it anew.
func (r *Rewrap) absent(o *Opening) []Effect {
	o.keysKnown = false
	for _, p := range o.Plis {
		p.State, p.Fault = PliWaiting, nil
	}
	return o.fail(fault.New(fault.TransferNoKey))
}

func (r *Rewrap) fetch(_ *Opening, p *Pli, then func(FileRef, error) Msg) Effect {
	return FetchFile{Args: protocol.FetchEnvelopeArgs{ID: p.ID}, Then: then}
}

func (r *Rewrap) mine(*Opening, *Pli) []ownKey {
	if r.From == nil {
		return nil
	}
	return []ownKey{r.own}
}

// targets are the new keys, as sealing takes them.
func (r *Rewrap) targets() []protocol.SealRecipient {
	all := make([]protocol.SealRecipient, len(r.List.To))
	for i, t := range r.List.To {
		all[i] = protocol.SealRecipient{Certificate: t.Certificate, Mechanism: t.Mechanism, Label: t.Label, Recovery: t.Kind == lists.Recovery}
	}
	return all
}

// use wraps the key again and gives it to the portal, one pli at a time: what
// the portal took stays done whatever happens next.
func (r *Rewrap) use(o *Opening, p *Pli, contentKey []byte) []Effect {
	run := o.run
	return []Effect{RewrapFile{File: p.File, ContentKey: contentKey, To: r.targets(),
		Progress: func(done, total int64) Msg { return progress{run, p, done, total} },
		Then: once(&o.runs, nil, func(wrapped Rewrapped, err error) []Effect {
			if err == nil {
				err = o.expects(p, lists.Fingerprints{Header: p.Info.HeaderSHA256, Content: wrapped.ContentSHA256})
			}
			if err != nil {
				return o.next(p, err)
			}
			p.giving = true
			args := protocol.ReplaceRecipientsArgs{ID: p.ID, Header: p.Info.HeaderSHA256, From: r.List.From.Thumbprint, Recipients: wrapped.Recipients, Verified: wrapped.Verified}
			return []Effect{page(&o.runs, protocol.CallReplaceRecipients, args, nil, func(_ json.RawMessage, err error) []Effect {
				r.verified[p] = wrapped.Verified && err == nil
				return o.next(p, err)
			})}
		})}}
}

func (r *Rewrap) result(o *Opening) any {
	out := protocol.RewrapResult{List: o.Check, Plis: make([]protocol.RewrappedPli, len(o.Plis))}
	for _, p := range o.Plis {
		one := protocol.RewrappedPli{ID: p.ID, Done: p.State == PliDelivered}
		if one.Verified = one.Done && r.verified[p]; !one.Done {
			one.Fault = protocol.FaultOf(p.Fault)
		}
		out.Plis[p.asked] = one
	}
	return out
}

// TenderCount is how many plis of the list a tender has, by its reference.
type TenderCount struct {
	Tender string
	Plis   int
}

// Tenders are the tenders of the plis that can be transferred, in the order of
// the list.
func (r *Rewrap) Tenders(o *Opening) []TenderCount {
	var all []TenderCount
	for _, p := range o.Ready() {
		i := slices.IndexFunc(all, func(t TenderCount) bool { return t.Tender == r.tenders[p] })
		if i < 0 {
			i, all = len(all), append(all, TenderCount{Tender: r.tenders[p]})
		}
		all[i].Plis++
	}
	return all
}

// Verified is how many transferred plis had their content key tried on the
// content.
func (r *Rewrap) Verified() int {
	n := 0
	for _, ok := range r.verified {
		if ok {
			n++
		}
	}
	return n
}
