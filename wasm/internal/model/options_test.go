package model_test

import (
	"testing"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// optionsWorld is a worker that keeps sites and a language.
type optionsWorld struct {
	state  protocol.OptionsResult
	forgot []string
	fail   bool
}

func (w *optionsWorld) start(env model.Env) (*model.Options, *modeltest.Player) {
	o := model.NewOptions(env)
	return o, modeltest.Start(o, &modeltest.World{Worker: map[protocol.Method]func(any) (any, error){
		protocol.OptionsGet: func(any) (any, error) { return w.state, nil },
		protocol.SiteForget: func(p any) (any, error) {
			if w.fail {
				return nil, fault.New(fault.Internal)
			}
			w.forgot = append(w.forgot, p.(protocol.SiteParams).Origin)
			w.state.Sites = w.state.Sites[1:]
			return protocol.SiteResult{}, nil
		},
		protocol.OptionsLanguage: func(p any) (any, error) {
			w.state.Language = p.(protocol.LanguageParams).Language
			return protocol.Empty{}, nil
		},
	}})
}

func TestOptionsRevoke(t *testing.T) {
	w := &optionsWorld{state: protocol.OptionsResult{Sites: []protocol.SiteEntry{{Origin: "https://a.example", Allowed: true}, {Origin: "https://b.example", Known: true, Revoked: true}}}}
	o, p := w.start(model.Env{Lang: "fr"})
	p.Send(model.RevokeSite{Origin: "https://a.example"}) // a script's click
	p.Send(model.RevokeSite{Origin: "https://c.example", Trusted: true}, model.RevokeSite{Origin: "https://b.example", Trusted: true})
	if len(w.forgot) != 0 {
		t.Fatalf("revoked %v", w.forgot)
	}
	p.Send(model.RevokeSite{Origin: "https://a.example", Trusted: true})
	if len(w.forgot) != 1 || len(o.Settled.Sites) != 1 || o.Revoked != "https://a.example" || o.Revoking != "" {
		t.Errorf("revoked %v, left %v, %q, %q", w.forgot, o.Settled.Sites, o.Revoked, o.Revoking)
	}
}

func TestOptionsRevokeFails(t *testing.T) {
	w := &optionsWorld{fail: true, state: protocol.OptionsResult{Sites: []protocol.SiteEntry{{Origin: "https://a.example"}}}}
	o, p := w.start(model.Env{Lang: "fr"})
	p.Send(model.RevokeSite{Origin: "https://a.example", Trusted: true})
	if o.Fault == nil || o.Revoking != "" || o.Revoked != "" || len(o.Settled.Sites) != 1 {
		t.Errorf("%v, %q, %q, %v", o.Fault, o.Revoking, o.Revoked, o.Settled.Sites)
	}
}

// TestOptionsLanguage: the administrator's comes first, then the person's, then
// the browser's; the screen changes at once.
func TestOptionsLanguage(t *testing.T) {
	w := &optionsWorld{}
	o, p := w.start(model.Env{Lang: "fr", BrowserLang: "fr"})
	for _, c := range []struct{ choose, want string }{{"en", "en"}, {"", "fr"}, {"de", "fr"}, {"fr", "fr"}} {
		if p.Send(model.ChooseLanguage{Language: c.choose}); o.Env.Lang != c.want {
			t.Errorf("chosen %q: %s", c.choose, o.Env.Lang)
		}
	}
	settled := &optionsWorld{state: protocol.OptionsResult{Language: "fr", LanguageSettled: "en"}}
	o, p = settled.start(model.Env{Lang: "en", BrowserLang: "fr"})
	p.Send(model.ChooseLanguage{Language: "fr"})
	if o.Env.Lang != "en" || settled.state.Language != "fr" {
		t.Errorf("the administrator's language: %s", o.Env.Lang)
	}
}

// TestPopupKnowsOtherSites: the first time it explains itself, later it warns
// of a site that could be taken for one that is allowed.
func TestPopupKnowsOtherSites(t *testing.T) {
	for _, c := range []struct {
		sites     []protocol.SiteEntry
		err       error
		first     bool
		resembles string
	}{
		{nil, nil, true, ""},
		{nil, fault.New(fault.Internal), false, ""},
		{[]protocol.SiteEntry{{Origin: origin}}, nil, false, ""},
		{[]protocol.SiteEntry{{Origin: "https://marche.example.fr"}}, nil, false, "marche.example.fr"},
	} {
		p := newPortal(t)
		popupWorld(p, &protocol.SiteResult{Origin: origin, Secure: true})
		p.world.Worker[protocol.OptionsGet] = func(any) (any, error) { return protocol.OptionsResult{Sites: c.sites}, c.err }
		s := model.NewPopup(env(), origin)
		player := modeltest.Start(s, p.world)
		if s.First != c.first || s.Site.Resembles != c.resembles {
			t.Errorf("%v: first %v, resembles %q", c.sites, s.First, s.Site.Resembles)
		}
		if player.Send(model.OpenOptionsPage{}); !player.Did("url app/options.html") {
			t.Errorf("log %v", player.Log)
		}
	}
}
