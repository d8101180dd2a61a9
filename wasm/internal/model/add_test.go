package model_test

import (
	"slices"
	"strings"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// stories is what each mode does, in order, when nothing goes wrong.
var stories = map[protocol.Mode]string{
	protocol.ModeLocal: `
host host.status
host host.keys.generate
page submitCertificate
page requestChallenge
inspect challenge
host host.keys.unwrap
open challenge
page submitProof
worker site.remember
worker session.finish ok`,
	protocol.ModeServer: `
host host.status
host host.transport.begin
page requestServerKey
host host.keys.import
page requestChallenge
inspect challenge
host host.keys.unwrap
open challenge
page submitProof
worker site.remember
worker session.finish ok`,
	protocol.ModeExisting: `
host host.status
host host.keys.list
host host.keys.certificate
page submitCertificate
page requestChallenge
inspect challenge
host host.keys.unwrap
open challenge
page submitProof
worker site.remember
worker session.finish ok`,
}

func modes() []protocol.Mode {
	return []protocol.Mode{protocol.ModeLocal, protocol.ModeServer, protocol.ModeExisting}
}

func TestAddInEveryMode(t *testing.T) {
	for _, mode := range modes() {
		t.Run(string(mode), func(t *testing.T) {
			p := newPortal(t)
			player, a := p.add(protocol.AddParams{})
			fill(player, mode, p.entry.Thumbprint)
			player.Send(model.Register{Trusted: true}, model.Register{Trusted: true})
			wantStory(t, player, stories[mode])
			if a.Phase != model.AddDone || p.state != protocol.Active || a.Mechanism != envelope.RSAOAEPSHA256 {
				t.Errorf("phase %s, portal %s, mechanism %s", a.Phase, p.state, a.Mechanism)
			}
			if want := "scelle-proof/1\n" + origin + "\n" + p.entry.Thumbprint + "\n"; p.prefix != want {
				t.Errorf("prefix %q", p.prefix)
			}
			if !slices.Equal(p.remembered, []string{p.entry.Thumbprint}) {
				t.Errorf("remembered %v", p.remembered)
			}
			if !strings.Contains(string(p.finished.Result), `"state":"active"`) || !strings.Contains(string(p.finished.Result), string(mode)) {
				t.Errorf("result %s", p.finished.Result)
			}
			player.Send(model.Close{})
			if !player.Closed || player.Count("worker session.finish") != 1 {
				t.Errorf("closed %v, log %v", player.Closed, player.Log)
			}
		})
	}
}

// Each step fails once; the person tries again and gets there, and nothing is
// done twice that must not be.
func TestAddFailsAtEveryStepAndGoesOn(t *testing.T) {
	type breaker struct {
		mode protocol.Mode
		at   string // a line of the story
		code fault.Code
		want string // the story after the failure
	}
	for _, b := range []breaker{
		{protocol.ModeLocal, "host host.keys.generate", fault.StoreBusy, "host host.keys.generate\npage submitCertificate"},
		{protocol.ModeLocal, "page submitCertificate", fault.PortalFailed, "page submitCertificate\npage requestChallenge"},
		{protocol.ModeLocal, "page requestChallenge", fault.PortalRefused, "page requestChallenge\ninspect challenge"},
		{protocol.ModeLocal, "host host.keys.unwrap", fault.HostStopped, "page requestChallenge\ninspect challenge\nhost host.keys.unwrap"},
		{protocol.ModeLocal, "host host.keys.unwrap", fault.PINCancelled, "page requestChallenge\ninspect challenge"},
		{protocol.ModeLocal, "page submitProof", fault.PortalFailed, "page requestChallenge\ninspect challenge"},
		{protocol.ModeServer, "host host.transport.begin", fault.HostStopped, "host host.transport.begin\npage requestServerKey"},
		{protocol.ModeServer, "page requestServerKey", fault.PortalFailed, "host host.transport.begin\npage requestServerKey"},
		{protocol.ModeServer, "host host.keys.import", fault.TransportExpired, "host host.keys.present\npage discard\nhost host.transport.begin\npage requestServerKey\nhost host.keys.import\npage requestChallenge"},
		{protocol.ModeServer, "page requestChallenge", fault.PortalFailed, "page requestChallenge\ninspect challenge"},
		{protocol.ModeExisting, "host host.keys.certificate", fault.TokenRemoved, "host host.keys.certificate\npage submitCertificate"},
		{protocol.ModeExisting, "page submitProof", fault.Timeout, "page requestChallenge\ninspect challenge"},
	} {
		t.Run(string(b.mode)+" "+b.at+" "+string(b.code), func(t *testing.T) {
			p := newPortal(t)
			p.failOnce(b.at, b.code)
			player, a := p.add(protocol.AddParams{})
			fill(player, b.mode, p.entry.Thumbprint)
			player.Send(model.Register{Trusted: true})
			if a.Phase != model.AddFailed || a.Fault.Code != b.code || !a.Retryable() {
				t.Fatalf("phase %s, fault %v", a.Phase, a.Fault)
			}
			if p.state == protocol.Active || player.Did("worker site.remember") || player.Did("worker session.finish") {
				t.Fatalf("failed, yet: portal %s, log %v", p.state, player.Log)
			}
			player.Log = nil
			player.Send(model.Retry{}, model.Retry{})
			if a.Phase != model.AddDone || p.state != protocol.Active {
				t.Fatalf("phase %s, portal %s, fault %v", a.Phase, p.state, a.Fault)
			}
			if got := player.Story(); !strings.HasPrefix(got, b.want) || strings.Count(got, "worker session.finish ok") != 1 {
				t.Errorf("after the failure:\n%s", got)
			}
		})
	}
}

// failOnce makes the effect of this line fail the first time.
func (p *portal) failOnce(line string, code fault.Code) {
	kind, name, _ := strings.Cut(line, " ")
	failed := false
	if kind == "host" {
		was := p.world.Host[protocol.Method(name)]
		p.world.Host[protocol.Method(name)] = func(params any) (any, error) {
			if !failed {
				failed = true
				return nil, fault.New(code)
			}
			return was(params)
		}
		return
	}
	was := p.world.Page[protocol.Call(name)]
	p.world.Page[protocol.Call(name)] = func(args any, files []model.FileRef) (any, error) {
		if !failed {
			failed = true
			return nil, fault.New(code)
		}
		return was(args, files)
	}
}

// The answer to the import got lost, but the key is in the store: the proof
// goes on, and no second key is made.
func TestLostImportAnswerIsFoundAgain(t *testing.T) {
	p := newPortal(t)
	p.failOnce("host host.keys.import", fault.HostStopped)
	p.world.Host[protocol.HostPresent] = func(params any) (any, error) {
		return protocol.HostPresentResult{Present: params.(protocol.PresentParams).Thumbprints}, nil
	}
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeServer, "")
	player.Send(model.Register{Trusted: true}, model.Retry{})
	if a.Phase != model.AddDone || player.Did("page discard") || player.Count("page requestServerKey") != 1 {
		t.Errorf("phase %s, log %v", a.Phase, player.Log)
	}
}

func TestRefusedSubmissionDoesNotLeaveASecondKey(t *testing.T) {
	p := newPortal(t)
	p.failOnce("page submitCertificate", fault.PortalRefused)
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeLocal, "")
	player.Send(model.Register{Trusted: true})
	if !a.Changeable() {
		t.Fatal("the form cannot be changed")
	}
	player.Send(model.Back{})
	player.Tick()
	player.Send(model.Register{Trusted: true})
	if a.Phase != model.AddDone || player.Count("host host.keys.generate") != 1 {
		t.Errorf("phase %s, %d keys made", a.Phase, player.Count("host host.keys.generate"))
	}
}

func TestSameCertificateTwiceIsDoneAtOnce(t *testing.T) {
	p := newPortal(t)
	p.state = protocol.Active
	p.world.Page[protocol.CallSubmitCertificate] = func(any, []model.FileRef) (any, error) { return p.registration(), nil }
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeExisting, p.entry.Thumbprint)
	player.Send(model.Register{Trusted: true})
	if a.Phase != model.AddDone || player.Did("host host.keys.unwrap") || len(p.remembered) != 1 {
		t.Errorf("phase %s, log %v", a.Phase, player.Log)
	}
}

// Cancelling at any step ends the session once, drops late answers, and gives
// up only a key that never arrived.
func TestCancelAtEveryStep(t *testing.T) {
	for _, mode := range modes() {
		for _, line := range strings.Split(strings.TrimSpace(stories[mode]), "\n") {
			if strings.HasPrefix(line, "worker") {
				continue
			}
			t.Run(string(mode)+" "+line, func(t *testing.T) { cancelAt(t, mode, line) })
		}
	}
}

func cancelAt(t *testing.T, mode protocol.Mode, line string) {
	p := newPortal(t)
	a := model.NewAssistant(env(), session(t, protocol.KeysAdd, protocol.AddParams{}), model.ForKeys)
	player := modeltest.StartHolding(a, p.world, line)
	fill(player, mode, p.entry.Thumbprint)
	player.Send(model.Register{Trusted: true})
	if player.Held() != 1 {
		t.Fatalf("held %d, log %v", player.Held(), player.Log)
	}
	before := p.state
	player.Send(model.Cancel{}, model.Cancel{})
	if !player.Closed || player.Count("worker session.finish cancelled") != 1 {
		t.Errorf("log %v", player.Log)
	}
	log := len(player.Log)
	player.Release()
	if len(player.Log) != log {
		t.Errorf("a late answer was followed by %v", player.Log[log:])
	}
	if p.state == protocol.Active && line != "page submitProof" {
		t.Errorf("the key became active")
	}
	if discarded := player.Did("page discard"); discarded != (line == "host host.keys.import") {
		t.Errorf("discarded %v from state %s", discarded, before)
	}
}

func TestPageCancels(t *testing.T) {
	p := newPortal(t)
	player, a := p.add(protocol.AddParams{})
	player.Send(model.PageCancelled{})
	if a.Phase != model.AddClosing || !player.Closed || p.finished.Fault.Code != fault.Cancelled {
		t.Errorf("phase %s, finished %+v", a.Phase, p.finished)
	}
}

// Closing in the moment between the portal's yes and the last screen must not
// tell the page that the registration was cancelled.
func TestCloseAfterActivationIsSuccess(t *testing.T) {
	p := newPortal(t)
	a := model.NewAssistant(env(), session(t, protocol.KeysAdd, protocol.AddParams{}), model.ForKeys)
	player := modeltest.StartHolding(a, p.world, "worker site.remember")
	fill(player, protocol.ModeLocal, "")
	player.Send(model.Register{Trusted: true}, model.Cancel{})
	if p.finished == nil || p.finished.Fault != nil || !player.Closed {
		t.Errorf("finished %+v", p.finished)
	}
}

func TestKeyButtonNeedsTimeAndTrust(t *testing.T) {
	p := newPortal(t)
	player, a := p.add(protocol.AddParams{})
	player.Send(model.SetName{Name: "Bureau"}, model.NextStep{})
	player.Send(model.Register{Trusted: true})
	if a.Phase != model.AddMode || a.Armed {
		t.Fatalf("phase %s, armed %v before its time", a.Phase, a.Armed)
	}
	player.Tick()
	player.Send(model.Register{Trusted: false})
	if a.Phase != model.AddMode || player.Did("host host.keys.generate") {
		t.Fatalf("a script's click went through: %v", player.Log)
	}
	player.Send(model.Raised{})
	if a.Armed {
		t.Error("armed although the window has just come to the front")
	}
	player.Tick()
	player.Send(model.Back{}, model.NextStep{})
	if a.Armed {
		t.Error("armed again without waiting")
	}
}

func TestNameIsChecked(t *testing.T) {
	for _, name := range []string{"", "   ", "a\nb", strings.Repeat("é", protocol.MaxName+1)} {
		p := newPortal(t)
		player, a := p.add(protocol.AddParams{})
		player.Send(model.SetName{Name: name}, model.NextStep{})
		if a.Phase != model.AddName || a.NameFault == nil || player.Log[len(player.Log)-1] != "focus name" {
			t.Errorf("%q: phase %s, fault %v", name, a.Phase, a.NameFault)
		}
	}
	p := newPortal(t)
	player, a := p.add(protocol.AddParams{})
	player.Send(model.SetName{Name: strings.Repeat("é", protocol.MaxName)}, model.NextStep{}, model.SetCommonName{CommonName: " "})
	player.Tick()
	player.Send(model.Register{Trusted: true})
	if a.Phase != model.AddMode || a.CommonNameFault == nil {
		t.Errorf("phase %s, common name %v", a.Phase, a.CommonNameFault)
	}
}

func TestOnlyUsableCertificatesCanBeChosen(t *testing.T) {
	p := newPortal(t)
	p.entry.Usable, p.entry.Reasons = false, []fault.Code{fault.CertificateExpired}
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeExisting, p.entry.Thumbprint)
	player.Send(model.Register{Trusted: true})
	if a.List.Chosen != "" || !a.ChoiceMissing || len(a.List.Shown()) != 1 {
		t.Errorf("chosen %q, shown %d", a.List.Chosen, len(a.List.Shown()))
	}
	player.Send(model.SetFilter{Filter: "durand NSS"})
	if len(a.List.Shown()) != 1 {
		t.Error("the filter hides a match")
	}
	player.Send(model.SetFilter{Filter: "durand smartcard"})
	if len(a.List.Shown()) != 0 {
		t.Error("the filter shows what does not match")
	}
}

func TestStoreWithoutImportLeavesExisting(t *testing.T) {
	p := newPortal(t)
	p.world.Host[protocol.HostStatus] = func(any) (any, error) {
		return protocol.HostStatusResult{Stores: []protocol.StoreStatus{{State: "read-only"}}}, nil
	}
	player, a := p.add(protocol.AddParams{})
	player.Send(model.SetName{Name: "Bureau"}, model.NextStep{}, model.SetMode{Mode: protocol.ModeServer})
	if takes, why := a.Takes(); takes || why != fault.StoreReadOnly || a.Mode != protocol.ModeExisting || !a.List.Known {
		t.Errorf("takes %v (%s), mode %s", takes, why, a.Mode)
	}
}

// TestWhyNoStoreTakesKeys: a store of cards beside it hides no reason.
func TestWhyNoStoreTakesKeys(t *testing.T) {
	cards := protocol.StoreStatus{State: "ready", Modules: []protocol.ModuleStatus{{Path: "/usr/lib/card.so"}}}
	for want, stores := range map[fault.Code][]protocol.StoreStatus{
		"":                  {{State: "locked", Import: true}, cards},
		fault.StoreMissing:  nil,
		fault.StoreLibrary:  {{State: "failed", Fault: &protocol.Fault{Code: fault.StoreLibrary}}, cards},
		fault.StoreReadOnly: {{State: "read-only"}, {State: "failed", Fault: &protocol.Fault{Code: fault.TokenNotResponding}}},
	} {
		if takes, why := (&model.Add{Stores: stores}).Takes(); takes != (want == "") || why != want {
			t.Errorf("%v: %v, %s", stores, takes, why)
		}
	}
}

func TestNoHost(t *testing.T) {
	p := newPortal(t)
	p.failOnce("host host.status", fault.HostMissing)
	player, a := p.add(protocol.AddParams{})
	if a.Phase != model.AddFailed || a.Fault.Code != fault.HostMissing || a.Changeable() {
		t.Fatalf("phase %s, fault %v", a.Phase, a.Fault)
	}
	player.Send(model.Retry{})
	if a.Phase != model.AddName {
		t.Errorf("phase %s", a.Phase)
	}
}

func TestBrokenSessions(t *testing.T) {
	p := newPortal(t)
	for name, c := range map[string]struct {
		session protocol.SessionResult
		errands model.Errands
		code    fault.Code
	}{
		"no errand":        {session(t, protocol.PliSeal, protocol.Empty{}), model.ForKeys, fault.UnknownMethod},
		"errand for plis":  {session(t, protocol.PliOpen, protocol.OpenParams{}), model.ForKeys, fault.UnknownMethod},
		"errand for keys":  {session(t, protocol.KeysVerify, protocol.VerifyKeysParams{}), model.ForPlis, fault.UnknownMethod},
		"no params of add": {protocol.SessionResult{Session: "s1", Method: protocol.KeysAdd, Params: []byte(`{"name":7}`), Origin: origin}, model.ForKeys, fault.BadRequest},
		"no params of pli": {protocol.SessionResult{Session: "s1", Method: protocol.PliOpen, Params: []byte(`{"plis":7}`), Origin: origin}, model.ForPlis, fault.BadRequest},
	} {
		a := model.NewAssistant(env(), c.session, c.errands)
		player := modeltest.Start(a, p.world)
		if a.Broken == nil || a.Broken.Code != c.code || !player.Did("worker session.finish") {
			t.Errorf("%s: broken %v, log %v", name, a.Broken, player.Log)
		}
		player.Send(model.Close{})
		if !player.Closed {
			t.Errorf("%s: not closed", name)
		}
	}
	a := model.NewBroken(env(), fault.New(fault.SessionLost))
	if player := modeltest.Start(a, p.world); a.Broken.Code != fault.SessionLost || len(player.Log) != 0 {
		t.Errorf("broken %v, log %v", a.Broken, player.Log)
	}
}
