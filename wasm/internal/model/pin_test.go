package model_test

import (
	"strings"
	"testing"

	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// waiting is an opening whose host asks for a PIN before it opens.
func waiting(t *testing.T) (*modeltest.Player, *model.Assistant) {
	t.Helper()
	p := newPortal(t)
	p.readable()
	player, _ := p.start(plis(2), "host host.keys.unwrap")
	a := player.Screen.(*model.Assistant)
	player.Send(model.Consent{Trusted: true}, model.PINAsked{Question: protocol.PINQuestion{ID: "q1", Token: "Carte\u202e", Tries: 1, Seconds: 120}})
	if a.PIN == nil || strings.Contains(a.PIN.Token, "\u202e") || opening(a).Phase != model.OpenRunning || player.Count("focus pin") != 1 || !player.Did("after 120000") {
		t.Fatalf("%+v, %v", a.PIN, player.Log)
	}
	return player, a
}

// A PIN is sent once, by a person only, and goes from its field to the host:
// no message and no model has it. The work goes on behind the question.
func TestPINIsTyped(t *testing.T) {
	player, a := waiting(t)
	player.Send(model.EnterPIN{})
	if player.Did("pin") || a.PIN == nil {
		t.Error("a script sent the PIN")
	}
	player.Send(model.EnterPIN{Trusted: true}, model.EnterPIN{Trusted: true}, model.CancelPIN{})
	if a.PIN != nil || player.Count("pin ") != 1 || !player.Did("pin q1 pin") || !player.Did("focus title") {
		t.Errorf("%+v, %v", a.PIN, player.Log)
	}
	player.Release()
	if opening(a).Phase != model.OpenResults || opening(a).Delivered() != 2 {
		t.Errorf("phase %s, %v", opening(a).Phase, player.Log)
	}
}

// What is too long to be sent is said, and asked for again: by the same question
// as long as it waits.
func TestPINIsTooLong(t *testing.T) {
	player, a := waiting(t)
	player.Send(model.PINTooLong{ID: "q1"})
	if a.PINTooLong {
		t.Error("nothing was typed yet")
	}
	player.Send(model.EnterPIN{Trusted: true}, model.PINTooLong{ID: "q0"})
	if a.PIN != nil {
		t.Error("another question's answer")
	}
	player.Send(model.PINTooLong{ID: "q1"})
	if a.PIN == nil || a.PIN.ID != "q1" || !a.PINTooLong || player.Count("focus pin") != 2 {
		t.Fatalf("%+v, %v", a.PIN, player.Log)
	}
	player.Send(model.EnterPIN{Trusted: true}, model.PINOver{ID: "q1"}, model.PINTooLong{ID: "q1"})
	if a.PIN != nil || player.Count("pin q1 pin") != 2 {
		t.Errorf("%+v, %v", a.PIN, player.Log)
	}
	player.Send(model.PINAsked{Question: protocol.PINQuestion{ID: "q2", Seconds: 120}})
	if a.PINTooLong {
		t.Error("the next question begins with the warning of the last")
	}
}

// Who cancels the question, the work or the window has cancelled the PIN.
func TestPINIsCancelled(t *testing.T) {
	for _, m := range []model.Msg{model.CancelPIN{}, model.Cancel{}, model.PageCancelled{}, model.Close{}} {
		player, a := waiting(t)
		player.Send(m, m)
		want := m != model.Msg(model.CancelPIN{}) // the others end the work, too
		if a.PIN != nil || player.Count("pin ") != 1 || !player.Did("pin q1") || player.Closed != want {
			t.Errorf("%T: %+v, closed %v, %v", m, a.PIN, player.Closed, player.Log)
		}
	}
}

// A question that the host gave up goes; an older one's end takes no newer one.
func TestPINIsOver(t *testing.T) {
	player, a := waiting(t)
	player.Send(model.PINOver{ID: "q0"})
	if a.PIN == nil {
		t.Error("another question's end took this one")
	}
	player.Tick()
	if a.PIN != nil {
		t.Error("still asking after its time")
	}
	player.Send(model.PINAsked{Question: protocol.PINQuestion{ID: "q2"}}, model.PINOver{})
	if a.PIN != nil || player.Did("pin") {
		t.Errorf("still asking a host that is gone: %v", player.Log)
	}
}
