package model

import (
	"encoding/json"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/smalljson"
)

// Env is what a screen knows about where it runs.
type Env struct {
	Lang string // "fr" or "en"
	// BrowserLang is the browser's own, "fr" or "en".
	BrowserLang string
	Version     string // the extension's version
	// NoSaving says that the administrator lets no opened pli be saved here.
	NoSaving bool
	// Folders says that the browser lets a person choose a folder to save to.
	Folders bool
	Now     func() time.Time // the time; nil is time.Now
	// Zone tells the name ("CET", "UTC+1") and the offset, in seconds east of
	// UTC, of the person's time zone at a moment; nil is UTC.
	Zone func(time.Time) (string, int)
}

// Time is the moment now.
func (e Env) Time() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

// answer is what an effect's Then makes of its outcome: how to go on, unless
// the run that asked has ended in the meantime. Late tidies up then.
type answer struct {
	run  int
	then func() []Effect
	late func() []Effect // nil where there is nothing to do
}

// runs numbers the runs of a screen. Cancelling, failing and starting again
// each end a run, and answers that belong to an ended run are dropped: this
// one rule makes double clicks and late answers harmless.
type runs struct {
	run    int
	armed  int  // how often a button was armed: only the last time counts
	hidden bool // the window is out of sight
}

// end drops every answer that is still to come.
func (r *runs) end() { r.run++ }

// take goes on with an answer, once.
func (r *runs) take(a answer) []Effect {
	if a.run != r.run {
		if a.late == nil {
			return nil
		}
		return a.late()
	}
	return a.then()
}

// once makes a Then for answers of type R that goes on in the run of now, and
// only at the first of several answers.
func once[R any](r *runs, late func(R) []Effect, then func(R, error) []Effect) func(R, error) Msg {
	run, used := r.run, false
	return func(v R, err error) Msg {
		a := answer{run: run, then: func() []Effect {
			if used {
				return nil
			}
			used = true
			return then(v, err)
		}}
		if late != nil && err == nil {
			a.late = func() []Effect { return late(v) }
		}
		return a
	}
}

// decoded is once for a JSON answer; one that cannot be read is the fault bad.
// The text is wiped, also of an answer that is too late: it may be a content
// key's.
func decoded[R any](r *runs, bad fault.Code, then func(R, error) []Effect) func(json.RawMessage, error) Msg {
	return answered(r, bad, func() (any, func(error) []Effect) {
		v := new(R)
		return v, func(err error) []Effect { return then(*v, err) }
	})
}

// answered is decoded for an answer that goes into what begin makes: a function
// for all types.
func answered(r *runs, bad fault.Code, begin func() (into any, then func(error) []Effect)) func(json.RawMessage, error) Msg {
	late := func(raw json.RawMessage) []Effect { clear(raw); return nil }
	return once(r, late, func(raw json.RawMessage, err error) []Effect {
		defer clear(raw)
		into, then := begin()
		if err == nil && len(raw) > 0 {
			if e := smalljson.Unmarshal(raw, into); e != nil {
				err = fault.Recode(bad, e)
			}
		}
		return then(err)
	})
}

func host[R any](r *runs, m protocol.Method, params any, then func(R, error) []Effect) Effect {
	return HostCall{Method: m, Params: params, Then: decoded(r, fault.Internal, then)}
}

func worker[R any](r *runs, m protocol.Method, params any, then func(R, error) []Effect) Effect {
	return WorkerCall{Method: m, Params: params, Then: decoded(r, fault.Internal, then)}
}

func page[R any](r *runs, c protocol.Call, args any, files []FileRef, then func(R, error) []Effect) Effect {
	return PageCall{Call: c, Args: args, Files: files, Then: decoded(r, fault.PortalFailed, then)}
}

// ignore is the Then of a call whose outcome changes nothing.
func ignore(json.RawMessage, error) Msg { return nil }

// arm asks for the moment after which a button that uses a private key works:
// a window that appears under a click must not take it (ConsentArmMillis).
// Each call begins the wait anew, with the button drawn.
func (r *runs) arm(armed *bool) Effect {
	*armed = false
	r.armed++
	this := r.armed
	return After{Drawn: true, Millis: protocol.ConsentArmMillis, Msg: answer{run: r.run, then: func() []Effect {
		*armed = *armed || this == r.armed && !r.hidden
		return nil
	}}}
}

// raise arms anew, after the window came into sight.
func (r *runs) raise(armed *bool, on bool) []Effect {
	r.hidden = false
	if !on {
		return nil
	}
	return []Effect{r.arm(armed)}
}

// lower disarms while the window is out of sight.
func (r *runs) lower(armed *bool) []Effect {
	*armed, r.hidden = false, true
	return nil
}

// finish ends the session with an outcome and goes on whatever the worker says.
func finish(r *runs, session string, result any, err error, then func() []Effect) Effect {
	p := protocol.FinishParams{Session: session, Fault: protocol.FaultOf(err)}
	if err == nil {
		raw, e := smalljson.Marshal(result)
		if e != nil {
			p.Fault = protocol.FaultOf(e)
		}
		p.Result = raw
	}
	return worker(r, protocol.SessionFinish, p, func(protocol.Empty, error) []Effect { return then() })
}

// closing is what follows the end of a session that needs no last screen.
func closing() []Effect { return []Effect{CloseWindow{}} }
