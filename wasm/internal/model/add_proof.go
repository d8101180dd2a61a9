package model

import (
	"slices"

	"scelle/shared/envelope/mechanism"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// maxAttempts is how many challenges one proof may take: one for each
// mechanism that a portal may ask for.
const maxAttempts = 4

// prove asks the portal for a challenge with the best mechanism that this
// key's store was not found unable to do.
func (a *Add) prove() []Effect {
	if a.Attempt++; a.Attempt > maxAttempts {
		return a.fail(fault.New(fault.ProofFailed))
	}
	refused := append([]mechanism.Mechanism{}, a.refused...)
	args := protocol.RequestChallengeArgs{ID: a.Registration.ID, Refused: refused}
	return []Effect{page(&a.runs, protocol.CallRequestChallenge, args, nil, func(c protocol.Challenge, err error) []Effect {
		switch {
		case err != nil:
			return a.fail(err)
		case slices.Contains(a.refused, c.Mechanism):
			return a.fail(fault.Newf(fault.ProofFailed, "%s", c.Mechanism)) // the portal knows no other
		}
		a.Registration.State = protocol.AwaitingProof
		return a.inspect(c)
	})}
}

// inspect finds the recipient in the challenge that is this certificate. An
// envelope to anybody else is no challenge.
func (a *Add) inspect(c protocol.Challenge) []Effect {
	return []Effect{InspectBytes{Envelope: c.Envelope, Then: once(&a.runs, nil, func(info EnvelopeInfo, err error) []Effect {
		if err != nil {
			return a.fail(fault.Recode(fault.ProofForeign, err))
		}
		found := findKeys(info, []ownKey{*a.made})
		if len(found) == 0 {
			return a.fail(fault.New(fault.ProofForeign))
		}
		if found[0].info.Mechanism != string(c.Mechanism) {
			return a.fail(fault.Newf(fault.PortalFailed, "%s", found[0].info.Mechanism))
		}
		return a.unwrap(c, info, found[0])
	})}}
}

func (a *Add) unwrap(c protocol.Challenge, info EnvelopeInfo, k key) []Effect {
	params := protocol.UnwrapParams{Thumbprint: a.Key.Thumbprint, RecipientInfo: k.info.DER, ContentAlgorithm: info.ContentAlgorithm,
		Origin: a.Site.Origin, Envelope: info.HeaderSHA256, Verb: protocol.VerbProve}
	return []Effect{host(&a.runs, protocol.HostUnwrap, params, func(r protocol.UnwrapResult, err error) []Effect {
		switch fault.CodeOf(err) {
		case "":
			return a.open(c, info.Authenticated, r.ContentKey)
		case fault.MechanismMissing, fault.EnvelopeUnreadable:
			return a.refuse(c.Mechanism)
		}
		return a.fail(err)
	})}
}

// open reads the challenge. What is not exactly a proof for this origin and
// this key ends the registration; what cannot be read at all is a mechanism
// that the store only pretends to know. Of a content without authentication
// the page must not learn which of the two it was: it could send somebody's
// pli, changed a little, and watch its padding.
func (a *Add) open(c protocol.Challenge, authenticated bool, contentKey []byte) []Effect {
	prefix := protocol.ProofPrefix + "\n" + a.Site.Origin + "\n" + a.Key.Thumbprint + "\n"
	return []Effect{OpenSmall{Envelope: c.Envelope, ContentKey: contentKey, Prefix: prefix, Then: once(&a.runs, nil, func(proof string, err error) []Effect {
		clear(contentKey)
		switch fault.CodeOf(err) {
		case "":
			return a.sendProof(c.Mechanism, proof)
		case fault.EnvelopeUnreadable:
			return a.refuse(c.Mechanism)
		case fault.ProofForeign:
			if !authenticated {
				return a.refuse(c.Mechanism)
			}
		}
		return a.fail(err)
	})}}
}

func (a *Add) refuse(m mechanism.Mechanism) []Effect {
	a.refused = append(a.refused, m)
	return a.prove()
}

func (a *Add) sendProof(m mechanism.Mechanism, proof string) []Effect {
	args := protocol.SubmitProofArgs{ID: a.Registration.ID, Mechanism: m, Proof: proof}
	return []Effect{page(&a.runs, protocol.CallSubmitProof, args, nil, func(r protocol.Registration, err error) []Effect {
		if err == nil {
			err = checkRegistration(r, a.Key.Thumbprint)
		}
		if err == nil && r.State != protocol.Active {
			err = fault.Newf(fault.ProofFailed, "%s", r.State)
		}
		if err != nil {
			return a.fail(err)
		}
		a.Registration, a.Mechanism = &r, m
		return a.activated()
	})}
}

// activated notes the key as registered by this site, tells the page, and
// shows the end. None of the two can undo that the key is active.
func (a *Add) activated() []Effect {
	params := protocol.RememberParams{Origin: a.Site.Origin, Thumbprint: a.Registration.Thumbprint}
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
		return []Effect{Focus{ID: "title"}}
	})}
}
