package model_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// plis makes an opening of n plis "p1", "p2", ...
func plis(n int) protocol.OpenParams {
	p := protocol.OpenParams{Tender: "2026-T/42", Title: "Fournitures", HandOver: true}
	for i := range n {
		id := "p" + strconv.Itoa(i+1)
		p.Plis = append(p.Plis, protocol.OpenPli{ID: id, Label: "Société " + id})
	}
	return p
}

// readable makes the world deliver, inspect, open and save every pli, each of
// a size that is opened alone.
func (p *portal) readable() {
	w := p.world
	w.Fetch = func(id string) (model.FileRef, error) { return model.FileRef{Handle: 1, Name: id, Size: 64 << 20}, nil }
	w.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{HeaderSHA256: "header-" + f.Name, Authenticated: true, Recipients: []model.RecipientInfo{p.recipient("rsa-oaep-sha256")}}, nil
	}
	w.Open = func(o model.OpenFile) (model.Opened, error) {
		return model.Opened{Authenticated: true, SHA256: "sha-" + o.File.Name, ContentSHA256: "content-" + o.File.Name,
			Files: []model.FileRef{{Handle: 2, Name: o.File.Name + ".pdf"}}, Details: []protocol.PliFile{{Name: o.File.Name + ".pdf", Size: 900}}}, nil
	}
	w.Save = func(folder string, files []model.FileRef) ([]string, error) {
		return []string{folder + "/" + files[0].Name}, nil
	}
	w.Page[protocol.CallReceiveOpened] = func(any, []model.FileRef) (any, error) { return nil, nil }
	w.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		u := params.(protocol.UnwrapParams)
		if u.Origin != origin || u.Batch != "b1" || u.Thumbprint != p.entry.Thumbprint {
			p.t.Errorf("unwrap %+v", u)
		}
		return protocol.UnwrapResult{ContentKey: []byte("0123456789abcdef")}, nil
	}
}

// open starts an opening and lets the button arm.
func (p *portal) open(params protocol.OpenParams) (*modeltest.Player, *model.Opening) {
	p.readable()
	return p.start(params, "")
}

func (p *portal) start(params protocol.OpenParams, hold string) (*modeltest.Player, *model.Opening) {
	a := model.NewAssistant(env(), session(p.t, protocol.PliOpen, params), model.ForPlis)
	player := modeltest.StartHolding(a, p.world, hold)
	player.Tick()
	return player, opening(a)
}

func (p *portal) result() protocol.OpenResult {
	var r protocol.OpenResult
	if p.finished == nil || p.finished.Fault != nil {
		p.t.Fatalf("finished %+v", p.finished)
	}
	if err := json.Unmarshal(p.finished.Result, &r); err != nil {
		p.t.Fatal(err)
	}
	return r
}

func TestOpenToDownloads(t *testing.T) {
	p := newPortal(t)
	player, o := p.open(plis(2))
	if o.Phase != model.OpenConsent || len(o.Ready()) != 2 || len(o.Keys()) != 1 {
		t.Fatalf("phase %s, fault %v", o.Phase, o.Fault)
	}
	player.Send(model.Consent{Trusted: true}, model.Consent{Trusted: true})
	wantStory(t, player, `
worker site.trust
host host.keys.list
host host.keys.certificate
fetch p1
inspect p1
fetch p2
inspect p2
host host.batch.begin
host host.keys.unwrap
open p1
save Scellé/2026-T-42/Société p1 (1)
forget p1.pdf
forget p1
host host.keys.unwrap
open p2
save Scellé/2026-T-42/Société p2 (1)
forget p2.pdf
forget p2
host host.batch.end
record Scellé/2026-T-42
worker session.finish ok`)
	r := p.result()
	if o.Phase != model.OpenResults || len(r.Plis) != 2 || !r.Plis[1].Opened || r.Plis[1].SHA256 != "sha-p2" || r.Plis[0].HandedOver {
		t.Errorf("phase %s, result %+v", o.Phase, r)
	}
	player.Send(model.Close{})
	if !player.Closed {
		t.Error("not closed")
	}
}

func TestOpenToPortal(t *testing.T) {
	p := newPortal(t)
	player, _ := p.open(plis(1))
	player.Send(model.Deliver{To: model.ToPortal}, model.Consent{Trusted: true})
	if r := p.result(); !r.Plis[0].HandedOver || !player.Did("page receiveOpened") || player.Did("save") || !player.Did("forget p1.pdf") {
		t.Errorf("result %+v, log %v", r, player.Log)
	}
}

func TestHandOverOnlyWhenOffered(t *testing.T) {
	p := newPortal(t)
	params := plis(1)
	params.HandOver = false
	player, o := p.open(params)
	player.Send(model.Deliver{To: model.ToPortal})
	if o.Delivery != model.ToDownloads {
		t.Errorf("delivery %s", o.Delivery)
	}
}

func TestConsentNeedsTimeAndTrust(t *testing.T) {
	p := newPortal(t)
	p.readable()
	a := model.NewAssistant(env(), session(t, protocol.PliOpen, plis(1)), model.ForPlis)
	player := modeltest.Start(a, p.world)
	player.Send(model.Consent{Trusted: true})
	player.Tick()
	player.Send(model.Consent{Trusted: false})
	if opening(a).Phase != model.OpenConsent || player.Did("host host.batch.begin") {
		t.Errorf("phase %s, log %v", opening(a).Phase, player.Log)
	}
	if !slices.Contains(player.Log, "after 500") {
		t.Errorf("log %v", player.Log)
	}
	player.Send(model.Raised{}, model.Consent{Trusted: true})
	if opening(a).Phase != model.OpenConsent {
		t.Error("a click counted although the window had just come to the front")
	}
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	if opening(a).Phase != model.OpenResults {
		t.Errorf("phase %s", opening(a).Phase)
	}
}

func TestBatchNamesEachEnvelopeOnce(t *testing.T) {
	p := newPortal(t)
	p.readable()
	p.world.Inspect = func(model.FileRef) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{HeaderSHA256: "same", Recipients: []model.RecipientInfo{p.recipient("rsa-oaep-sha256")}}, nil
	}
	var got protocol.BatchParams
	p.world.Host[protocol.HostBatchBegin] = func(params any) (any, error) {
		got = params.(protocol.BatchParams)
		return protocol.BatchResult{ID: "b1"}, nil
	}
	player, _ := p.start(plis(2), "")
	player.Send(model.Consent{Trusted: true})
	if got.Origin != origin || got.Tender != "2026-T/42" || !slices.Equal(got.Envelopes, []string{"same"}) {
		t.Errorf("batch %+v", got)
	}
}

// One bad pli does not touch the others, whatever is wrong with it.
func TestFailuresStayWithTheirPli(t *testing.T) {
	second := func(name string) bool { return strings.HasPrefix(name, "p2") }
	for _, c := range []struct {
		name string
		code fault.Code
		set  func(*modeltest.World)
	}{
		{"fetch", fault.PortalFailed, func(w *modeltest.World) {
			was := w.Fetch
			w.Fetch = func(id string) (model.FileRef, error) {
				if second(id) {
					return model.FileRef{}, fault.New(fault.PortalFailed)
				}
				return was(id)
			}
		}},
		{"inspect", fault.EnvelopeMalformed, func(w *modeltest.World) {
			was := w.Inspect
			w.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
				if second(f.Name) {
					return model.EnvelopeInfo{}, fault.New(fault.EnvelopeMalformed)
				}
				return was(f)
			}
		}},
		{"not for this computer", fault.EnvelopeNotForYou, func(w *modeltest.World) {
			was := w.Inspect
			w.Inspect = func(f model.FileRef) (model.EnvelopeInfo, error) {
				if second(f.Name) {
					return model.EnvelopeInfo{Recipients: []model.RecipientInfo{{Issuer: []byte{1}, Serial: []byte{1}}}}, nil
				}
				return was(f)
			}
		}},
		{"unwrap", fault.KeyNotFound, func(w *modeltest.World) {
			was := w.Host[protocol.HostUnwrap]
			w.Host[protocol.HostUnwrap] = func(params any) (any, error) {
				if params.(protocol.UnwrapParams).Envelope == "header-p2" {
					return nil, fault.New(fault.KeyNotFound)
				}
				return was(params)
			}
		}},
		{"open", fault.PliOtherTender, func(w *modeltest.World) {
			was := w.Open
			w.Open = func(o model.OpenFile) (model.Opened, error) {
				if second(o.File.Name) {
					return model.Opened{}, fault.New(fault.PliOtherTender)
				}
				return was(o)
			}
		}},
		{"save", fault.DiskFull, func(w *modeltest.World) {
			was := w.Save
			w.Save = func(folder string, f []model.FileRef) ([]string, error) {
				if second(f[0].Name) {
					return nil, fault.New(fault.DiskFull)
				}
				return was(folder, f)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPortal(t)
			p.readable()
			c.set(p.world)
			player, o := p.start(plis(3), "")
			player.Send(model.Consent{Trusted: true})
			r := p.result()
			if o.Phase != model.OpenResults || !r.Plis[0].Opened || r.Plis[1].Opened || !r.Plis[2].Opened || r.Plis[1].Fault.Code != c.code {
				t.Errorf("phase %s, result %+v", o.Phase, r)
			}
			if c.name == "save" && !player.Did("forget p2.pdf") {
				t.Error("plaintext stays in quarantine")
			}
		})
	}
}

// Nothing to open at all: no consent is asked for, no key is used.
func TestNothingForThisComputer(t *testing.T) {
	p := newPortal(t)
	p.entry.HasKey = false
	player, o := p.open(plis(2))
	if o.Phase != model.OpenResults || player.Did("host host.batch.begin") || o.Plis[0].Fault.Code != fault.EnvelopeNotForYou {
		t.Errorf("phase %s, log %v", o.Phase, player.Log)
	}
	// The page hears what it hears of a person who changed her mind.
	if p.finished == nil || p.finished.Fault == nil || p.finished.Fault.Code != fault.Cancelled || len(p.finished.Result) > 0 {
		t.Errorf("finished %+v", p.finished)
	}
}

// Two recipients are ours: the second is tried when the first one's key opens
// nothing, and never a third.
func TestTwoTriesPerPli(t *testing.T) {
	for name, readable := range map[string]int{"second key opens": 2, "none opens": 9} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			p.readable()
			r := p.recipient("rsa-oaep-sha256")
			p.world.Inspect = func(model.FileRef) (model.EnvelopeInfo, error) {
				return model.EnvelopeInfo{HeaderSHA256: "h", Recipients: []model.RecipientInfo{r, r, r}}, nil
			}
			was, n := p.world.Open, 0
			p.world.Open = func(o model.OpenFile) (model.Opened, error) {
				if n++; n < readable {
					return model.Opened{}, fault.New(fault.EnvelopeUnreadable)
				}
				return was(o)
			}
			player, _ := p.start(plis(1), "")
			player.Send(model.Consent{Trusted: true})
			if got := p.result().Plis[0].Opened; got != (readable == 2) || player.Count("host host.keys.unwrap") != 2 {
				t.Errorf("opened %v, log %v", got, player.Log)
			}
		})
	}
}

func TestProgressOfTheRun(t *testing.T) {
	p := newPortal(t)
	p.readable()
	var report func(done, total int64) model.Msg
	was := p.world.Open
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		report = o.Progress
		return was(o)
	}
	player, o := p.start(plis(1), "save")
	player.Send(model.Consent{Trusted: true})
	player.Send(report(10, 20))
	if o.Plis[0].Done != 10 || o.Plis[0].Total != 20 {
		t.Errorf("progress %d/%d", o.Plis[0].Done, o.Plis[0].Total)
	}
	player.Release()
	player.Send(report(20, 20))
	if o.Plis[0].Done != 10 {
		t.Error("late progress was shown")
	}
}

func TestAlteredAndTwinPlis(t *testing.T) {
	p := newPortal(t)
	p.readable()
	was := p.world.Open
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		opened, err := was(o)
		opened.ContentSHA256 = "same"
		return opened, err
	}
	params := plis(2)
	params.Plis[0].SHA256, params.Plis[1].SHA256 = "sha-p1", "acknowledged otherwise"
	player, o := p.start(params, "")
	player.Send(model.Consent{Trusted: true})
	if o.Plis[0].Altered || !o.Plis[1].Altered || o.Plis[0].Twin != "Société p2" || o.Plis[1].Twin != "Société p1" {
		t.Errorf("plis %+v %+v", o.Plis[0], o.Plis[1])
	}
}

func TestFolders(t *testing.T) {
	p := newPortal(t)
	p.readable()
	params := plis(0)
	params.Tender = "../../etc"
	for i, label := range []string{"Société A", "société a", "../x", "CON", "a/b\\c:d*e?f", "  ", strings.Repeat("é", 200), "nul.txt", "\u202egpj.exe"} {
		params.Plis = append(params.Plis, protocol.OpenPli{ID: "i" + strconv.Itoa(i), Label: label})
	}
	var folders []string
	p.world.Save = func(folder string, f []model.FileRef) ([]string, error) {
		folders = append(folders, folder)
		return nil, nil
	}
	player, _ := p.start(params, "")
	player.Send(model.Consent{Trusted: true})
	want := []string{"Société A", "société a (2)", "x", "_CON", "a-b-c-d-e-f", "i5", strings.Repeat("é", 60), "_nul.txt", "gpj.exe"}
	for i := range want {
		want[i] = "Scellé/etc/" + want[i]
	}
	if !slices.Equal(folders, want) {
		t.Errorf("folders %q", folders)
	}
}

func TestOffline(t *testing.T) {
	p := newPortal(t)
	p.readable()
	p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
		if u := params.(protocol.UnwrapParams); u.Origin != "" || u.Batch != "b1" {
			t.Errorf("unwrap %+v", u)
		}
		return protocol.UnwrapResult{ContentKey: make([]byte, 32)}, nil
	}
	raw := []bool{}
	was := p.world.Open
	p.world.Open = func(o model.OpenFile) (model.Opened, error) {
		raw = append(raw, o.Raw)
		if !o.Raw {
			return model.Opened{}, fault.New(fault.PliNotOurs)
		}
		return was(o)
	}
	p.world.Pick = []model.FileRef{{Handle: 1, Name: "a.p7m"}}
	f := model.NewOffline(env())
	player := modeltest.Start(f, p.world)
	player.Send(model.PickFiles{})
	player.Tick()
	player.Send(model.Consent{Trusted: true})
	o := f.Open
	if o.Phase != model.OpenResults || o.Plis[0].State != model.PliDelivered || !o.Plis[0].Foreign || !slices.Equal(raw, []bool{false, true}) {
		t.Fatalf("phase %s, pli %+v", o.Phase, o.Plis[0])
	}
	if player.Did("worker") || player.Count("host host.batch") != 2 || !player.Did("record Scellé") || player.Did("page") || player.Did("progress") {
		t.Errorf("log %v", player.Log)
	}
	player.Send(model.FilesDropped{Files: []model.FileRef{{Handle: 3, Name: "b.p7m"}}})
	if f.Open.Phase != model.OpenConsent || len(f.Open.Plis) != 1 {
		t.Errorf("phase %s", f.Open.Phase)
	}
	player.Send(model.Cancel{})
	if f.Open.Phase != model.OpenPick || !player.Did("forget b.p7m") {
		t.Errorf("phase %s, log %v", f.Open.Phase, player.Log)
	}
	player.Send(model.FilesDropped{Files: make([]model.FileRef, protocol.MaxPlis+1)})
	if !f.TooMany || f.Open.Phase != model.OpenPick {
		t.Errorf("too many %v", f.TooMany)
	}
}
