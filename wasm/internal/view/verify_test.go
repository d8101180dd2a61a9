package view_test

import (
	"strings"
	"testing"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
)

// noted makes the site remember keys; without a thumbprint it is the stage's.
func (s *stage) noted(keys ...protocol.SiteKey) {
	for i := range keys {
		if keys[i].Thumbprint == "" {
			keys[i].Thumbprint = s.keys[0].Thumbprint
		}
	}
	s.world.Worker[protocol.OptionsGet] = func(any) (any, error) {
		return protocol.OptionsResult{Sites: []protocol.SiteEntry{{Origin: origin, Allowed: true, Keys: keys}}}, nil
	}
}

// verifying plays « Vérifier mes clés » for the stage's key, twice under two
// names, one that is nearly over on another computer, and an expired one.
func verifying(hold string, consented bool, set func(*stage)) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		s.noted(protocol.SiteKey{})
		if set != nil {
			set(s)
		}
		proven := func(month int) *time.Time { at := date(2026, time.Month(month), 3); return &at }
		key := s.keysOf("k1", "Marie Durand, bureau, 2026")
		key.Proven, key.Openings = proven(3), []protocol.KeyOpening{{Tender: "2026-T-042", At: date(2029, 6, 1)}}
		card := s.keysOf("k2", "Carte du service")
		card.Proven, card.Mode = proven(11), protocol.ModeServer
		away := protocol.ServiceKey{ID: "k3", Name: "Paul Martin, poste 12", Thumbprint: strings.Repeat("a1", 32), State: protocol.Active, Proven: proven(10)}
		p := s.assistant(protocol.KeysVerify, protocol.VerifyKeysParams{Service: "Direction des achats", Keys: []protocol.ServiceKey{key, away, card}}, hold)
		if consented {
			p.Send(model.Consent{Trusted: true})
		}
		return p.Screen
	}
}

// keysOf is the stage's own key under a name.
func (s *stage) keysOf(id, name string) protocol.ServiceKey {
	return protocol.ServiceKey{ID: id, Name: name, Thumbprint: s.cert.Thumbprint(), State: protocol.Active}
}

func verifyScenes() []scene {
	submit := func(s *stage) {
		s.world.Page[protocol.CallSubmitProof] = func(args any, _ []model.FileRef) (any, error) {
			return protocol.Registration{ID: args.(protocol.SubmitProofArgs).ID, State: protocol.Active, Thumbprint: s.cert.Thumbprint()}, nil
		}
	}
	second := func(s *stage) {
		submit(s)
		was, n := s.world.Host[protocol.HostUnwrap], 0
		s.world.Host[protocol.HostUnwrap] = func(p any) (any, error) {
			if n++; n == 2 {
				return nil, fault.New(fault.PINCancelled)
			}
			return was(p)
		}
	}
	return []scene{
		{"verify-loading", "assistant", verifying("host host.keys.list", false, nil)},
		{"verify-consent", "assistant", verifying("", false, nil)},
		{"verify-consent-new", "assistant", verifying("", false, func(s *stage) { s.noted() })},
		{"verify-none", "assistant", verifying("", false, func(s *stage) { s.keys = nil; s.noted(protocol.SiteKey{Thumbprint: "x"}) })},
		{"verify-running", "assistant", verifying("page submitProof", true, submit)},
		{"verify-results", "assistant", verifying("", true, second)},
		{"verify-failed", "assistant", verifying("", false, func(s *stage) { s.failing(protocol.HostList, fault.HostMissing) })},
	}
}

// TestArmingGivesTheFocusUp: a window that is raised arms its button anew, and
// the browser takes the focus from what is disabled. Keys that are meant for the
// page that raised it do not press the button.
func TestArmingGivesTheFocusUp(t *testing.T) {
	raised := scene{"raised", "assistant", func(s *stage) model.Screen {
		p := s.assistant(protocol.PliOpen, tender("a"), "")
		p.Screen.Update(model.Raised{})
		return p.Screen
	}}
	if html := draw(t, raised, "fr"); !strings.Contains(html, `id="use-key" disabled aria-disabled="true">`) {
		t.Errorf("the button is not disabled:\n%s", html)
	}
}
