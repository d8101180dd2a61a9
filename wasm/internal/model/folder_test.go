package model_test

import (
	"slices"
	"testing"

	"scelle/shared/fault"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// folders is a browser that lets a person choose a folder.
func folders() model.Env {
	e := env()
	e.Folders = true
	return e
}

// openInto starts an opening in such a browser.
func (p *portal) openInto(e model.Env) (*modeltest.Player, *model.Opening) {
	p.readable()
	a := model.NewAssistant(e, session(p.t, "pli.open", plis(1)), model.ForPlis)
	player := modeltest.Start(a, p.world)
	player.Tick()
	return player, opening(a)
}

// TestOpenToFolder: files and record go to the folder that was chosen, without
// the folder that the downloads have.
func TestOpenToFolder(t *testing.T) {
	p := newPortal(t)
	p.world.Choose = func() (model.FolderRef, error) { return model.FolderRef{Handle: 1, Name: "Séance"}, nil }
	player, o := p.openInto(folders())
	player.Send(model.Deliver{To: model.ToFolder})
	if o.Delivery != model.ToDownloads {
		t.Fatalf("a folder that was not chosen: %s", o.Delivery)
	}
	player.Send(model.ChooseFolder{})
	if o.Delivery != model.ToFolder || o.Folder.Name != "Séance" || o.Phase != model.OpenConsent {
		t.Fatalf("delivery %s, folder %+v, phase %s", o.Delivery, o.Folder, o.Phase)
	}
	player.Send(model.Consent{Trusted: true})
	wantStory(t, player, `
worker site.trust
host host.keys.list
host host.keys.certificate
fetch p1
inspect p1
choose folder
host host.batch.begin
host host.keys.unwrap
open p1
save into Séance: 2026-T-42/Société p1 (1)
forget p1.pdf
forget p1
host host.batch.end
record into Séance: 2026-T-42
worker session.finish ok`)
	if got := o.Plis[0].Saved; got.Folder != "Séance/2026-T-42/Société p1" || len(got.Names) != 1 {
		t.Errorf("saved %+v", got)
	}
}

// TestChoosingAFolder: a choice that came to nothing changes nothing; what was
// chosen stays to hand when something else is wanted.
func TestChoosingAFolder(t *testing.T) {
	p := newPortal(t)
	answers := []error{fault.New(fault.Cancelled), fault.New(fault.WriteFailed), nil, fault.New(fault.Cancelled)}
	p.world.Choose = func() (model.FolderRef, error) {
		err := answers[0]
		answers = answers[1:]
		if err != nil {
			return model.FolderRef{}, err
		}
		return model.FolderRef{Handle: 1, Name: "Séance"}, nil
	}
	player, o := p.openInto(folders())
	for _, want := range []struct {
		delivery model.Delivery
		unchosen fault.Code
	}{{model.ToDownloads, ""}, {model.ToDownloads, fault.WriteFailed}, {model.ToFolder, ""}, {model.ToFolder, ""}} {
		player.Send(model.ChooseFolder{})
		if code := codeOf(o.Unchosen); o.Delivery != want.delivery || code != want.unchosen {
			t.Errorf("delivery %s, fault %q, want %+v", o.Delivery, code, want)
		}
	}
	player.Send(model.Deliver{To: model.ToPortal}, model.Deliver{To: model.ToFolder}, model.Deliver{To: "elsewhere"})
	if o.Delivery != model.ToFolder {
		t.Errorf("delivery %s", o.Delivery)
	}
}

func codeOf(f *fault.Fault) fault.Code {
	if f == nil {
		return ""
	}
	return f.Code
}

// TestNoFolderToChoose: neither where the browser cannot, nor where the
// administrator lets nothing be saved, nor twice at once, nor late.
func TestNoFolderToChoose(t *testing.T) {
	forbidden := folders()
	forbidden.NoSaving = true
	for name, e := range map[string]model.Env{"browser": env(), "administrator": forbidden} {
		player, o := newPortal(t).openInto(e)
		player.Send(model.ChooseFolder{}, model.Deliver{To: model.ToFolder})
		if player.Did("choose folder") || o.Delivery == model.ToFolder {
			t.Errorf("%s: %s, log %v", name, o.Delivery, player.Log)
		}
	}
	p := newPortal(t)
	p.world.Choose = func() (model.FolderRef, error) { return model.FolderRef{Handle: 1, Name: "Séance"}, nil }
	player, o := p.openInto(folders())
	player.Hold = "choose folder"
	player.Send(model.ChooseFolder{}, model.ChooseFolder{}, model.Consent{Trusted: true})
	player.Release()
	if n := player.Count("choose folder"); n != 1 || o.Delivery != model.ToDownloads || slices.Contains(player.Log, "save into") {
		t.Errorf("asked %d times, delivery %s", n, o.Delivery)
	}
}

// TestOfflineToFolder: without a consultation, plis lie in the folder itself.
func TestOfflineToFolder(t *testing.T) {
	p := newPortal(t)
	p.readable()
	p.world.Host["host.keys.unwrap"] = func(any) (any, error) { return map[string]any{"contentKey": "AAAA"}, nil }
	p.world.Choose = func() (model.FolderRef, error) { return model.FolderRef{Handle: 1, Name: "Séance"}, nil }
	f := model.NewOffline(folders())
	player := modeltest.Start(f, p.world)
	player.Send(model.FilesDropped{Files: []model.FileRef{{Handle: 1, Name: "a.p7m"}}})
	player.Tick()
	player.Send(model.ChooseFolder{}, model.Consent{Trusted: true})
	if !player.Did("save into Séance: a.p7m (1)") || !player.Did("record into Séance: ") || f.Open.Delivered() != 1 {
		t.Errorf("log %v", player.Log)
	}
}
