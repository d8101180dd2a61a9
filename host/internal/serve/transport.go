package serve

import (
	"context"

	"scelle/shared/protocol"
)

// BeginTransport answers host.transport.begin: a one-time certificate, to
// which a portal seals a key pair that it made. It serves one Import on this
// connection.
func (s *Service) BeginTransport(ctx context.Context, _ protocol.Empty) (protocol.TransportResult, error) {
	// A portal should not make a key for a computer that cannot take one.
	if _, err := s.importer(ctx); err != nil {
		return protocol.TransportResult{}, err
	}
	ticket, err := s.oneTime.Begin(ctx)
	if err != nil {
		return protocol.TransportResult{}, err
	}
	return protocol.TransportResult{ID: ticket.ID, Certificate: ticket.Certificate, Expires: ticket.Expires}, nil
}
