package model

import (
	"scelle/shared/envelope/mechanism"
	"scelle/shared/protocol"
)

// prove proves to the portal that the key which is being registered is here.
func (a *Add) prove() []Effect {
	p := &proof{runs: &a.runs, origin: a.Site.Origin, id: a.Registration.ID, key: *a.made, fail: a.fail}
	p.asked = func() { a.Registration.State = protocol.AwaitingProof }
	p.done = func(r protocol.Registration, m mechanism.Mechanism) []Effect {
		a.Registration, a.Mechanism = &r, m
		return a.activated()
	}
	return p.begin()
}

// activated notes the key as registered by this site, tells the page, and
// shows the end. None of the two can undo that the key is active.
func (a *Add) activated() []Effect {
	params := protocol.RememberParams{Origin: a.Site.Origin, Thumbprint: a.Registration.Thumbprint, Mode: a.result().Mode}
	return []Effect{worker(&a.runs, protocol.SiteRemember, params, func(protocol.Empty, error) []Effect {
		return a.finished()
	})}
}

// finished tells the page. It is all that happens for a registration that was
// active before: nothing was proven here, so nothing is remembered, and a site
// learns nothing about a certificate by asking to resume it.
func (a *Add) finished() []Effect {
	return []Effect{finish(&a.runs, a.Session, a.result(), nil, func() []Effect {
		a.Phase = AddDone
		if a.Backup != nil {
			a.Phase = AddBackup
		}
		return []Effect{Focus{ID: "title"}}
	})}
}
