package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// AwaitPIN answers host.pin.await: it waits until a store needs a PIN that the
// assistant's window is to ask for. fault.PINPromptMissing where the
// administrator does not allow that.
func (s *Service) AwaitPIN(ctx context.Context, _ protocol.Empty) (protocol.PINQuestion, error) {
	if s.window == nil {
		return protocol.PINQuestion{}, fault.New(fault.PINPromptMissing)
	}
	id, r, err := s.window.Await(ctx)
	if err != nil {
		return protocol.PINQuestion{}, err
	}
	return protocol.PINQuestion{
		ID: id, Origin: r.Origin, Action: r.Action, Token: r.Token, Tries: r.Tries, Few: r.Few,
		Wrong: r.Wrong, Min: r.Min, Max: r.Max, Password: r.Password,
		Seconds: int(s.window.Patience().Seconds()),
	}, nil
}

// AnswerPIN answers host.pin.answer: it hands over what was typed, and wipes
// it. fault.BadRequest for a question that does not wait.
func (s *Service) AnswerPIN(ctx context.Context, p protocol.PINAnswerParams) (protocol.Empty, error) {
	pin := typed(ctx, p.PIN)
	defer clear(pin)
	switch {
	case s.window == nil:
		return protocol.Empty{}, fault.New(fault.PINPromptMissing)
	case len(pin) > protocol.MaxPIN, p.Cancelled && len(pin) > 0:
		return protocol.Empty{}, fault.Newf(fault.BadRequest, "pin")
	case p.Cancelled:
		return protocol.Empty{}, s.window.Answer(p.Question, nil)
	case pin == nil:
		pin = []byte{} // an empty one is an answer, too
	}
	return protocol.Empty{}, s.window.Answer(p.Question, pin)
}

type typedKey struct{}

// withTyped takes the PIN out of a frame that answers a question, and blanks it
// there: the checks of package wire and encoding/json would leave copies that
// nobody can wipe. AnswerPIN finds it in the context.
func withTyped(ctx context.Context, frame []byte) context.Context {
	if !bytes.Contains(frame, []byte(protocol.HostPINAnswer)) {
		return ctx
	}
	var answer struct {
		Params struct {
			PIN []byte `json:"pin"`
		} `json:"params"`
	}
	if json.Unmarshal(frame, &answer) != nil || len(answer.Params.PIN) == 0 {
		return ctx
	}
	text := base64.StdEncoding.AppendEncode(nil, answer.Params.PIN)
	defer clear(text)
	at := bytes.Index(frame, text)
	if at < 0 { // written with escapes, as no JSON.stringify does
		clear(answer.Params.PIN)
		return ctx
	}
	for i := range text {
		if text[i] != '=' {
			frame[at+i] = 'A'
		}
	}
	return context.WithValue(ctx, typedKey{}, answer.Params.PIN)
}

// typed is what withTyped took out, or what the parameters hold.
func typed(ctx context.Context, inFrame []byte) []byte {
	if pin, ok := ctx.Value(typedKey{}).([]byte); ok {
		return pin
	}
	return inFrame
}
