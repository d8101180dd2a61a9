package serve

import (
	"context"

	"scelle/host/internal/confine"
	"scelle/host/internal/doctor"
	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Doctor answers host.doctor.
func (s *Service) Doctor(ctx context.Context, _ protocol.Empty) (protocol.DoctorResult, error) {
	if s.system == nil {
		return protocol.DoctorResult{}, fault.Newf(fault.UnknownMethod, "%s", protocol.HostDoctor)
	}
	c, err := s.system()
	if err != nil {
		return protocol.DoctorResult{}, err
	}
	c.Now, c.Journal = s.now(), s.journal
	c.Confined = s.confined == confine.Full || s.confined == confine.Partial
	for _, store := range s.stores() {
		c.Stores = append(c.Stores, store.Status(ctx))
		if tokens, ok := store.(keystore.TokenLister); ok {
			// What keeps them from being seen is in the store's status.
			list, _ := tokens.Tokens(ctx)
			c.Tokens = append(c.Tokens, list...)
		}
	}
	holdings, _ := s.inventory(ctx)
	for _, h := range holdings {
		if h.shown.HasKey {
			c.Keys = append(c.Keys, h.shown)
		}
	}
	return doctor.Examine(c), nil
}
