package model_test

import (
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// popupWorld has a host, one key and a site in this state.
func popupWorld(p *portal, site *protocol.SiteResult) {
	p.world.Worker[protocol.Status] = func(any) (any, error) {
		return protocol.StatusResult{Host: protocol.HostState{Online: true, Version: "0.1.0"}, Store: protocol.StoreState{Ready: true}}, nil
	}
	state := func(any) (any, error) { return *site, nil }
	p.world.Worker[protocol.SiteState] = state
	p.world.Worker[protocol.SiteAllow] = func(any) (any, error) { site.Allowed = true; return *site, nil }
	p.world.Worker[protocol.SiteForget] = func(any) (any, error) { site.Allowed = false; return *site, nil }
	p.world.Ask = func(string) (bool, error) { return true, nil }
	p.world.Worker[protocol.UpdateCheck] = func(any) (any, error) { return protocol.UpdateResult{}, nil }
}

func TestPopupBringsAnUpdate(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
	p.world.Worker[protocol.UpdateCheck] = func(any) (any, error) {
		return protocol.UpdateResult{Host: "0.2.0", Package: &protocol.UpdatePackage{Kind: "setup", Name: "scelle-setup-0.2.0.exe", Size: 5}}, nil
	}
	bring := fault.New(fault.UpdateDamaged)
	p.world.Bring = func() (string, error) {
		if bring != nil {
			return "", bring
		}
		return "scelle-setup-0.2.0.exe", nil
	}
	s := model.NewPopup(env(), origin)
	player := modeltest.Start(s, p.world)
	player.Send(model.FetchUpdate{})
	if player.Did("bring") || !s.Newer.Fetchable() {
		t.Fatalf("a script's click brought it: %v", player.Log)
	}
	player.Hold = "bring"
	player.Send(model.FetchUpdate{Trusted: true}, model.FetchUpdate{Trusted: true})
	if player.Held() != 1 || !s.Newer.Fetching {
		t.Fatalf("a double click brings %d", player.Held())
	}
	player.Release()
	if s.Newer.Saved != "" || s.Newer.FetchErr == nil || s.Newer.FetchErr.Code != fault.UpdateDamaged || !s.Newer.Fetchable() {
		t.Fatalf("after damaged bytes: %+v", s.Newer)
	}
	bring = nil
	player.Send(model.FetchUpdate{Trusted: true})
	if s.Newer.Saved != "scelle-setup-0.2.0.exe" || s.Newer.FetchErr != nil {
		t.Errorf("after the second click: %+v", s.Newer)
	}
}

func TestPopupTellsARefusedManifest(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
	p.world.Worker[protocol.UpdateCheck] = func(any) (any, error) {
		return protocol.UpdateResult{Fault: &protocol.Fault{Code: fault.UpdateUnsigned}}, nil
	}
	s := model.NewPopup(env(), origin)
	player := modeltest.Start(s, p.world)
	player.Send(model.FetchUpdate{Trusted: true})
	if s.Newer.Version != "" || s.Newer.Fault.Code != fault.UpdateUnsigned || player.Did("bring") {
		t.Errorf("%+v, log %v", s.Newer, player.Log)
	}
}

func TestPopupShowsFactsAndKeys(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
	later := p.entry
	later.Thumbprint, later.NotAfter = "later", p.entry.NotAfter.Add(time.Hour)
	pages := 0
	p.world.Host[protocol.HostList] = func(params any) (any, error) {
		pages++
		if l := params.(protocol.ListParams); !l.KeyOnly || (l.Cursor != "") != (pages == 2) {
			t.Errorf("list %+v", l)
		}
		if pages == 1 {
			return protocol.ListResult{Certificates: []protocol.Certificate{later}, Next: "2"}, nil
		}
		return protocol.ListResult{Certificates: []protocol.Certificate{p.entry}}, nil
	}
	s := model.NewPopup(env(), origin)
	modeltest.Start(s, p.world)
	if s.Checking || !s.KeysKnown || len(s.Keys) != 2 || s.Keys[0].Thumbprint != p.entry.Thumbprint || len(s.Stores) != 1 {
		t.Errorf("popup %+v", s)
	}
}

func TestPopupWithoutHostAsksNothingOfIt(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{})
	p.world.Worker[protocol.Status] = func(any) (any, error) {
		return protocol.StatusResult{Host: protocol.HostState{Fault: &protocol.Fault{Code: fault.HostMissing}}}, nil
	}
	s := model.NewPopup(env(), "")
	player := modeltest.Start(s, p.world)
	if player.Did("host") || player.Did("worker site.state") || s.KeysKnown {
		t.Errorf("log %v", player.Log)
	}
}

// TestPopupTellsOfANewListKey until the person has seen it.
func TestPopupTellsOfANewListKey(t *testing.T) {
	p := newPortal(t)
	site := &protocol.SiteResult{Origin: origin, Secure: true, Allowed: true, ListKeys: []string{hashOf("0a")}, ListKeySince: "2026-11-30T09:00:00Z", NewListKey: true}
	popupWorld(p, site)
	p.world.Worker[protocol.SiteSeen] = func(params any) (any, error) {
		seen := *site
		seen.NewListKey = params.(protocol.SiteParams).Origin != origin
		return seen, nil
	}
	s := model.NewPopup(env(), origin)
	player := modeltest.Start(s, p.world)
	player.Send(model.SeenListKey{})
	if !s.Grant.NewListKey || player.Did("worker site.seen") {
		t.Fatal("a script's click put the notice away")
	}
	player.Send(model.SeenListKey{Trusted: true}, model.SeenListKey{Trusted: true})
	if s.Grant.NewListKey || s.Asking || player.Count("worker site.seen") != 1 {
		t.Errorf("%+v, log %v", s.Grant, player.Log)
	}
}

func TestPopupAllowsAndForgetsASite(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
	s := model.NewPopup(env(), origin)
	player := modeltest.Start(s, p.world)
	player.Send(model.AllowSite{})
	if player.Did("ask") {
		t.Fatal("a script's click asked for the permission")
	}
	player.Hold = "ask"
	player.Send(model.AllowSite{Trusted: true}, model.AllowSite{Trusted: true})
	player.Release()
	if player.Count("ask "+origin) != 1 || player.Count("worker site.allow") != 2 || !s.Grant.Allowed || s.Asking {
		t.Fatalf("grant %+v, log %v", s.Grant, player.Log)
	}
	player.Send(model.ForgetSite{Trusted: true})
	if s.Grant.Allowed || s.Asking {
		t.Errorf("grant %+v", s.Grant)
	}
}

func TestPopupRefusals(t *testing.T) {
	t.Run("the person says no", func(t *testing.T) {
		p := newPortal(t)
		popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
		p.world.Ask = func(string) (bool, error) { return false, nil }
		s := model.NewPopup(env(), origin)
		player := modeltest.Start(s, p.world)
		player.Send(model.AllowSite{Trusted: true})
		// The wish alone, which is nothing without the permission.
		if !s.Refused || s.Asking || player.Count("worker site.allow") != 1 || !s.Allowable() {
			t.Errorf("popup %+v", s)
		}
	})
	t.Run("the site is not secure", func(t *testing.T) {
		p := newPortal(t)
		popupWorld(p, &protocol.SiteResult{Origin: "http://marches.example.fr"})
		s := model.NewPopup(env(), "http://marches.example.fr")
		player := modeltest.Start(s, p.world)
		player.Send(model.AllowSite{Trusted: true})
		if s.Allowable() || player.Did("ask") {
			t.Errorf("log %v", player.Log)
		}
	})
	t.Run("the worker fails", func(t *testing.T) {
		s := model.NewPopup(env(), origin)
		player := modeltest.Start(s, &modeltest.World{})
		if s.StatusErr == nil || s.GrantErr == nil {
			t.Errorf("status %v, grant %v", s.StatusErr, s.GrantErr)
		}
		player.Send(model.OpenOfflinePage{})
		if !player.Did("url app/offline.html") {
			t.Errorf("log %v", player.Log)
		}
	})
}

func TestPopupRefreshDropsOldAnswers(t *testing.T) {
	p := newPortal(t)
	popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
	s := model.NewPopup(env(), origin)
	player := modeltest.StartHolding(s, p.world, "worker status")
	player.Send(model.Refresh{})
	player.Release()
	if player.Count("host host.keys.list") != 1 || s.Checking {
		t.Errorf("log %v", player.Log)
	}
}

func TestSites(t *testing.T) {
	for _, c := range []struct {
		origin, host, readable string
		lookAlike, address     bool
		secure                 bool
	}{
		{"https://marches.example.fr", "marches.example.fr", "", false, false, true},
		{"https://xn--marchs-publics-fkb.fr", "xn--marchs-publics-fkb.fr", "marchés-publics.fr", false, false, true},
		{"https://xn--bcher-kva.example:8443", "xn--bcher-kva.example", "bücher.example", false, false, true},
		{"https://xn--pple-43d.com", "xn--pple-43d.com", "аpple.com", true, false, true}, // Cyrillic а
		{"https://xn--80ak6aa92e.com", "xn--80ak6aa92e.com", "аррӏе.com", true, false, true},
		{"https://xn--0.fr", "xn--0.fr", "", true, false, true},
		{"https://10.0.0.1:8443", "10.0.0.1", "", false, true, true},
		{"https://[2001:db8::1]", "[2001:db8::1]", "", false, true, true},
		{"http://127.0.0.1:8080", "127.0.0.1", "", false, true, true},
		{"http://marches.example.fr", "marches.example.fr", "", false, false, false},
	} {
		s := model.NewSite(c.origin)
		if s.Host != c.host || s.Readable != c.readable || s.LookAlike != c.lookAlike || s.Address != c.address || s.Secure != c.secure {
			t.Errorf("%s: %+v", c.origin, s)
		}
	}
}
