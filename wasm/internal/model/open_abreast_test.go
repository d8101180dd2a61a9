package model_test

import (
	"slices"
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// small makes every pli small enough to be opened beside others.
func (p *portal) small() {
	p.readable()
	p.world.Fetch = func(id string) (model.FileRef, error) { return model.FileRef{Handle: 1, Name: id, Size: 1000}, nil }
}

// told are the lines of the log that begin so, without that beginning.
func told(player *modeltest.Player, begin string) []string {
	var out []string
	for _, line := range player.Log {
		if rest, ok := strings.CutPrefix(line, begin); ok {
			out = append(out, rest)
		}
	}
	return out
}

// While plis are being saved, the next ones are decrypted, four in all.
func TestSmallPlisAbreast(t *testing.T) {
	p := newPortal(t)
	p.small()
	player, o := p.start(plis(6), "save")
	player.Send(model.Consent{Trusted: true})
	if got := told(player, "open "); !slices.Equal(got, []string{"p1", "p2", "p3", "p4"}) || player.Held() != 4 || o.Left() != 6 || o.At != 0 {
		t.Fatalf("opened %q, %d held, %d left, at %d", got, player.Held(), o.Left(), o.At)
	}
	player.Release()
	for i, pli := range p.result().Plis {
		if !pli.Opened {
			t.Errorf("pli %d: %+v", i, pli)
		}
	}
	if player.Count("host host.keys.unwrap") != 6 || player.Count("save") != 6 || o.Phase != model.OpenResults {
		t.Errorf("phase %s, log %v", o.Phase, player.Log)
	}
}

// The host is asked for one key at a time, so that a person who is asked for a
// PIN is asked once.
func TestOneKeyAtATime(t *testing.T) {
	p := newPortal(t)
	p.small()
	player, _ := p.start(plis(3), "host host.keys.unwrap")
	player.Send(model.Consent{Trusted: true})
	if player.Held() != 1 {
		t.Fatalf("%d keys asked for", player.Held())
	}
	player.Release()
	if r := p.result(); !r.Plis[2].Opened {
		t.Errorf("result %+v", r)
	}
}

// No offre is opened before the last candidature is where it belongs, and a
// large pli is alone.
func TestWhatIsNotAbreast(t *testing.T) {
	params := plis(4)
	params.Plis[0].Kind, params.Plis[1].Kind, params.Plis[2].Kind, params.Plis[3].Kind = "offre", "candidature", "offre", "candidature"
	p := newPortal(t)
	p.small()
	player, _ := p.start(params, "save")
	player.Send(model.Consent{Trusted: true})
	if got := told(player, "open "); !slices.Equal(got, []string{"p2", "p4"}) {
		t.Errorf("opened %q before the candidatures were saved", got)
	}
	player.Release()
	if got := told(player, "open "); !slices.Equal(got, []string{"p2", "p4", "p1", "p3"}) {
		t.Errorf("opened %q", got)
	}

	p = newPortal(t)
	p.small()
	was := p.world.Fetch
	p.world.Fetch = func(id string) (model.FileRef, error) {
		f, err := was(id)
		if id == "p2" {
			f.Size = 64 << 20
		}
		return f, err
	}
	player, _ = p.start(plis(3), "save")
	player.Send(model.Consent{Trusted: true})
	if got := told(player, "open "); !slices.Equal(got, []string{"p1"}) {
		t.Errorf("opened %q beside a large one", got)
	}
	player.Release()
	if got := told(player, "save"); len(got) != 3 {
		t.Errorf("saved %q", got)
	}
}

// What is being saved when the run is stopped is finished, and nothing of the
// others is left: neither a content key in the worker nor bytes on the disk.
func TestCancelAbreast(t *testing.T) {
	p := newPortal(t)
	p.small()
	player, o := p.start(plis(6), "save")
	was := p.world.Open
	p.world.Open = func(f model.OpenFile) (model.Opened, error) {
		if f.File.Name == "p2" {
			player.Hold = "open"
		}
		return was(f)
	}
	player.Send(model.Consent{Trusted: true})
	if got := told(player, "open "); len(got) != 5 || player.Held() != 4 { // p1 is being saved, p2 done, the others are being decrypted
		t.Fatalf("opened %q, %d held", got, player.Held())
	}
	player.Send(model.Cancel{}, model.Cancel{})
	if !o.Stopping || player.Count("cancel work") != 1 || player.Closed {
		t.Fatalf("stopping %v, log %v", o.Stopping, player.Log)
	}
	player.Release()
	r := p.result()
	if !r.Plis[0].Opened || r.Plis[2].Opened || r.Plis[2].Fault.Code != fault.Cancelled || r.Plis[5].Fault.Code != fault.Cancelled || o.Phase != model.OpenResults {
		t.Errorf("phase %s, result %+v", o.Phase, r)
	}
	if !player.Did("forget p3.pdf") || !player.Did("forget p5.pdf") || player.Count("host host.keys.unwrap") != 5 {
		t.Errorf("log %v", player.Log)
	}
}

// A card that is taken out while others are being saved: they are saved, and
// only what is left is consented to again.
func TestInterruptedAbreast(t *testing.T) {
	p := newPortal(t)
	p.small()
	was, once := p.world.Host[protocol.HostUnwrap], false
	p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		if params.(protocol.UnwrapParams).Envelope == "header-p3" && !once {
			once = true
			return nil, fault.New(fault.TokenRemoved)
		}
		return was(params)
	}
	player, o := p.start(plis(5), "save")
	player.Send(model.Consent{Trusted: true})
	if o.Phase != model.OpenRunning || player.Held() != 2 || player.Did("host host.batch.end") {
		t.Fatalf("phase %s, %d held", o.Phase, player.Held())
	}
	player.Release()
	if o.Phase != model.OpenFailed || o.Fault.Code != fault.TokenRemoved || o.Delivered() != 2 || !player.Did("host host.batch.end") {
		t.Fatalf("phase %s, %d opened", o.Phase, o.Delivered())
	}
	player.Send(model.Retry{})
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	for i, pli := range p.result().Plis {
		if !pli.Opened {
			t.Errorf("pli %d: %+v", i, pli)
		}
	}
	if player.Count("save") != 5 || player.Count("open p1") != 1 {
		t.Errorf("log %v", player.Log)
	}
}

// A pause rests when everything in work is done, and goes on where it was.
func TestPauseAbreast(t *testing.T) {
	p := newPortal(t)
	p.small()
	player, o := p.start(plis(6), "save")
	player.Send(model.Consent{Trusted: true}, model.Pause{})
	if o.Phase != model.OpenRunning || !o.Pausing {
		t.Fatalf("phase %s", o.Phase)
	}
	player.Release()
	if o.Phase != model.OpenPaused || o.Delivered() != 4 || o.At != 4 {
		t.Fatalf("phase %s, %d opened, at %d", o.Phase, o.Delivered(), o.At)
	}
	player.Send(model.Continue{})
	if r := p.result(); !r.Plis[5].Opened || player.Count("save") != 6 {
		t.Errorf("result %+v", r)
	}
}

// A second key is tried when the host is free; the others go on meanwhile.
func TestSecondKeyAbreast(t *testing.T) {
	p := newPortal(t)
	p.small()
	r := p.recipient("rsa-oaep-sha256")
	p.world.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{HeaderSHA256: "header-" + f.Name, Recipients: []model.RecipientInfo{r, r}}, nil
	}
	was, tried := p.world.Open, map[string]int{}
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		if tried[o.File.Name]++; o.File.Name == "p2" && tried["p2"] == 1 || o.File.Name == "p3" {
			return model.Opened{}, fault.New(fault.EnvelopeUnreadable)
		}
		return was(o)
	}
	player, _ := p.start(plis(4), "open")
	player.Send(model.Consent{Trusted: true})
	if player.Held() != 4 {
		t.Fatalf("%d in work", player.Held())
	}
	player.Release()
	got := p.result()
	if !got.Plis[0].Opened || !got.Plis[1].Opened || got.Plis[2].Opened || !got.Plis[3].Opened || tried["p3"] != 2 || player.Count("host host.keys.unwrap") != 6 {
		t.Errorf("result %+v, log %v", got, player.Log)
	}
}

// After a wrong PIN no second key is asked for, of a pli that waits for its
// turn or of one that is still being decrypted: the card may be at its last try.
func TestHaltBeforeSecondKey(t *testing.T) {
	p := newPortal(t)
	p.small()
	r := p.recipient("rsa-oaep-sha256")
	p.world.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{HeaderSHA256: "header-" + f.Name, Recipients: []model.RecipientInfo{r, r}}, nil
	}
	unwrap, wrong := p.world.Host[protocol.HostUnwrap], true
	p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		if params.(protocol.UnwrapParams).Envelope == "header-p3" && wrong {
			wrong = false
			return nil, fault.New(fault.PINIncorrect)
		}
		return unwrap(params)
	}
	open, tried := p.world.Open, map[string]int{}
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		if tried[o.File.Name]++; tried[o.File.Name] == 1 && o.File.Name != "p3" {
			return model.Opened{}, fault.New(fault.EnvelopeUnreadable)
		}
		return open(o)
	}
	player, o := p.start(plis(3), "open")
	player.Send(model.Consent{Trusted: true})
	if player.Held() != 2 || player.Count("host host.keys.unwrap") != 3 {
		t.Fatalf("%d in work, log %v", player.Held(), player.Log)
	}
	player.Release()
	if player.Count("host host.keys.unwrap") != 3 || o.Phase != model.OpenFailed || o.Fault.Code != fault.PINIncorrect || len(o.Ready()) != 3 {
		t.Fatalf("phase %s, %d left, log %v", o.Phase, len(o.Ready()), player.Log)
	}
	player.Send(model.Retry{})
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	for i, pli := range p.result().Plis {
		if !pli.Opened {
			t.Errorf("pli %d: %+v", i, pli)
		}
	}
}

// The wait before a button works begins when the button is on the screen.
func TestArmsWhatIsDrawn(t *testing.T) {
	p := newPortal(t)
	p.small()
	_, o := p.start(plis(1), "")
	effects := o.Update(model.Raised{})
	if len(effects) != 1 || o.Phase != model.OpenConsent {
		t.Fatalf("phase %s, effects %+v", o.Phase, effects)
	}
	if after, ok := effects[0].(model.After); !ok || !after.Drawn || after.Millis != protocol.ConsentArmMillis {
		t.Errorf("effect %+v", effects[0])
	}
}
