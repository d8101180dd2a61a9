package view_test

import (
	"strings"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// noSite is an extension that was just installed.
func noSite(s *stage) {
	s.world.Worker[protocol.OptionsGet] = func(any) (any, error) { return protocol.OptionsResult{}, nil }
}

func optionsScenes() []scene {
	page := func(r protocol.OptionsResult, err error, msgs ...model.Msg) func(*stage) model.Screen {
		return func(s *stage) model.Screen {
			r := r // each language begins with all sites
			s.world.Worker[protocol.OptionsGet] = func(any) (any, error) {
				r.Language = s.lang
				return r, err
			}
			s.world.Worker[protocol.SiteForget] = func(any) (any, error) {
				r.Sites = r.Sites[1:]
				return protocol.SiteResult{}, nil
			}
			p := modeltest.Start(model.NewOptions(s.env()), s.world)
			p.Send(msgs...)
			return p.Screen
		}
	}
	keys := []protocol.SiteKey{{Thumbprint: strings.Repeat("1f", 32), Since: "2026-11-02T09:30:00Z"}, {Thumbprint: strings.Repeat("2e", 32), Since: "2026-11-20T16:00:00Z"}}
	full := protocol.SiteEntry{Origin: origin, Allowed: true, Since: "2026-11-01T08:00:00Z", LastUse: "2026-11-21T10:15:00Z", LastVerb: protocol.PliOpen, Keys: keys}
	never := protocol.SiteEntry{Origin: "https://xn--mrches-3ve.example", Since: "2026-11-01T08:00:00Z"}
	settled := protocol.OptionsResult{Settled: true, Portals: []string{origin, "https://*.region.example"}, LanguageSettled: "fr", Sites: []protocol.SiteEntry{
		{Origin: origin, Allowed: true, Known: true, Since: "2026-11-01T08:00:00Z", LastUse: "2026-11-21T10:15:00Z", LastVerb: protocol.BridgeAttach},
		{Origin: "https://ancien.example", Known: true, Revoked: true},
		{Origin: "https://autre.example", Forbidden: true, Since: "2026-10-01T08:00:00Z", LastUse: "2026-11-21T10:15:00Z", LastVerb: protocol.KeysAdd},
	}}
	return []scene{
		{"options-loading", "options", func(s *stage) model.Screen { return model.NewOptions(s.env()) }},
		{"options-none", "options", page(protocol.OptionsResult{}, nil)},
		{"options-sites", "options", page(protocol.OptionsResult{Sites: []protocol.SiteEntry{full, never}}, nil)},
		{"options-revoked", "options", page(protocol.OptionsResult{Sites: []protocol.SiteEntry{full, never}}, nil, model.RevokeSite{Origin: origin, Trusted: true})},
		{"options-settled", "options", func(s *stage) model.Screen {
			r := settled
			r.LanguageSettled = s.lang
			return page(r, nil)(s)
		}},
		{"options-forbidden", "options", page(protocol.OptionsResult{Settled: true}, nil)},
		{"options-bad", "options", page(protocol.OptionsResult{Settled: true, Bad: "allowedPortals"}, nil)},
		{"options-failed", "options", page(protocol.OptionsResult{}, fault.New(fault.Internal))},
	}
}
