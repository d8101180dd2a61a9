package model

import (
	"slices"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

// Rehearsal is an Opening of test plis: one for each key of the tender that is
// on this computer, sealed to all of the tender's keys and opened with that
// one. It goes the way of an opening, from the signed list to the last check,
// and no pli of a portal is ever asked for.
type Rehearsal struct {
	Keys []*RehearsalKey // the tender's, in the order of its list

	asked []protocol.SealRecipient
	lot   string
	tests map[*Pli]*RehearsalKey
}

// RehearsalKey is one key of a rehearsal.
type RehearsalKey struct {
	protocol.SealRecipient
	Thumbprint string
	Fault      *fault.Fault // why nothing is sealed to it
	Own        *protocol.Certificate
	Pli        *Pli // its test; nil for a key of another computer

	own ownKey
	sum string // of the file in its test
}

// State is what the rehearsal showed of the key so far.
func (k *RehearsalKey) State() protocol.Rehearsed {
	switch {
	case k.Fault != nil:
		return protocol.RehearsedLeftOut
	case k.Pli == nil:
		return protocol.RehearsedElsewhere
	case k.Pli.State == PliDelivered:
		return protocol.RehearsedOpened
	}
	return protocol.RehearsedFailed
}

func newRehearsal(env Env, s protocol.SessionResult, p protocol.RehearseParams) *Opening {
	o := newOpening(env, s, protocol.OpenParams{Tender: p.Tender, Title: p.Title, OpeningList: p.RecipientList})
	o.Rehearsal = &Rehearsal{asked: p.Recipients, lot: p.Lot, tests: map[*Pli]*RehearsalKey{}}
	o.errand = o.Rehearsal
	return o
}

func (r *Rehearsal) verb() protocol.Verb { return protocol.VerbRehearse }

func (r *Rehearsal) check(o *Opening) error {
	switch {
	case o.Tender == "":
		return fault.Newf(fault.BadRequest, "tender")
	case len(r.asked) > protocol.MaxRecipients:
		return fault.Newf(fault.BadRequest, "recipients")
	}
	return nil
}

// follow takes the keys that a bidder would seal to.
func (r *Rehearsal) follow(o *Opening, signed *trust.Signed) error {
	entries := trust.Unlisted(r.asked)
	if signed != nil {
		list, err := trust.Recipients(signed, r.asked, lists.Expected{Origin: o.Site.Origin, Tender: o.Tender, Lot: r.lot, Now: o.Env.Time()})
		if err != nil {
			return err
		}
		entries = trust.Entries(list)
	}
	if len(entries) == 0 {
		return fault.New(fault.NoRecipient)
	}
	for _, e := range entries {
		k := &RehearsalKey{SealRecipient: e.SealRecipient, Thumbprint: keypair.Thumbprint(e.Certificate)}
		k.Label = keypair.Clean(e.Label)
		if e.Revoked {
			k.Fault = fault.New(fault.CertificateRevoked)
		}
		if !slices.ContainsFunc(r.Keys, func(other *RehearsalKey) bool { return other.Thumbprint == k.Thumbprint }) {
			r.Keys = append(r.Keys, k)
		}
	}
	return nil
}

// prepare makes a test for each key of this computer.
func (r *Rehearsal) prepare(o *Opening) error {
	for _, k := range r.Keys {
		i := slices.IndexFunc(o.own, func(own ownKey) bool { return own.entry.Thumbprint == k.Thumbprint })
		if i < 0 || k.Fault != nil {
			continue
		}
		k.own = o.own[i]
		k.Own = &k.own.entry
		if o.Env.Time().After(k.own.cert.NotAfter) { // all else is for the sealing to say
			k.Fault = fault.New(fault.CertificateExpired)
			continue
		}
		k.Pli = &Pli{OpenPli: protocol.OpenPli{ID: k.Thumbprint, Label: k.Label}, State: PliWaiting, asked: len(o.Plis)}
		r.tests[k.Pli] = k
		o.Plis = append(o.Plis, k.Pli)
	}
	if len(o.Plis) == 0 {
		return fault.New(fault.RehearsalNoKey)
	}
	return nil
}

// recipients are the keys that are not withdrawn, as sealing takes them.
func (r *Rehearsal) recipients() []protocol.SealRecipient {
	var all []protocol.SealRecipient
	for _, k := range r.Keys {
		if k.Fault == nil || k.Fault.Code != fault.CertificateRevoked {
			all = append(all, k.SealRecipient)
		}
	}
	return all
}

func (r *Rehearsal) fetch(o *Opening, p *Pli, then func(FileRef, error) Msg) Effect {
	return SealTest{Tender: o.Tender, Recipients: r.recipients(), Then: func(sealed SealedTest, err error) Msg {
		if err == nil {
			r.tests[p].sum = sealed.SHA256
			r.note(sealed.LeftOut)
		}
		return then(sealed.File, err)
	}}
}

// note keeps why keys of other computers were left out.
func (r *Rehearsal) note(left []protocol.LeftOut) {
	for _, l := range left {
		for _, k := range r.Keys {
			if k.Thumbprint == l.Thumbprint && k.Fault == nil {
				k.Fault = fault.Of(l.Fault.Err())
			}
		}
	}
}

func (r *Rehearsal) mine(_ *Opening, p *Pli) []ownKey { return []ownKey{r.tests[p].own} }

// use opens the test; what comes out must be what was sealed.
func (r *Rehearsal) use(o *Opening, p *Pli, contentKey []byte) []Effect {
	return o.decrypt(p, contentKey, func(opened Opened) []Effect {
		var err error
		if len(opened.Details) != 1 || r.tests[p].sum == "" || opened.Details[0].SHA256 != r.tests[p].sum || !opened.Authenticated {
			err = fault.New(fault.RehearsalDiffers)
		}
		p.Opened, p.OpenedAt = &opened, o.Env.Time()
		return append([]Effect{Forget{Files: opened.Files}}, o.next(p, err)...)
	})
}

func (r *Rehearsal) result(o *Opening) any {
	out := protocol.RehearseResult{Tender: o.Tender, Started: seconds(o.Minutes.started), Finished: seconds(o.Minutes.finished),
		Extension: o.Env.Version, Host: o.Minutes.host, List: o.Check, Keys: []protocol.RehearsedKey{}}
	for _, k := range r.Keys {
		key := protocol.RehearsedKey{Thumbprint: k.Thumbprint, Label: k.Label, Recovery: k.Recovery, State: k.State()}
		switch key.State {
		case protocol.RehearsedLeftOut:
			key.Fault = protocol.FaultOf(k.Fault)
		case protocol.RehearsedFailed:
			key.Fault = protocol.FaultOf(k.Pli.Fault)
		}
		out.Keys = append(out.Keys, key)
	}
	return out
}

// Opened is how many keys opened their test.
func (r *Rehearsal) Opened() int {
	n := 0
	for _, k := range r.Keys {
		if k.State() == protocol.RehearsedOpened {
			n++
		}
	}
	return n
}
