package site

import (
	"context"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/keyhealth"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// openings are, for each key of a service, the consultations that its plis are
// being sealed for, the nearest first, at most protocol.MaxOpenings.
func (s *Server) openings(ctx context.Context, service string) (map[string][]protocol.KeyOpening, error) {
	tenders, err := s.store.Tenders(ctx)
	if err != nil {
		return nil, err
	}
	all := make(map[string][]protocol.KeyOpening)
	for _, t := range tenders {
		if t.Service.ID != service || !t.Open(s.Now()) {
			continue
		}
		keys, err := s.store.TenderKeys(ctx, t)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if k.Chosen && len(all[k.ID]) < protocol.MaxOpenings {
				all[k.ID] = append(all[k.ID], protocol.KeyOpening{Tender: t.Reference, At: t.Deadline})
			}
		}
	}
	return all, nil
}

// health is what the portal itself knows of a key: all but whether its private
// half is on the agent's computer, which scelle.health() adds in the page.
func (s *Server) health(k store.Key, openings []protocol.KeyOpening) []keyhealth.Finding {
	facts := protocol.ServiceKey{State: k.State, Mode: k.Mode, Openings: openings}.Facts()
	facts.NotAfter, facts.Proven = k.NotAfter, k.Proven
	if c, err := keypair.Parse(k.Certificate); err == nil {
		facts.AlsoSigns = c.AlsoSigns()
	}
	return keyhealth.Check(facts, s.Now())
}
