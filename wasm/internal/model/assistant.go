package model

import (
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
)

// Assistant is the window that a page's request opens.
type Assistant struct {
	Env  Env
	Site Site
	// Part is what the window works for: *Add (keys.add), *Verify (keys.verify)
	// or *Opening (pli.open, pli.rehearse, pli.rewrap).
	Part   Screen
	Broken *fault.Fault // there is nothing to work for, and Part only closes the window
	// PIN is what the host asks for in the middle of the work, nil most of the
	// time; the part's own screen comes back after it.
	PIN        *protocol.PINQuestion
	PINTooLong bool // what was typed before was too long to be sent
	answered   *protocol.PINQuestion
}

// Errands makes an assistant's Part for a session. Errors: fault.UnknownMethod
// for a method that is none of these errands; what smalljson.Unmarshal says of
// the session's parameters.
type Errands func(Env, protocol.SessionResult) (Screen, error)

// NewAssistant makes the screen for a session, as the worker tells it. A module
// links the errands that it names, and no others.
func NewAssistant(env Env, s protocol.SessionResult, errands Errands) *Assistant {
	a := &Assistant{Env: env, Site: NewSite(s.Origin).Beside(s.Sites)}
	part, err := errands(env, s)
	if err != nil {
		return refuse(a, s, err)
	}
	a.Part = part
	return a
}

// ForKeys are the errands about keys: keys.add and keys.verify.
func ForKeys(env Env, s protocol.SessionResult) (Screen, error) {
	switch s.Method {
	case protocol.KeysAdd:
		return errandOf(env, s, newAdd)
	case protocol.KeysVerify:
		return errandOf(env, s, newVerify)
	}
	return nil, fault.Newf(fault.UnknownMethod, "%s", s.Method)
}

// ForPlis are the errands about plis: pli.open, pli.rehearse and pli.rewrap.
func ForPlis(env Env, s protocol.SessionResult) (Screen, error) {
	switch s.Method {
	case protocol.PliOpen:
		return errandOf(env, s, newOpening)
	case protocol.PliRehearse:
		return errandOf(env, s, newRehearsal)
	case protocol.PliRewrap:
		return errandOf(env, s, newRewrap)
	}
	return nil, fault.Newf(fault.UnknownMethod, "%s", s.Method)
}

// errandOf makes a part out of a session's parameters.
func errandOf[P any, S Screen](env Env, s protocol.SessionResult, begin func(Env, protocol.SessionResult, P) S) (Screen, error) {
	var p P
	if err := smalljson.Unmarshal(s.Params, &p); err != nil {
		return nil, err
	}
	return begin(env, s, p), nil
}

// NewBroken makes the screen for a window that has no session any more, or
// could not read it.
func NewBroken(env Env, err error) *Assistant {
	a := &Assistant{Env: env, Broken: fault.Of(fault.Wrap(fault.SessionLost, err))}
	a.Part = &broken{}
	return a
}

// refuse answers the page at once and leaves the reason on the screen.
func refuse(a *Assistant, s protocol.SessionResult, err error) *Assistant {
	a.Broken = fault.Of(fault.Wrap(fault.BadRequest, err))
	params := protocol.FinishParams{Session: s.Session, Fault: protocol.FaultOf(a.Broken)}
	a.Part = &broken{first: []Effect{WorkerCall{Method: protocol.SessionFinish, Params: params, Then: ignore}}}
	return a
}

// Init gives the first effects.
func (a *Assistant) Init() []Effect { return a.Part.Init() }

// Update changes the screen by a message.
func (a *Assistant) Update(m Msg) []Effect {
	if effects, done := a.updatePIN(m); done {
		return effects
	}
	return a.Part.Update(m)
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
