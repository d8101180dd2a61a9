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

// proof is one proof of possession: challenges of the portal are opened with
// the private key until one mechanism is good, and its hash goes back.
type proof struct {
	runs    *runs
	origin  string // as the browser reported it
	id      string // of the registration, at the portal
	key     ownKey
	asked   func() // the portal made a challenge
	done    func(protocol.Registration, mechanism.Mechanism) []Effect
	fail    func(error) []Effect
	refused []mechanism.Mechanism
	attempt int
}

// begin asks the portal for a challenge with the best mechanism that this
// key's store was not found unable to do.
func (p *proof) begin() []Effect {
	if p.attempt++; p.attempt > maxAttempts {
		return p.fail(fault.New(fault.ProofFailed))
	}
	refused := append([]mechanism.Mechanism{}, p.refused...)
	args := protocol.RequestChallengeArgs{ID: p.id, Refused: refused}
	return []Effect{page(p.runs, protocol.CallRequestChallenge, args, nil, func(c protocol.Challenge, err error) []Effect {
		switch {
		case err != nil:
			return p.fail(err)
		case slices.Contains(p.refused, c.Mechanism):
			return p.fail(fault.Newf(fault.ProofFailed, "%s", c.Mechanism)) // the portal knows no other
		}
		if p.asked != nil {
			p.asked()
		}
		return p.inspect(c)
	})}
}

// inspect finds the recipient in the challenge that is this certificate. An
// envelope to anybody else is no challenge.
func (p *proof) inspect(c protocol.Challenge) []Effect {
	return []Effect{InspectBytes{Envelope: c.Envelope, Then: once(p.runs, nil, func(info EnvelopeInfo, err error) []Effect {
		if err != nil {
			return p.fail(fault.Recode(fault.ProofForeign, err))
		}
		found := findKeys(info, []ownKey{p.key})
		if len(found) == 0 {
			return p.fail(fault.New(fault.ProofForeign))
		}
		if found[0].info.Mechanism != string(c.Mechanism) {
			return p.fail(fault.Newf(fault.PortalFailed, "%s", found[0].info.Mechanism))
		}
		return p.unwrap(c, info, found[0])
	})}}
}

func (p *proof) unwrap(c protocol.Challenge, info EnvelopeInfo, k key) []Effect {
	params := protocol.UnwrapParams{Thumbprint: p.key.entry.Thumbprint, RecipientInfo: k.info.DER, ContentAlgorithm: info.ContentAlgorithm,
		Origin: p.origin, Envelope: info.HeaderSHA256, Verb: protocol.VerbProve}
	return []Effect{host(p.runs, protocol.HostUnwrap, params, func(r protocol.UnwrapResult, err error) []Effect {
		switch fault.CodeOf(err) {
		case "":
			return p.open(c, info.Authenticated, r.ContentKey)
		case fault.MechanismMissing, fault.EnvelopeUnreadable:
			return p.refuse(c.Mechanism)
		}
		return p.fail(err)
	})}
}

// open reads the challenge. What is not exactly a proof for this origin and
// this key ends the proof; what cannot be read at all is a mechanism that the
// store only pretends to know. Of a content without authentication the page
// must not learn which of the two it was: it could send somebody's pli, changed
// a little, and watch its padding.
func (p *proof) open(c protocol.Challenge, authenticated bool, contentKey []byte) []Effect {
	prefix := protocol.ProofPrefix + "\n" + p.origin + "\n" + p.key.entry.Thumbprint + "\n"
	return []Effect{OpenSmall{Envelope: c.Envelope, ContentKey: contentKey, Prefix: prefix, Then: once(p.runs, nil, func(answer string, err error) []Effect {
		clear(contentKey)
		switch fault.CodeOf(err) {
		case "":
			return p.send(c.Mechanism, answer)
		case fault.EnvelopeUnreadable:
			return p.refuse(c.Mechanism)
		case fault.ProofForeign:
			if !authenticated {
				return p.refuse(c.Mechanism)
			}
		}
		return p.fail(err)
	})}}
}

func (p *proof) refuse(m mechanism.Mechanism) []Effect {
	p.refused = append(p.refused, m)
	return p.begin()
}

func (p *proof) send(m mechanism.Mechanism, answer string) []Effect {
	args := protocol.SubmitProofArgs{ID: p.id, Mechanism: m, Proof: answer}
	return []Effect{page(p.runs, protocol.CallSubmitProof, args, nil, func(r protocol.Registration, err error) []Effect {
		if err == nil {
			err = checkRegistration(r, p.key.entry.Thumbprint)
		}
		if err == nil && r.State != protocol.Active {
			err = fault.Newf(fault.ProofFailed, "%s", r.State)
		}
		if err != nil {
			return p.fail(err)
		}
		return p.done(r, m)
	})}
}
