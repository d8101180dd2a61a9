package view_test

import (
	"crypto/elliptic"
	"strings"
	"time"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/trust"
)

// rehearsal makes the portal sign a list of three keys, the first of which is
// on this computer, and a test pli open to what was sealed.
func (s *stage) rehearsal() {
	s.at = date(2026, 11, 23).Add(-time.Hour) // when key.pem is valid
	at := s.at
	list := &lists.Recipients{Origin: origin, Tender: "2026-T-042", Deadline: at.AddDate(0, 0, 9), Issued: at}
	for i, label := range []string{"Bureau de Marie Durand", "Coffre du service", "Ancien poste de Paul Martin"} {
		cert := s.cert
		if i > 0 {
			var err error
			if cert, err = keypair.Parse(certtest.SelfSigned(s.t, certtest.Options{Curve: elliptic.P256(), Key: i, NotBefore: at.AddDate(-1, 0, 0), NotAfter: at.AddDate(2, 0, 0)}).DER); err != nil {
				s.t.Fatal(err)
			}
		}
		list.Entries = append(list.Entries, lists.Recipient{Thumbprint: cert.Thumbprint(), Certificate: cert.Raw, Mechanism: envelope.ECDH,
			Kind: []lists.Kind{lists.Personal, lists.Recovery, lists.Personal}[i], Revoked: i == 2, NotAfter: cert.NotAfter, Label: label})
	}
	data, err := list.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	pin := strings.Repeat("3b6a", 16)
	s.world.Verify = func([]byte) (*trust.Signed, error) { return &trust.Signed{Pin: pin, JSON: data}, nil }
	s.world.Worker[protocol.SiteTrust] = func(any) (any, error) { return protocol.TrustResult{Pins: []string{pin}}, nil }
	s.world.Test = func(model.SealTest) (model.SealedTest, error) {
		return model.SealedTest{File: model.FileRef{Name: "offre-2026-T-042.p7m", Size: 2900}, SHA256: strings.Repeat("2e", 32)}, nil
	}
}

// rehearsed plays a rehearsal for a key of this computer, one of another, and
// one that was withdrawn.
func rehearsed(consented bool, set func(*stage)) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		s.rehearsal()
		if set != nil {
			set(s)
		}
		p := s.assistant(protocol.PliRehearse, protocol.RehearseParams{Tender: "2026-T-042", Title: "Fournitures de bureau", RecipientList: []byte{1}}, "")
		if consented {
			p.Send(model.Consent{Trusted: true})
		}
		return p.Screen
	}
}

func rehearsalScenes() []scene {
	return []scene{
		{"rehearse-consent", "assistant", rehearsed(false, nil)},
		{"rehearse-no-key", "assistant", rehearsed(false, func(s *stage) { s.keys = nil })},
		{"rehearse-results", "assistant", rehearsed(true, nil)},
		{"rehearse-bad", "assistant", rehearsed(true, func(s *stage) {
			s.world.Open = func(model.OpenFile) (model.Opened, error) { return model.Opened{}, fault.New(fault.EnvelopeUnreadable) }
		})},
		{"rehearse-failed", "assistant", rehearsed(true, func(s *stage) { s.failing(protocol.HostUnwrap, fault.TokenRemoved) })},
	}
}
