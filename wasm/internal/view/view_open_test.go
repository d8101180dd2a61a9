package view_test

import (
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

// tender asks for plis by id.
func tender(ids ...string) protocol.OpenParams {
	p := protocol.OpenParams{Tender: "2026-T-042", Title: "Fournitures de bureau", HandOver: true}
	labels := map[string]string{"a": "Société Alpha – candidature", "b": "Bêta et fils – offre", "cbc": "Gamma SARL – offre", "other": "Delta – offre", "bad": "Epsilon – offre"}
	for _, id := range ids {
		p.Plis = append(p.Plis, protocol.OpenPli{ID: id, Label: labels[id]})
	}
	return p
}

// opened plays an opening; consented clicks.
func opened(at string, params protocol.OpenParams, hold string, consented bool, set func(*stage)) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		if set != nil {
			set(s)
		}
		p := s.assistantAt(at, protocol.PliOpen, params, hold)
		if consented {
			p.Send(model.Consent{Trusted: true})
		}
		return p.Screen
	}
}

// signedOpening is an opening of two plis whose list is signed.
func signedOpening(trusted protocol.TrustResult, change func(*lists.Opening)) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		params := tender("a", "b")
		s.signed(&params, trusted, change)
		return s.assistant(protocol.PliOpen, params, "").Screen
	}
}

// tooLong is asked after more was typed than a host takes.
func tooLong(p protocol.OpenParams, q protocol.PINQuestion) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		screen := asked(p, q)(s).(*model.Assistant)
		screen.Update(model.EnterPIN{Trusted: true})
		screen.Update(model.PINTooLong{ID: "0"})
		return screen
	}
}

// asked is an opening in which the host asks for a PIN.
func asked(p protocol.OpenParams, q protocol.PINQuestion) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		player := s.assistant(protocol.PliOpen, p, "host "+string(protocol.HostUnwrap))
		q.ID, q.Seconds = "0", 120
		player.Send(model.Consent{Trusted: true}, model.PINAsked{Question: q})
		return player.Screen
	}
}

// inFolder is an opening in a browser that lets a person choose this folder, or
// refuses all of them.
func inFolder(params protocol.OpenParams, name string, msgs ...model.Msg) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		s.folders = true
		s.world.Choose = func() (model.FolderRef, error) {
			if name == "" {
				return model.FolderRef{}, fault.New(fault.WriteFailed)
			}
			return model.FolderRef{Handle: 1, Name: name}, nil
		}
		p := s.assistant(protocol.PliOpen, params, "")
		p.Send(msgs...)
		return p.Screen
	}
}

// pinScenes are openings in which the host asks for a PIN or a password.
func pinScenes(one protocol.OpenParams) []scene {
	return []scene{
		{"open-pin", "assistant", asked(one, protocol.PINQuestion{Action: "open", Token: "Carte d'Anne \u202emoc", Tries: 3, Few: true, Min: 4, Max: 8})},
		{"open-pin-final", "assistant", asked(one, protocol.PINQuestion{Action: "open", Token: "Carte d'Anne", Tries: 1})},
		{"open-pin-long", "assistant", tooLong(one, protocol.PINQuestion{Action: "open", Token: "Carte d'Anne"})},
		{"open-password-wrong", "assistant", asked(one, protocol.PINQuestion{Action: "prove", Token: "Base NSS partagée", Password: true, Wrong: true})},
	}
}

func openScenes() []scene {
	three := tender("a", "cbc", "other")
	one := tender("a")
	one.HandOver, one.Title = false, ""
	altered := tender("a", "b", "cbc", "other", "bad")
	altered.Plis[1].SHA256 = strings.Repeat("9", 64)
	return append(pinScenes(one), []scene{
		{"open-loading", "assistant", opened(origin, three, "fetch cbc", false, nil)},
		{"open-consent", "assistant", opened(origin, three, "", false, nil)},
		{"open-consent-one", "assistant", opened(origin, one, "", false, nil)},
		{"open-consent-look-alike", "assistant", opened("https://xn--mrches-3ve.example", one, "", false, nil)},
		{"open-consent-signed", "assistant", signedOpening(protocol.TrustResult{Pins: []string{strings.Repeat("3b6a", 16)}}, nil)},
		{"open-consent-first", "assistant", signedOpening(protocol.TrustResult{}, func(l *lists.Opening) { l.Plis = l.Plis[:1] })},
		{"open-list-signer", "assistant", signedOpening(protocol.TrustResult{Pins: []string{strings.Repeat("ab", 32)}}, nil)},
		{"open-list-early", "assistant", signedOpening(protocol.TrustResult{}, func(l *lists.Opening) { l.NotBefore = l.NotBefore.Add(time.Hour) })},
		{"open-consent-resembles", "assistant", func(s *stage) model.Screen {
			s.sites = []string{"https://marche.ville-de-demo.example"}
			return s.assistant(protocol.PliOpen, one, "").Screen
		}},
		{"open-running", "assistant", opened(origin, three, "open cbc", true, nil)},
		{"open-paused", "assistant", func(s *stage) model.Screen {
			p := s.assistant(protocol.PliOpen, tender("a", "cbc", "b"), "save")
			p.Send(model.Consent{Trusted: true}, model.Pause{})
			p.Release()
			return p.Screen
		}},
		{"open-interrupted", "assistant", opened(origin, three, "", true, func(s *stage) {
			was, n := s.world.Host[protocol.HostUnwrap], 0
			s.world.Host[protocol.HostUnwrap] = func(p any) (any, error) {
				if n++; n > 1 {
					return nil, fault.New(fault.TokenRemoved)
				}
				return was(p)
			}
		})},
		{"open-failed", "assistant", opened(origin, one, "", true, func(s *stage) { s.failing(protocol.HostUnwrap, fault.PINCancelled) })},
		{"open-results", "assistant", opened(origin, altered, "", true, func(s *stage) {
			was := s.world.Open
			s.world.Open = func(o model.OpenFile) (model.Opened, error) {
				r, err := was(o)
				if o.File.Name != "cbc" {
					r.ContentSHA256 = strings.Repeat("7", 64)
				}
				return r, err
			}
		})},
		{"open-results-portal", "assistant", func(s *stage) model.Screen {
			p := s.assistant(protocol.PliOpen, tender("a"), "")
			p.Send(model.Deliver{To: model.ToPortal}, model.Consent{Trusted: true})
			return p.Screen
		}},
		{"open-consent-no-saving", "assistant", opened(origin, tender("a", "b"), "", false, func(s *stage) { s.noSaving = true })},
		{"open-consent-folder", "assistant", inFolder(one, "Séance du 22 novembre")},
		{"open-consent-folder-chosen", "assistant", inFolder(tender("a"), "Séance du 22 novembre", model.ChooseFolder{})},
		{"open-consent-folder-refused", "assistant", inFolder(one, "", model.ChooseFolder{})},
		{"open-results-folder", "assistant", inFolder(one, "Séance du 22 novembre", model.ChooseFolder{}, model.Consent{Trusted: true})},
		{"offline-forbidden", "offline", func(s *stage) model.Screen { s.noSaving = true; return model.NewOffline(s.env()) }},
		{"offline-pick", "offline", func(s *stage) model.Screen { return model.NewOffline(s.env()) }},
		{"offline-too-many", "offline", func(s *stage) model.Screen {
			f := model.NewOffline(s.env())
			f.Update(model.FilesDropped{Files: make([]model.FileRef, protocol.MaxPlis+1)})
			return f
		}},
		{"offline-results", "offline", func(s *stage) model.Screen {
			was := s.world.Open
			s.world.Open = func(o model.OpenFile) (model.Opened, error) {
				if !o.Raw {
					return model.Opened{}, fault.New(fault.PliNotOurs)
				}
				return was(o)
			}
			f := model.NewOffline(s.env())
			p := modeltest.Start(f, s.world)
			p.Send(model.FilesDropped{Files: []model.FileRef{{Name: "cbc", Size: 1200}}})
			p.Tick()
			p.Send(model.Consent{Trusted: true})
			return f
		}},
	}...)
}
