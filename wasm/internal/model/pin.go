package model

import (
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// PINField is the id of the field that a PIN is typed into. What stands there
// goes from the field to the host, and never into a message or a model.
const PINField = "pin"

// PINAsked says that the host needs a PIN for what is under way; the runtime
// sends it.
type PINAsked struct{ Question protocol.PINQuestion }

// PINOver says that a question waits no more: its time is up or, without an
// ID, the connection ended.
type PINOver struct{ ID string }

// PINTooLong says that more was typed than a host takes (protocol.MaxPIN bytes):
// nothing was sent, and the question still waits.
type PINTooLong struct{ ID string }

// EnterPIN sends what was typed to the host.
type EnterPIN struct{ Trusted bool }

// CancelPIN tells the host that the person does not want to.
type CancelPIN struct{}

// AnswerPIN answers the host's question with what stands in the field with
// this id, which is emptied; Field "" is a person who cancelled.
type AnswerPIN struct {
	Question string
	Field    string
}

func (AnswerPIN) effect() {}

// updatePIN handles what concerns a question of the host, and says whether the
// message was one of those.
func (a *Assistant) updatePIN(m Msg) ([]Effect, bool) {
	switch m := m.(type) {
	case PINAsked:
		a.PIN, a.PINTooLong = &m.Question, false
		a.PIN.Token = keypair.Clean(a.PIN.Token) // as a card or a database wrote it
		over := After{Millis: m.Question.Seconds * 1000, Msg: PINOver{ID: m.Question.ID}}
		return []Effect{Focus{ID: PINField}, over}, true
	case PINOver:
		if a.PIN != nil && (m.ID == "" || m.ID == a.PIN.ID) {
			a.PIN = nil
		}
		if a.answered != nil && (m.ID == "" || m.ID == a.answered.ID) {
			a.answered = nil
		}
		return nil, true
	case PINTooLong:
		if a.answered == nil || a.answered.ID != m.ID || a.PIN != nil {
			return nil, true
		}
		a.PIN, a.PINTooLong = a.answered, true
		return []Effect{Focus{ID: PINField}}, true
	case EnterPIN:
		if a.PIN == nil || !m.Trusted {
			return nil, true
		}
		return a.answerPIN(PINField), true
	case CancelPIN:
		if a.PIN == nil {
			return nil, true
		}
		return a.answerPIN(""), true
	case Cancel, Close, PageCancelled:
		if a.PIN != nil { // whoever gives up the work gives up its question first
			return append(a.answerPIN(""), a.Part.Update(m)...), true
		}
	}
	return nil, false
}

func (a *Assistant) answerPIN(field string) []Effect {
	answer := AnswerPIN{Question: a.PIN.ID, Field: field}
	a.PIN, a.answered = nil, a.PIN
	return []Effect{answer, Focus{ID: "title"}}
}
