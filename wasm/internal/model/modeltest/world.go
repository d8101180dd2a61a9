// Package modeltest plays the browser, the host, the portal's page and the
// crypto worker for the screens of package model, natively and without time:
// a [Player] carries out each effect by the functions of a [World] and writes
// down what it did, one line an effect, so that a test reads as a story.
package modeltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/trust"
)

// World answers effects. A call that it has no function for is answered with
// fault.Internal, which a test notices.
type World struct {
	Host    map[protocol.Method]func(params any) (any, error)
	Worker  map[protocol.Method]func(params any) (any, error)
	Page    map[protocol.Call]func(args any, files []model.FileRef) (any, error)
	Fetch   func(id string) (model.FileRef, error)
	Inspect func(model.FileRef) (model.EnvelopeInfo, error)
	Sum     func(model.FileRef) string // of a whole file
	Verify  func(list []byte) (*trust.Signed, error)
	Bytes   func(envelope []byte) (model.EnvelopeInfo, error)
	Small   func(model.OpenSmall) (string, error)
	Test    func(model.SealTest) (model.SealedTest, error)
	Rewrap  func(model.RewrapFile) (model.Rewrapped, error)
	Open    func(model.OpenFile) (model.Opened, error)
	Save    func(folder string, files []model.FileRef) ([]string, error)
	Choose  func() (model.FolderRef, error)
	Ask     func(origin string) (bool, error)
	Bring   func() (string, error)
	Around  func() (model.Surroundings, error)
	Pick    []model.FileRef
	Full    error // why nothing of this module's own can be saved
}

// Player runs one screen in a world.
type Player struct {
	Screen model.Screen
	World  *World
	Log    []string // what was done, in order
	Closed bool     // the window was closed
	Hold   string   // an effect whose line begins so is not answered until Release

	timers []model.Msg
	held   []func() model.Msg
}

// Start plays Init and everything that follows from it.
func Start(s model.Screen, w *World) *Player { return StartHolding(s, w, "") }

// StartHolding is Start with Hold set from the beginning.
func StartHolding(s model.Screen, w *World, hold string) *Player {
	p := &Player{Screen: s, World: w, Hold: hold}
	p.play(s.Init())
	return p
}

// Send plays a message and everything that follows from it.
func (p *Player) Send(msgs ...model.Msg) {
	for _, m := range msgs {
		p.play(p.Screen.Update(m))
	}
}

// Tick lets every timer run out.
func (p *Player) Tick() {
	timers := p.timers
	p.timers = nil
	p.Send(timers...)
}

// Release answers what Hold kept back, in order.
func (p *Player) Release() {
	p.Hold = ""
	held := p.held
	p.held = nil
	for _, answer := range held {
		if m := answer(); m != nil {
			p.Send(m)
		}
	}
}

// Held is how many answers Hold keeps back.
func (p *Player) Held() int { return len(p.held) }

// Did reports whether a line of the log begins with s.
func (p *Player) Did(s string) bool { return p.Count(s) > 0 }

// Count is how many lines of the log begin with s.
func (p *Player) Count(s string) int {
	n := 0
	for _, line := range p.Log {
		if strings.HasPrefix(line, s) {
			n++
		}
	}
	return n
}

// Story is the log without progress and focus, joined by line ends.
func (p *Player) Story() string {
	var out []string
	for _, line := range p.Log {
		if !strings.HasPrefix(line, "progress") && !strings.HasPrefix(line, "focus") && !strings.HasPrefix(line, "after") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

func (p *Player) play(effects []model.Effect) {
	for _, e := range effects {
		line, answer := p.perform(e)
		p.Log = append(p.Log, line)
		switch {
		case answer == nil:
		case p.Hold != "" && strings.HasPrefix(line, p.Hold):
			p.held = append(p.held, answer)
		default:
			if m := answer(); m != nil {
				p.Send(m)
			}
		}
	}
}

func (p *Player) perform(e model.Effect) (string, func() model.Msg) {
	w := p.World
	switch e := e.(type) {
	case model.HostCall:
		return "host " + string(e.Method), func() model.Msg { return call(w.Host[e.Method], e.Params, e.Then) }
	case model.WorkerCall:
		return "worker " + string(e.Method) + outcome(e.Params), func() model.Msg { return call(w.Worker[e.Method], e.Params, e.Then) }
	case model.PageCall:
		return "page " + string(e.Call), func() model.Msg { return pageCall(w.Page[e.Call], e) }
	case model.PageProgress:
		return fmt.Sprintf("progress %s %d/%d", e.Step, e.Done, e.Total), nil
	case model.AskPermission:
		return "ask " + e.Origin, func() model.Msg { return e.Then(w.Ask(e.Origin)) }
	case model.LookAround:
		return "look around", func() model.Msg { return e.Then(w.Around()) }
	case model.CopyText:
		return "copy " + e.Text, nil
	case model.AnswerPIN:
		return strings.TrimSpace("pin " + e.Question + " " + e.Field), nil
	case model.After:
		p.timers = append(p.timers, e.Msg)
		return fmt.Sprintf("after %d", e.Millis), nil
	case model.CloseWindow:
		p.Closed = true
		return "close", nil
	case model.OpenURL:
		return "url " + e.URL, nil
	case model.Focus:
		return "focus " + e.ID, nil
	}
	return p.performFile(e)
}

func (p *Player) performFile(e model.Effect) (string, func() model.Msg) {
	w := p.World
	switch e := e.(type) {
	case model.FetchFile:
		return "fetch " + e.Args.ID, func() model.Msg { return e.Then(w.Fetch(e.Args.ID)) }
	case model.InspectFile:
		return "inspect " + e.File.Name, func() model.Msg { return e.Then(w.inspect(e)) }
	case model.VerifyList:
		return "verify list", func() model.Msg { return e.Then(w.Verify(e.List)) }
	case model.InspectBytes:
		return "inspect challenge", func() model.Msg { return e.Then(w.Bytes(e.Envelope)) }
	case model.SealTest:
		return "seal test", func() model.Msg { return e.Then(w.Test(e)) }
	case model.RewrapFile:
		return "rewrap " + e.File.Name, func() model.Msg { return e.Then(w.Rewrap(e)) }
	case model.OpenSmall:
		return "open challenge", func() model.Msg { return e.Then(w.Small(e)) }
	case model.OpenFile:
		return "open " + e.File.Name, func() model.Msg { return e.Then(w.Open(e)) }
	case model.SaveFiles:
		return fmt.Sprintf("save %s%s (%d)", into(e.Into), e.Folder, len(e.Files)), func() model.Msg { return e.Then(w.save(e)) }
	case model.PickFolder:
		return "choose folder", func() model.Msg { return e.Then(w.Choose()) }
	case model.SaveRecord:
		return "record " + into(e.Into) + e.Folder, func() model.Msg {
			return e.Then([]string{"procès-verbal.html", "procès-verbal.json"}, nil)
		}
	case model.ReadFile:
		return "pick", func() model.Msg { return e.Then(w.Pick) }
	case model.Forget:
		names := make([]string, len(e.Files))
		for i, f := range e.Files {
			names[i] = f.Name
		}
		return "forget " + strings.Join(names, ","), nil
	case model.BringUpdate:
		return "bring update", func() model.Msg { return e.Then(w.Bring()) }
	case model.CancelWork:
		return "cancel work", nil
	case model.SaveBytes:
		return "save " + e.Path, func() model.Msg { return e.Then(e.Path[strings.LastIndex(e.Path, "/")+1:], w.Full) }
	case model.ReadBytes:
		return "read " + e.File.Name, func() model.Msg { return e.Then([]byte(e.File.Name), nil) }
	case model.PrintPage:
		return "print", nil
	}
	return fmt.Sprintf("unknown %T", e), nil
}

// into names a chosen folder for the log.
func into(f model.FolderRef) string {
	if f.Handle == 0 {
		return ""
	}
	return "into " + f.Name + ": "
}

func (w *World) save(e model.SaveFiles) (model.Saved, error) {
	names, err := w.Save(e.Folder, e.Files)
	saved := model.Saved{Names: names}
	if e.Into.Handle != 0 {
		saved.Folder = e.Into.Name + "/" + e.Folder
	}
	return saved, err
}

func (w *World) inspect(e model.InspectFile) (model.EnvelopeInfo, error) {
	info, err := w.Inspect(e.File)
	if e.Sum && err == nil {
		info.SHA256 = w.Sum(e.File)
	}
	return info, err
}

// outcome says how a session.finish ended, for the log.
func outcome(params any) string {
	f, ok := params.(protocol.FinishParams)
	switch {
	case !ok:
		return ""
	case f.Fault != nil:
		return " " + string(f.Fault.Code)
	}
	return " ok"
}

var errUnplayed = errors.New("modeltest: nothing plays this")

func call(f func(any) (any, error), params any, then func(json.RawMessage, error) model.Msg) model.Msg {
	if f == nil {
		return then(nil, fault.Recode(fault.Internal, errUnplayed))
	}
	return answer(then)(f(params))
}

func pageCall(f func(any, []model.FileRef) (any, error), e model.PageCall) model.Msg {
	if f == nil {
		return e.Then(nil, fault.Recode(fault.Internal, errUnplayed))
	}
	return answer(e.Then)(f(e.Args, e.Files))
}

// answer sends a result the way it travels: as JSON.
func answer(then func(json.RawMessage, error) model.Msg) func(any, error) model.Msg {
	return func(v any, err error) model.Msg {
		if err != nil {
			return then(nil, err)
		}
		raw, err := json.Marshal(v)
		return then(raw, err)
	}
}
