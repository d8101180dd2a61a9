package model_test

import (
	"slices"
	"strings"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
)

func TestProofTriesTheNextMechanism(t *testing.T) {
	unable := func(code fault.Code) func(*portal) {
		return func(p *portal) {
			was := p.world.Host[protocol.HostUnwrap]
			n := 0
			p.world.Host[protocol.HostUnwrap] = func(params any) (any, error) {
				if n++; n <= 2 {
					return nil, fault.New(code)
				}
				return was(params)
			}
		}
	}
	for name, set := range map[string]func(*portal){
		"mechanism missing": unable(fault.MechanismMissing),
		"key not readable":  unable(fault.EnvelopeUnreadable),
		"proof not readable": func(p *portal) {
			was := p.world.Small
			p.world.Small = func(s model.OpenSmall) (string, error) {
				if string(s.Envelope) != string(envelope.RSAPKCS1) {
					return "", fault.New(fault.EnvelopeUnreadable)
				}
				return was(s)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			set(p)
			player, a := p.add(protocol.AddParams{})
			fill(player, protocol.ModeLocal, "")
			player.Send(model.Register{Trusted: true})
			if a.Phase != model.AddDone || p.mechanism != envelope.RSAPKCS1 || player.Count("page requestChallenge") != 3 {
				t.Errorf("phase %s, mechanism %s, log %v", a.Phase, p.mechanism, player.Log)
			}
			if !slices.Equal(p.refused, []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1}) {
				t.Errorf("refused %v", p.refused)
			}
		})
	}
}

func TestProofEnds(t *testing.T) {
	other := newPortal(t).cert
	for _, c := range []struct {
		name  string
		set   func(*portal)
		code  fault.Code
		retry bool
		never string // a line that must not be there
	}{
		{"no mechanism left", func(p *portal) {
			p.world.Host[protocol.HostUnwrap] = func(any) (any, error) { return nil, fault.New(fault.MechanismMissing) }
		}, fault.ProofFailed, true, "page submitProof"},
		{"portal repeats a refused mechanism", func(p *portal) {
			p.offered = []envelope.Mechanism{envelope.RSAPKCS1, envelope.RSAPKCS1}
			p.world.Host[protocol.HostUnwrap] = func(any) (any, error) { return nil, fault.New(fault.MechanismMissing) }
		}, fault.ProofFailed, true, "page submitProof"},
		{"challenge to somebody else", func(p *portal) {
			p.world.Bytes = func([]byte) (model.EnvelopeInfo, error) {
				return model.EnvelopeInfo{Recipients: []model.RecipientInfo{{Issuer: other.IssuerRaw, Serial: other.SerialRaw}}}, nil
			}
		}, fault.ProofForeign, false, "host host.keys.unwrap"},
		{"challenge that is no envelope", func(p *portal) {
			p.world.Bytes = func([]byte) (model.EnvelopeInfo, error) {
				return model.EnvelopeInfo{}, fault.New(fault.EnvelopeMalformed)
			}
		}, fault.ProofForeign, false, "host host.keys.unwrap"},
		{"plaintext is no proof", func(p *portal) {
			p.world.Small = func(model.OpenSmall) (string, error) { return "", fault.New(fault.ProofForeign) }
		}, fault.ProofForeign, false, "page submitProof"},
		{"other mechanism than announced", func(p *portal) {
			p.world.Bytes = func([]byte) (model.EnvelopeInfo, error) {
				return model.EnvelopeInfo{Recipients: []model.RecipientInfo{p.recipient("rsa-pkcs1")}}, nil
			}
		}, fault.PortalFailed, true, "host host.keys.unwrap"},
		{"portal does not activate", func(p *portal) {
			p.world.Page[protocol.CallSubmitProof] = func(any, []model.FileRef) (any, error) { return p.registration(), nil }
		}, fault.ProofFailed, true, "worker"},
		{"page is gone", func(p *portal) { p.failOnce("page submitProof", fault.SessionLost) }, fault.SessionLost, false, "worker"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPortal(t)
			c.set(p)
			player, a := p.add(protocol.AddParams{})
			fill(player, protocol.ModeLocal, "")
			player.Send(model.Register{Trusted: true})
			if a.Phase != model.AddFailed || a.Fault.Code != c.code || a.Retryable() != c.retry || player.Did(c.never) {
				t.Errorf("phase %s, fault %v, retry %v, log %v", a.Phase, a.Fault, a.Retryable(), player.Log)
			}
			player.Send(model.Close{})
			if !player.Closed || p.finished.Fault == nil || p.finished.Fault.Code != c.code {
				t.Errorf("finished %+v", p.finished)
			}
		})
	}
}

// Of a content without authentication, "cannot be read" and "is no proof" look
// the same to the page: the next mechanism is asked for, and then no more.
func TestUnauthenticatedChallengeIsNoOracle(t *testing.T) {
	var logs [2][]string
	for i, code := range []fault.Code{fault.ProofForeign, fault.EnvelopeUnreadable} {
		p := newPortal(t)
		was := p.world.Bytes
		p.world.Bytes = func(e []byte) (model.EnvelopeInfo, error) {
			info, err := was(e)
			info.Authenticated = false
			return info, err
		}
		p.world.Small = func(model.OpenSmall) (string, error) { return "", fault.New(code) }
		player, a := p.add(protocol.AddParams{})
		fill(player, protocol.ModeLocal, "")
		player.Send(model.Register{Trusted: true})
		if a.Phase != model.AddFailed || a.Fault.Code != fault.ProofFailed || player.Did("page submitProof") {
			t.Errorf("%s: phase %s, fault %v", code, a.Phase, a.Fault)
		}
		logs[i] = player.Log
	}
	if !slices.Equal(logs[0], logs[1]) {
		t.Errorf("the page can tell them apart:\n%v\n%v", logs[0], logs[1])
	}
}

func TestPortalAnswersAreChecked(t *testing.T) {
	for name, r := range map[string]protocol.Registration{
		"no id":            {State: protocol.AwaitingProof},
		"other thumbprint": {ID: "k1", State: protocol.AwaitingProof, Thumbprint: strings.Repeat("0", 64)},
		"discarded":        {ID: "k1", State: protocol.Discarded},
		"unknown state":    {ID: "k1", State: "enabled"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t)
			if r.Thumbprint == "" {
				r.Thumbprint = p.entry.Thumbprint
			}
			p.world.Page[protocol.CallSubmitCertificate] = func(any, []model.FileRef) (any, error) { return r, nil }
			player, a := p.add(protocol.AddParams{})
			fill(player, protocol.ModeLocal, "")
			player.Send(model.Register{Trusted: true})
			if a.Phase != model.AddFailed || a.Fault.Code != fault.PortalFailed {
				t.Errorf("phase %s, fault %v", a.Phase, a.Fault)
			}
		})
	}
}

func TestServerKeyMustBeTheAnnouncedOne(t *testing.T) {
	p := newPortal(t)
	was := p.world.Page[protocol.CallRequestServerKey]
	p.world.Page[protocol.CallRequestServerKey] = func(args any, f []model.FileRef) (any, error) {
		r, err := was(args, f)
		k := r.(protocol.ServerKey)
		k.Registration.Thumbprint = strings.Repeat("0", 64)
		return k, err
	}
	player, a := p.add(protocol.AddParams{})
	fill(player, protocol.ModeServer, "")
	player.Send(model.Register{Trusted: true})
	if a.Phase != model.AddFailed || a.Fault.Code != fault.TransportFailed || player.Did("page requestChallenge") {
		t.Errorf("phase %s, fault %v", a.Phase, a.Fault)
	}
}

func TestResume(t *testing.T) {
	t.Run("awaiting proof", func(t *testing.T) {
		p := newPortal(t)
		p.state = protocol.AwaitingProof
		r := p.registration()
		player, a := p.add(protocol.AddParams{Name: "Bureau", Resume: &r})
		if a.Phase != model.AddResume {
			t.Fatalf("phase %s, fault %v", a.Phase, a.Fault)
		}
		player.Send(model.Register{Trusted: true})
		if a.Phase != model.AddResume {
			t.Fatal("went on before the button was armed")
		}
		player.Tick()
		player.Send(model.Register{Trusted: true})
		if a.Phase != model.AddDone || player.Did("page submitCertificate") || p.state != protocol.Active {
			t.Errorf("phase %s, log %v", a.Phase, player.Log)
		}
	})
	t.Run("key not here", func(t *testing.T) {
		p := newPortal(t)
		p.state = protocol.AwaitingProof
		p.entry.HasKey = false
		r := p.registration()
		player, a := p.add(protocol.AddParams{Resume: &r})
		if a.Phase != model.AddFailed || a.Fault.Code != fault.KeyNotFound || a.Changeable() {
			t.Errorf("phase %s, fault %v", a.Phase, a.Fault)
		}
		player.Send(model.Close{})
		if p.finished == nil || p.finished.Fault.Code != fault.Cancelled {
			t.Errorf("the page learns which certificates are not here: %+v", p.finished)
		}
	})
	t.Run("never arrived", func(t *testing.T) {
		p := newPortal(t)
		p.state = protocol.AwaitingImport
		r := p.registration()
		player, a := p.add(protocol.AddParams{Name: "Bureau", Resume: &r})
		if a.Phase != model.AddMode || a.Mode != protocol.ModeServer || !a.Stale() {
			t.Fatalf("phase %s, mode %s, fault %v", a.Phase, a.Mode, a.Fault)
		}
		player.Tick()
		player.Send(model.Register{Trusted: true})
		if a.Phase != model.AddDone || player.Count("page discard") != 1 || player.Count("page requestServerKey") != 1 {
			t.Errorf("phase %s, log %v", a.Phase, player.Log)
		}
	})
	t.Run("arrived after all", func(t *testing.T) {
		p := newPortal(t)
		p.state = protocol.AwaitingImport
		p.world.Host[protocol.HostPresent] = func(params any) (any, error) {
			return protocol.HostPresentResult{Present: params.(protocol.PresentParams).Thumbprints}, nil
		}
		r := p.registration()
		player, a := p.add(protocol.AddParams{Resume: &r})
		player.Tick()
		player.Send(model.Register{Trusted: true})
		if a.Phase != model.AddDone || player.Did("page discard") {
			t.Errorf("phase %s, log %v", a.Phase, player.Log)
		}
	})
	t.Run("already active", func(t *testing.T) {
		p := newPortal(t)
		p.state = protocol.Active
		r := p.registration()
		_, a := p.add(protocol.AddParams{Resume: &r})
		if a.Phase != model.AddDone {
			t.Errorf("phase %s, fault %v", a.Phase, a.Fault)
		}
	})
	t.Run("nonsense", func(t *testing.T) {
		_, a := newPortal(t).add(protocol.AddParams{Resume: &protocol.Registration{ID: "x", State: protocol.AwaitingProof, Thumbprint: "../x"}})
		if a.Phase != model.AddFailed || a.Fault.Code != fault.BadRequest {
			t.Errorf("phase %s, fault %v", a.Phase, a.Fault)
		}
	})
}
