package model

import (
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Assistant is the window that a page's request opens. Exactly one of its
// parts is there.
type Assistant struct {
	Env    Env
	Site   Site
	Add    *Add         // keys.add
	Open   *Opening     // pli.open, pli.rehearse, pli.rewrap
	Verify *Verify      // keys.verify
	Broken *fault.Fault // there is nothing to work for
	// PIN is what the host asks for in the middle of the work, nil most of the
	// time; the part's own screen comes back after it.
	PIN        *protocol.PINQuestion
	PINTooLong bool // what was typed before was too long to be sent
	answered   *protocol.PINQuestion
	part       Screen
}

// NewAssistant makes the screen for a session, as the worker tells it.
func NewAssistant(env Env, s protocol.SessionResult) *Assistant {
	a := &Assistant{Env: env, Site: NewSite(s.Origin).Beside(s.Sites)}
	switch s.Method {
	case protocol.KeysAdd:
		var p protocol.AddParams
		if err := json.Unmarshal(s.Params, &p); err != nil {
			return refuse(a, s, err)
		}
		add := newAdd(env, s, p)
		a.Add, a.part = add, add
	case protocol.PliOpen:
		var p protocol.OpenParams
		if err := json.Unmarshal(s.Params, &p); err != nil {
			return refuse(a, s, err)
		}
		open := newOpening(env, s, p)
		a.Open, a.part = open, open
	case protocol.KeysVerify:
		var p protocol.VerifyKeysParams
		if err := json.Unmarshal(s.Params, &p); err != nil {
			return refuse(a, s, err)
		}
		verify := newVerify(env, s, p)
		a.Verify, a.part = verify, verify
	case protocol.PliRehearse:
		var p protocol.RehearseParams
		if err := json.Unmarshal(s.Params, &p); err != nil {
			return refuse(a, s, err)
		}
		open := newRehearsal(env, s, p)
		a.Open, a.part = open, open
	case protocol.PliRewrap:
		var p protocol.RewrapParams
		if err := json.Unmarshal(s.Params, &p); err != nil {
			return refuse(a, s, err)
		}
		open := newRewrap(env, s, p)
		a.Open, a.part = open, open
	default:
		return refuse(a, s, fault.Newf(fault.UnknownMethod, "%s", s.Method))
	}
	return a
}

// NewBroken makes the screen for a window that has no session any more, or
// could not read it.
func NewBroken(env Env, err error) *Assistant {
	a := &Assistant{Env: env, Broken: fault.Of(fault.Wrap(fault.SessionLost, err))}
	a.part = &broken{}
	return a
}

// refuse answers the page at once and leaves the reason on the screen.
func refuse(a *Assistant, s protocol.SessionResult, err error) *Assistant {
	a.Broken = fault.Of(fault.Wrap(fault.BadRequest, err))
	params := protocol.FinishParams{Session: s.Session, Fault: protocol.FaultOf(a.Broken)}
	a.part = &broken{first: []Effect{WorkerCall{Method: protocol.SessionFinish, Params: params, Then: ignore}}}
	return a
}

// Init gives the first effects.
func (a *Assistant) Init() []Effect { return a.part.Init() }

// Update changes the screen by a message.
func (a *Assistant) Update(m Msg) []Effect {
	if effects, done := a.updatePIN(m); done {
		return effects
	}
	return a.part.Update(m)
}

// Init looks at this computer.
func (a *Add) Init() []Effect { return a.start() }

// broken is a window that can only be closed.
type broken struct{ first []Effect }

func (b *broken) Init() []Effect { return b.first }

func (b *broken) Update(m Msg) []Effect {
	switch m.(type) {
	case Close, Cancel, PageCancelled:
		return closing()
	}
	return nil
}
