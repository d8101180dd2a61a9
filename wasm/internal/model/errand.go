package model

import (
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

// errand is what an Opening uses private keys for. Loading, the consent and its
// limits, the order, pauses, failures and the end are the same for each.
type errand interface {
	// verb is the journal's word for it.
	verb() protocol.Verb
	// check looks at the request before anything else is done.
	check(o *Opening) error
	// follow takes what the portal signed, nil for nothing.
	follow(o *Opening, signed *trust.Signed) error
	// prepare is called once, when the keys of this computer are known.
	prepare(o *Opening) error
	// fetch brings the envelope of a pli.
	fetch(o *Opening, p *Pli, then func(FileRef, error) Msg) Effect
	// mine are the keys of this computer that may be used for a pli.
	mine(o *Opening, p *Pli) []ownKey
	// use goes on with the content key, which the effect that gets it wipes.
	use(o *Opening, p *Pli, contentKey []byte) []Effect
	// result is what the page learns.
	result(o *Opening) any
}

// received opens plis that a portal, or the person, has received.
type received struct{}

func (received) verb() protocol.Verb { return protocol.VerbOpen }

func (received) check(o *Opening) error {
	switch n := len(o.Plis); {
	case n == 0:
		return fault.New(fault.NoFile)
	case o.Env.NoSaving && !o.HandOver:
		return fault.New(fault.SavingForbidden)
	case o.Tender == "":
		return fault.Newf(fault.BadRequest, "tender")
	case n > protocol.MaxPlis:
		return fault.Newf(fault.BadRequest, "%d", n)
	}
	return nil
}

// follow makes the plis what the list says of them.
func (received) follow(o *Opening, signed *trust.Signed) error {
	if signed == nil {
		return nil
	}
	list, err := trust.Opening(signed, lists.Expected{Origin: o.Site.Origin, Tender: o.Tender, Now: o.Env.Time()})
	if err != nil {
		return err
	}
	o.Listed = list
	for _, p := range o.Plis {
		p.follow(list)
	}
	o.sort()
	return nil
}

func (received) prepare(*Opening) error { return nil }

func (received) fetch(_ *Opening, p *Pli, then func(FileRef, error) Msg) Effect {
	return FetchFile{Args: protocol.FetchEnvelopeArgs{ID: p.ID}, Then: then}
}

func (received) mine(o *Opening, _ *Pli) []ownKey { return o.own }

func (received) use(o *Opening, p *Pli, contentKey []byte) []Effect {
	return o.decrypt(p, contentKey, func(opened Opened) []Effect { return o.deliver(p, opened) })
}

func (received) result(o *Opening) any { return o.Result() }
