package model

import (
	"scelle/shared/envelope/mechanism"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// consent is the click that uses the keys.
func (v *Verify) consent(m Consent) []Effect {
	if v.Phase != VerifyConsent || !m.Trusted || !v.Armed {
		return nil
	}
	v.end()
	v.Phase = VerifyRunning
	return append([]Effect{Focus{ID: "title"}}, v.next()...)
}

// next verifies the next key that is ready.
func (v *Verify) next() []Effect {
	ready := v.Ready()
	if len(ready) == 0 {
		return v.results()
	}
	k := ready[0]
	k.State = KeyWorking
	total := len(v.Keys) - len(v.In(KeyAbsent))
	p := &proof{runs: &v.runs, origin: v.Site.Origin, id: k.ID, key: v.own[k.Thumbprint]}
	p.done = func(_ protocol.Registration, m mechanism.Mechanism) []Effect { return v.proven(k, m) }
	p.fail = func(err error) []Effect { return v.refused(k, err) }
	return append([]Effect{PageProgress{Step: "prove", Done: int64(total - len(ready)), Total: int64(total)}}, p.begin()...)
}

// proven notes the day for this site. Whether that can be kept changes
// nothing: the portal has it.
func (v *Verify) proven(k *VerifyKey, m mechanism.Mechanism) []Effect {
	k.State, k.Mechanism, k.At = KeyProven, m, v.Env.Time()
	params := protocol.RememberParams{Origin: v.Site.Origin, Thumbprint: k.Thumbprint, Mode: k.Mode}
	return []Effect{worker(&v.runs, protocol.SiteRemember, params, func(protocol.Empty, error) []Effect { return v.next() })}
}

// refused notes why a key was not proven, also for those that would meet the
// same: going on would only ask for the same PIN again, or lock the card.
func (v *Verify) refused(k *VerifyKey, err error) []Effect {
	k.State, k.Fault = KeyFailed, fault.Of(err)
	code := fault.CodeOf(err)
	for _, other := range v.Ready() {
		if ofToken(code) && other.token() == k.token() || stopsAll(code) && !ofToken(code) {
			other.State, other.Fault = KeyFailed, k.Fault
		}
	}
	return v.next()
}

// ofToken reports failures that every key of the same card or store would meet.
func ofToken(c fault.Code) bool {
	switch c {
	case fault.PINCancelled, fault.PINIncorrect, fault.PINLocked, fault.PINPromptMissing, fault.TokenRemoved,
		fault.TokenNotResponding, fault.StoreLocked, fault.StorePassword:
		return true
	}
	return false
}

// results tells the page and shows the end.
func (v *Verify) results() []Effect {
	v.end()
	return []Effect{finish(&v.runs, v.Session, v.Result(), nil, func() []Effect {
		v.Phase = VerifyResults
		return []Effect{Focus{ID: "title"}}
	})}
}

// Result is what the page learns, in the order asked. Of a key that the site
// did not register from this browser it learns the proof, if there is one:
// whether it is here without proving itself is nothing to tell.
func (v *Verify) Result() protocol.VerifyKeysResult {
	r := protocol.VerifyKeysResult{Keys: make([]protocol.VerifiedKey, len(v.Keys))}
	for _, k := range v.Keys {
		out := protocol.VerifiedKey{ID: k.ID, Thumbprint: k.Thumbprint, Outcome: protocol.KeyUnknown}
		switch {
		case k.State == KeyProven:
			out.Outcome, out.Mechanism = protocol.KeyProven, k.Mechanism
		case !k.Registered:
		case k.State == KeyAbsent:
			out.Outcome = protocol.KeyAbsent
		default:
			out.Outcome, out.Fault = protocol.KeyFailed, protocol.FaultOf(k.Fault)
		}
		r.Keys[k.place] = out
	}
	return r
}

// close ends the session from wherever it is. What was proven stays so.
func (v *Verify) close(byPage bool) []Effect {
	phase := v.Phase
	switch {
	case phase == VerifyClosing:
		return nil
	case phase == VerifyRunning && !byPage:
		return v.stop()
	}
	v.end()
	v.Phase = VerifyClosing
	if phase == VerifyResults {
		return closing()
	}
	var outcome error = fault.New(fault.Cancelled)
	if phase == VerifyFailed && (v.Fault.Code == fault.BadRequest || v.Fault.Code.Group() == fault.Setup) {
		outcome = v.Fault // that the assistant is missing, every site that was allowed may know
	}
	effects := []Effect{finish(&v.runs, v.Session, nil, outcome, closing)}
	if phase == VerifyRunning {
		effects = append([]Effect{CancelWork{}}, effects...)
	}
	return effects
}

// stop gives up what is not proven yet.
func (v *Verify) stop() []Effect {
	v.end()
	for _, k := range append(v.In(KeyWorking), v.Ready()...) {
		k.State, k.Fault = KeyFailed, fault.New(fault.Cancelled)
	}
	return append([]Effect{CancelWork{}}, v.results()...)
}
