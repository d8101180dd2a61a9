package model_test

import (
	"crypto/elliptic"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
)

const origin = "https://marches.example.fr"

// portal is a reference portal and host in one: it keeps a registration's
// state the way a real portal does, and checks what it is sent.
type portal struct {
	late       func() time.Time // the clock of an opening, where it is not env's
	t          *testing.T
	world      *modeltest.World
	cert       *keypair.Certificate
	entry      protocol.Certificate
	state      protocol.RegistrationState
	refused    []envelope.Mechanism
	mechanism  envelope.Mechanism
	remembered []string
	finished   *protocol.FinishParams
	prefix     string
	offered    []envelope.Mechanism
}

func newPortal(t *testing.T) *portal {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Marie Durand", Curve: elliptic.P256()})
	cert, err := keypair.Parse(pair.DER)
	if err != nil {
		t.Fatal(err)
	}
	p := &portal{t: t, cert: cert, offered: []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1}}
	p.entry = protocol.Certificate{Thumbprint: cert.Thumbprint(), CommonName: "Marie Durand", Issuer: "Marie Durand", Places: []string{"NSS"},
		NotAfter: time.Date(2029, 3, 12, 13, 5, 0, 0, time.UTC), KeyKind: "rsa", Bits: 3072, HasKey: true, Usable: true}
	p.world = &modeltest.World{Host: p.host(), Worker: p.worker(), Page: p.page()}
	p.world.Bytes = func(e []byte) (model.EnvelopeInfo, error) {
		return model.EnvelopeInfo{HeaderSHA256: strings.Repeat("ab", 32), Authenticated: true, Recipients: []model.RecipientInfo{p.recipient(string(e))}}, nil
	}
	p.world.Small = func(s model.OpenSmall) (string, error) {
		p.prefix = s.Prefix
		return strings.Repeat("cd", 32), nil
	}
	return p
}

func (p *portal) recipient(mechanism string) model.RecipientInfo {
	return model.RecipientInfo{DER: []byte{1}, Issuer: p.cert.IssuerRaw, Serial: p.cert.SerialRaw, Mechanism: mechanism}
}

func (p *portal) registration() protocol.Registration {
	return protocol.Registration{ID: "k1", State: p.state, Thumbprint: p.entry.Thumbprint}
}

func (p *portal) host() map[protocol.Method]func(any) (any, error) {
	made := func(any) (any, error) {
		return protocol.KeyResult{Certificate: p.entry, DER: p.cert.Raw}, nil
	}
	return map[protocol.Method]func(any) (any, error){
		protocol.HostStatus: func(any) (any, error) {
			return protocol.HostStatusResult{Stores: []protocol.StoreStatus{{ID: "nss", Name: "NSS", State: "ready", Import: true}}}, nil
		},
		protocol.HostList: func(any) (any, error) {
			return protocol.ListResult{Certificates: []protocol.Certificate{p.entry}}, nil
		},
		protocol.HostCertificate: func(any) (any, error) {
			return protocol.CertificateResult{Certificate: p.entry, DER: p.cert.Raw}, nil
		},
		protocol.HostGenerate: made,
		protocol.HostImport:   made,
		protocol.HostTransport: func(any) (any, error) {
			return protocol.TransportResult{ID: "t1", Certificate: []byte{4, 2}}, nil
		},
		protocol.HostPresent: func(any) (any, error) { return protocol.HostPresentResult{}, nil },
		protocol.HostUnwrap: func(params any) (any, error) {
			u := params.(protocol.UnwrapParams)
			if u.Origin != origin || u.Thumbprint != p.entry.Thumbprint || u.Envelope == "" {
				p.t.Errorf("unwrap %+v", u)
			}
			return protocol.UnwrapResult{ContentKey: []byte("0123456789abcdef")}, nil
		},
		protocol.HostBatchBegin: func(any) (any, error) { return protocol.BatchResult{ID: "b1"}, nil },
		protocol.HostBatchEnd:   func(any) (any, error) { return protocol.Empty{}, nil },
	}
}

func (p *portal) worker() map[protocol.Method]func(any) (any, error) {
	return map[protocol.Method]func(any) (any, error){
		protocol.SiteRemember: func(params any) (any, error) {
			p.remembered = append(p.remembered, params.(protocol.RememberParams).Thumbprint)
			return protocol.Empty{}, nil
		},
		protocol.SiteTrust: func(any) (any, error) {
			return protocol.TrustResult{Pins: []string{}, Unsigned: protocol.WarnUnsigned}, nil
		},
		protocol.SessionFinish: func(params any) (any, error) {
			f := params.(protocol.FinishParams)
			p.finished = &f
			return protocol.Empty{}, nil
		},
	}
}

func (p *portal) page() map[protocol.Call]func(any, []model.FileRef) (any, error) {
	return map[protocol.Call]func(any, []model.FileRef) (any, error){
		protocol.CallSubmitCertificate: func(args any, _ []model.FileRef) (any, error) {
			if a := args.(protocol.SubmitCertificateArgs); a.Thumbprint != p.entry.Thumbprint || keypair.Thumbprint(a.Certificate) != a.Thumbprint {
				p.t.Errorf("submitted %+v", a)
			}
			p.state = protocol.AwaitingProof
			return p.registration(), nil
		},
		protocol.CallRequestServerKey: func(any, []model.FileRef) (any, error) {
			p.state = protocol.AwaitingImport
			return protocol.ServerKey{Registration: p.registration(), Envelope: []byte{9}}, nil
		},
		protocol.CallRequestChallenge: func(args any, _ []model.FileRef) (any, error) { return p.challenge(args) },
		protocol.CallSubmitProof: func(args any, _ []model.FileRef) (any, error) {
			a := args.(protocol.SubmitProofArgs)
			p.state, p.mechanism = protocol.Active, a.Mechanism
			return p.registration(), nil
		},
		protocol.CallDiscard: func(any, []model.FileRef) (any, error) {
			p.state = protocol.Discarded
			return p.registration(), nil
		},
	}
}

// challenge offers the first mechanism that was not refused, as its envelope
// in name.
func (p *portal) challenge(args any) (any, error) {
	p.refused = args.(protocol.RequestChallengeArgs).Refused
	p.state = protocol.AwaitingProof
	if n := len(p.refused); n < len(p.offered) {
		return protocol.Challenge{Mechanism: p.offered[n], Envelope: []byte(p.offered[n])}, nil
	}
	return nil, fault.New(fault.ProofFailed)
}

// session is an assistant window for a request of the portal's page.
func session(t *testing.T, method protocol.Method, params any) protocol.SessionResult {
	t.Helper()
	raw, err := json.Marshal(params)
	if err != nil {
		t.Fatal(err)
	}
	return protocol.SessionResult{Session: "s1", Method: method, Params: raw, Origin: origin, TabID: 1}
}

func env() model.Env {
	return model.Env{Lang: "fr", Version: "0.1.0", Now: func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }}
}

// opening is what an assistant about plis works for.
func opening(a *model.Assistant) *model.Opening { return a.Part.(*model.Opening) }

// add starts a registration.
func (p *portal) add(params protocol.AddParams) (*modeltest.Player, *model.Add) {
	a := model.NewAssistant(env(), session(p.t, protocol.KeysAdd, params), model.ForKeys)
	return modeltest.Start(a, p.world), a.Part.(*model.Add)
}

// fill fills in the form in a mode, up to the click that uses the key.
func fill(player *modeltest.Player, mode protocol.Mode, thumbprint string) {
	player.Send(model.SetName{Name: "Bureau"}, model.NextStep{}, model.SetMode{Mode: mode})
	if mode == protocol.ModeExisting {
		player.Send(model.ChooseCertificate{Thumbprint: thumbprint})
	}
	player.Tick()
}

func wantStory(t *testing.T, p *modeltest.Player, want string) {
	t.Helper()
	if got := p.Story(); got != strings.TrimSpace(want) {
		t.Errorf("story:\n%s\nwant:\n%s", got, strings.TrimSpace(want))
	}
}
