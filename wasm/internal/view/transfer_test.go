package view_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/model"
	"scelle/wasm/internal/model/modeltest"
	"scelle/wasm/internal/trust"
)

// transferring makes the portal sign a transfer of five plis of two tenders
// from the key of this computer to two fixed ones.
func (s *stage) transferring() {
	s.at = date(2026, 12, 1) // when all three certificates are valid
	s.world.Host[protocol.HostBatchBegin] = func(any) (any, error) {
		return protocol.BatchResult{ID: "b", Expires: s.at.Add(time.Hour), Version: "0.1.0"}, nil
	}
	list := &lists.Transfer{Origin: origin, Issued: s.at, From: recipientOf(s.cert, "Bureau de Marie Durand")}
	for file, label := range map[string]string{"next.pem": "Bureau de Paul Martin", "backup.pem": "Coffre du service"} {
		list.To = append(list.To, recipientOf(readCertificate(s.t, file), label))
	}
	slices.SortFunc(list.To, func(a, b lists.Recipient) int { return strings.Compare(a.Label, b.Label) })
	list.To[1].Kind = lists.Recovery
	for i, label := range []string{"Société Alpha", "Bêta et fils", "Gamma SARL", "Delta", "Epsilon"} {
		list.Plis = append(list.Plis, lists.TransferPli{Tender: []string{"2026-T-042", "2026-T-051"}[i/3], Pli: lists.Pli{ID: strings.Repeat(string(rune('a'+i)), 64),
			HeaderSHA256: strings.Repeat(string(rune('a'+i)), 64), Label: label, Kind: pli.Offre}})
	}
	data, err := list.Encode()
	if err != nil {
		s.t.Fatal(err)
	}
	pin := strings.Repeat("3b6a", 16)
	s.world.Verify = func([]byte) (*trust.Signed, error) { return &trust.Signed{Pin: pin, JSON: data}, nil }
	s.world.Worker[protocol.SiteTrust] = func(any) (any, error) { return protocol.TrustResult{Pins: []string{pin}}, nil }
	s.world.Rewrap = func(e model.RewrapFile) (model.Rewrapped, error) {
		return model.Rewrapped{Verified: e.File.Name[0] == 'a'}, nil
	}
	s.world.Page[protocol.CallReplaceRecipients] = func(any, []model.FileRef) (any, error) { return nil, nil }
}

// readCertificate is one of testdata.
func readCertificate(t *testing.T, file string) *keypair.Certificate {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := keypair.Read(pem)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func recipientOf(cert *keypair.Certificate, label string) lists.Recipient {
	return lists.Recipient{Thumbprint: cert.Thumbprint(), Certificate: cert.Raw, Mechanism: envelope.ECDH, Kind: lists.Personal, NotAfter: cert.NotAfter, Label: label}
}

// transferred plays a transfer; msgs follow.
func transferred(set func(*stage), hold string, msgs ...model.Msg) func(*stage) model.Screen {
	return func(s *stage) model.Screen {
		s.transferring()
		if set != nil {
			set(s)
		}
		p := s.assistant(protocol.PliRewrap, protocol.RewrapParams{TransferList: []byte{1}}, hold)
		p.Send(msgs...)
		release(p, hold)
		return p.Screen
	}
}

// release answers what a paused scene kept back.
func release(p *modeltest.Player, hold string) {
	if hold != "" {
		p.Release()
	}
}

func transferScenes() []scene {
	consent := model.Consent{Trusted: true}
	return []scene{
		{"transfer-consent", "assistant", transferred(nil, "")},
		{"transfer-paused", "assistant", transferred(nil, "rewrap b", consent, model.Pause{})},
		{"transfer-interrupted", "assistant", transferred(func(s *stage) {
			was, n := s.world.Host[protocol.HostUnwrap], 0
			s.world.Host[protocol.HostUnwrap] = func(p any) (any, error) {
				if n++; n > 2 {
					return nil, fault.New(fault.TokenRemoved)
				}
				return was(p)
			}
		}, "", consent)},
		{"transfer-no-key", "assistant", transferred(func(s *stage) { s.keys = nil }, "")},
		{"transfer-results", "assistant", transferred(func(s *stage) {
			n := 0
			s.world.Page[protocol.CallReplaceRecipients] = func(any, []model.FileRef) (any, error) {
				if n++; n == 2 {
					return nil, fault.New(fault.TransferChanged)
				}
				return nil, nil
			}
		}, "", consent)},
	}
}
