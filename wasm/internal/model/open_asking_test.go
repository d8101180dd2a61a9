package model_test

import (
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// asked starts an opening of n small plis with a key of a store, and keeps back
// the host's answers about content keys after the first one.
func (p *portal) asked(n int, uri string) (*modeltest.Player, *model.Opening) {
	p.entry.URI = uri
	p.small()
	player, o := p.start(plis(n), "save")
	if p.late != nil {
		o.Env.Now = p.late
	}
	p.holdAfter(player)
	player.Send(model.Consent{Trusted: true})
	return player, o
}

// holdAfter keeps back what the host answers once a pli was decrypted.
func (p *portal) holdAfter(player *modeltest.Player) {
	was, once := p.world.Open, false
	p.world.Open = func(f model.OpenFile) (model.Opened, error) {
		if !once {
			once, player.Hold = true, unwrapLine
		}
		return was(f)
	}
}

const (
	unwrapLine = "host host.keys.unwrap"
	softKey    = "nss:path=/home/anne/.local/share/pki/nssdb;id=01;cert=02"
)

// refuse has the host refuse the key of one pli, once.
func (p *portal) refuse(pli string, code fault.Code) {
	was, once := p.world.Host[protocol.HostUnwrap], false
	p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		if params.(protocol.UnwrapParams).Envelope == "header-"+pli && !once {
			once = true
			return nil, fault.New(code)
		}
		return was(params)
	}
}

// A software key that gave a content key is asked for two at a time: nobody
// will be asked for a PIN. Before that, and always with a card or a store that
// asks by itself, for one.
func TestTwoKeysAtATime(t *testing.T) {
	for uri, want := range map[string]int{
		softKey: 2, "firefox:path=/home/anne/p;id=01;cert=02": 2,
		"pkcs11:token=Anne;id=%01": 1, "cng:store=My;cert=02": 1, "": 1,
	} {
		p := newPortal(t)
		player, o := p.asked(6, uri)
		if player.Held() != want || player.Count(unwrapLine) != 1+want {
			t.Errorf("%q: %d keys asked for, %d in all", uri, player.Held(), player.Count(unwrapLine))
		}
		player.Release()
		for i, pli := range p.result().Plis {
			if !pli.Opened {
				t.Errorf("%q: pli %d: %+v", uri, i, pli)
			}
		}
		if o.Phase != model.OpenResults || player.Count(unwrapLine) != 6 || player.Count("save") != 6 {
			t.Errorf("%q: phase %s, log %v", uri, o.Phase, player.Log)
		}
	}
}

// For one, too, when the same key is in another store as well, which may be a
// card's, and when the last use is so long ago that the database may be locked
// again.
func TestOneKeyAtATimeAgain(t *testing.T) {
	for name, spoil := range map[string]func(*portal){
		"two stores": func(p *portal) { p.entry.Places = []string{"NSS", "Carte"} },
		"long ago": func(p *portal) {
			now := env().Time()
			p.late = func() time.Time { now = now.Add(31 * time.Second); return now }
		},
	} {
		p := newPortal(t)
		spoil(p)
		if player, _ := p.asked(6, softKey); player.Held() != 1 {
			t.Errorf("%s: %d keys asked for", name, player.Held())
		}
	}
}

// The first question of a consent is alone: it may be the one with the PIN.
func TestFirstKeyAlone(t *testing.T) {
	p := newPortal(t)
	p.entry.URI = softKey
	p.small()
	player, _ := p.start(plis(3), unwrapLine)
	player.Send(model.Consent{Trusted: true})
	if player.Held() != 1 {
		t.Errorf("%d keys asked for", player.Held())
	}
}

// A key that is refused fails its pli and no other.
func TestOneOfTwoKeysFails(t *testing.T) {
	p := newPortal(t)
	player, o := p.asked(5, softKey)
	p.refuse("p2", fault.EnvelopeUnreadable)
	player.Release()
	for i, pli := range p.result().Plis {
		if pli.Opened == (i == 1) {
			t.Errorf("pli %d: %+v", i, pli)
		}
	}
	if o.Phase != model.OpenResults || player.Count(unwrapLine) != 5 {
		t.Errorf("phase %s, log %v", o.Phase, player.Log)
	}
}

// When one of two answers ends the run, the other one is still used, nothing
// more is asked, and after the next consent the first question is alone again.
func TestHaltWithTwoKeys(t *testing.T) {
	for bad, opened := range map[string]int{"p2": 2, "p3": 5} { // before the bad answer
		p := newPortal(t)
		player, o := p.asked(6, softKey)
		p.refuse(bad, fault.StorePassword)
		player.Release()
		if o.Phase != model.OpenFailed || o.Fault.Code != fault.StorePassword || o.Delivered() != opened || player.Count(unwrapLine) != opened+1 || len(o.Ready()) != 6-opened {
			t.Fatalf("%s: phase %s, %d opened, log %v", bad, o.Phase, o.Delivered(), player.Log)
		}
		player.Hold = unwrapLine
		player.Send(model.Retry{})
		player.Tick()
		player.Send(model.Consent{Trusted: true})
		if player.Held() != 1 {
			t.Fatalf("%s: %d keys asked for after the consent", bad, player.Held())
		}
		player.Release()
		for i, pli := range p.result().Plis {
			if !pli.Opened {
				t.Errorf("%s: pli %d: %+v", bad, i, pli)
			}
		}
	}
}

// A pause uses both keys that were asked for; after it the first is alone.
func TestPauseWithTwoKeys(t *testing.T) {
	p := newPortal(t)
	player, o := p.asked(6, softKey)
	player.Send(model.Pause{})
	player.Release()
	if o.Phase != model.OpenPaused || o.Delivered() != 3 || player.Count(unwrapLine) != 3 {
		t.Fatalf("phase %s, %d opened, log %v", o.Phase, o.Delivered(), player.Log)
	}
	player.Hold = unwrapLine
	player.Send(model.Continue{})
	if player.Held() != 1 {
		t.Fatalf("%d keys asked for", player.Held())
	}
	player.Release()
	if r := p.result(); !r.Plis[5].Opened || player.Count("save") != 6 {
		t.Errorf("result %+v", r)
	}
}

// Keys that come after a run was given up are not used.
func TestCancelWithTwoKeys(t *testing.T) {
	p := newPortal(t)
	player, o := p.asked(6, softKey)
	player.Send(model.Cancel{})
	player.Release()
	r := p.result()
	if !r.Plis[0].Opened || r.Plis[1].Opened || r.Plis[2].Opened || r.Plis[1].Fault.Code != fault.Cancelled || o.Phase != model.OpenResults {
		t.Errorf("phase %s, result %+v", o.Phase, r)
	}
	if player.Count("open ") != 1 || player.Count(unwrapLine) != 3 {
		t.Errorf("log %v", player.Log)
	}
}
