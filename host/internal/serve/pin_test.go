package serve

import (
	"bytes"
	"context"
	"encoding/base64"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/pinentry"
	"scelle/host/internal/wire"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// TestPINInTheAssistant: a store whose key needs a PIN asks through the
// connection that wants to use the key, gets the very bytes that were typed,
// and asks again after a mistake; who cancels is not asked again.
func TestPINInTheAssistant(t *testing.T) {
	w := newWorld(t)
	alice := readPEM(t, "alice.crt.pem")
	soft, err := keystore.Software(readKey(t, "alice.key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	window := pinentry.NewWindow(func() bool { return true })
	var given [][]byte
	card := &asking{fakeStore: fakeStore{status: ready("carte")}, open: func(ctx context.Context) (keystore.Unwrapper, error) {
		purpose := keystore.PurposeOf(ctx)
		pin, err := window.PIN(ctx, pinentry.Request{Origin: purpose.Origin, Action: purpose.Action, Token: "Carte d'Anne"})
		if err != nil {
			return nil, err
		}
		given = append(given, pin)
		return soft, nil
	}}
	card.list = func(context.Context) ([]keystore.Entry, error) {
		return []keystore.Entry{{URI: "carte:1", Store: "carte", Name: "Alice", Certificate: alice, HasKey: true, Asks: true}}, nil
	}
	s := newService(t, card)
	s.window = window
	peer := connect(t, s)
	peer.hello()
	unwrap := func() {
		peer.send(w.fill(t, []byte(`{"id":"use","method":"host.keys.unwrap","params":{"thumbprint":"`+keypair.Thumbprint(alice)+
			`","recipientInfo":"$recipientInfo","contentAlgorithm":"$contentAlgorithm","envelope":"$header","origin":"https://marches.example","verb":"prove"}}`)))
	}
	question := func() protocol.PINQuestion {
		peer.ask(protocol.HostPINAwait, protocol.Empty{})
		var q protocol.PINQuestion
		decodeResult(t, peer.answer(), &q)
		if q.Origin != "https://marches.example" || q.Action != "prove" || q.Token != "Carte d'Anne" || len(q.ID) != 32 {
			t.Fatalf("asked %+v", q)
		}
		return q
	}
	both := func() (of protocol.Response) { // the answers to unwrap and to an answer, in any order
		for range 2 {
			if r := peer.answer(); r.ID == "use" {
				of = r
			} else if !r.OK {
				t.Fatalf("%+v", r.Fault)
			}
		}
		return of
	}
	const secret = "p%1 é 2"
	unwrap()
	peer.ask(protocol.HostPINAnswer, protocol.PINAnswerParams{Question: question().ID, PIN: []byte(secret)})
	if r := both(); !r.OK || len(given) != 1 || string(given[0]) != secret {
		t.Errorf("%+v, the store got %q", r.Fault, given)
	}
	unwrap()
	peer.ask(protocol.HostPINAnswer, protocol.PINAnswerParams{Question: question().ID, Cancelled: true})
	if r := both(); r.OK || r.Fault.Code != fault.PINCancelled || len(given) != 1 {
		t.Errorf("cancelled: %+v, the store got %q", r, given)
	}
	if r := peer.call(protocol.HostPINAnswer, protocol.PINAnswerParams{Question: "0", PIN: []byte(secret)}); r.OK {
		t.Error("a PIN was taken that nobody asked for")
	}
}

// asking is a store whose keys ask.
type asking struct {
	fakeStore
	open func(context.Context) (keystore.Unwrapper, error)
}

func (a *asking) Unwrapper(ctx context.Context, _ string) (keystore.Unwrapper, error) {
	return a.open(ctx)
}

// TestPINIsForbidden: without the administrator's word there is no channel.
func TestPINIsForbidden(t *testing.T) {
	for name, window := range map[string]*pinentry.Window{"none": nil, "not allowed": pinentry.NewWindow(func() bool { return false })} {
		s := newService(t)
		s.window = window
		peer := connect(t, s)
		var hello protocol.HelloResult
		decodeResult(t, peer.call(protocol.HostHello, protocol.HelloParams{Protocol: 1}), &hello)
		if hello.AsksPIN {
			t.Errorf("%s: the assistant is told to ask", name)
		}
		if r := peer.call(protocol.HostPINAwait, protocol.Empty{}); r.OK || r.Fault.Code != fault.PINPromptMissing {
			t.Errorf("%s: %+v", name, r)
		}
		if r := peer.call(protocol.HostPINAnswer, protocol.PINAnswerParams{Question: "0", PIN: []byte("1234")}); r.OK {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestTheFrameForgetsThePIN: nothing that reads a frame later finds the PIN.
func TestTheFrameForgetsThePIN(t *testing.T) {
	secret := []byte("4931-kanari-77")
	text := base64.StdEncoding.EncodeToString(secret)
	for _, frame := range []string{
		`{"id":"1","method":"host.pin.answer","params":{"question":"q","pin":"` + text + `"}}`,
		`{ "params" : {"pin":"` + text + `" , "question":"q"} ,"method":"host.pin.answer","id":"1"}`,
	} {
		payload := []byte(frame)
		ctx := withTyped(t.Context(), payload)
		if bytes.Contains(payload, []byte(text)) {
			t.Errorf("still there: %s", payload)
		}
		if pin := typed(ctx, nil); !bytes.Equal(pin, secret) {
			t.Errorf("took %q", pin)
		}
	}
	for _, frame := range []string{
		`{"id":"1","method":"host.keys.list","params":{"pin":"` + text + `"}}`,
		`{"id":"1","method":"host.pin.answer","params":{"question":"q","cancelled":true}}`,
		`{"id":"1","method":"host.pin.answer","params":{"pin":7}}`,
		`host.pin.answer`,
	} {
		payload := []byte(frame)
		if pin := typed(withTyped(t.Context(), payload), nil); pin != nil || string(payload) != frame {
			t.Errorf("%s: took %q and left %s", frame, pin, payload)
		}
	}
}

// FuzzTyped: whatever a frame is, it keeps its length and no PIN of another
// message is taken.
func FuzzTyped(f *testing.F) {
	f.Add([]byte(`{"id":"1","method":"host.pin.answer","params":{"question":"q","pin":"MTIzNA=="}}`))
	f.Add([]byte(`{"method":"host.pin.answer","params":{"pin":"AA==","pin":"MTIzNA=="}}`))
	f.Fuzz(func(t *testing.T, frame []byte) {
		payload := bytes.Clone(frame)
		pin := typed(withTyped(t.Context(), payload), nil)
		if len(payload) != len(frame) || pin != nil && !bytes.Contains(frame, []byte(protocol.HostPINAnswer)) {
			t.Errorf("%q: %q", frame, pin)
		}
	})
}

func decodeResult(t *testing.T, r protocol.Response, v any) {
	t.Helper()
	if !r.OK {
		t.Fatalf("%+v", r.Fault)
	}
	if err := wire.Decode(r.Result, v); err != nil {
		t.Fatal(err)
	}
}
