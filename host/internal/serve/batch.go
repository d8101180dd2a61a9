package serve

import (
	"context"

	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// maxLabel bounds an origin or a tender's reference, in bytes.
const maxLabel = 512

// BeginBatch answers host.batch.begin: notes what a person consented to open.
func (s *Service) BeginBatch(_ context.Context, p protocol.BatchParams) (protocol.BatchResult, error) {
	if len(p.Origin) > maxLabel || len(p.Tender) > maxLabel {
		return protocol.BatchResult{}, fault.Newf(fault.BadRequest, "origin or tender")
	}
	envelopes := make([]unwrap.Envelope, 0, len(p.Envelopes))
	for _, hex := range p.Envelopes {
		e, err := unwrap.ParseEnvelope(hex)
		if err != nil {
			return protocol.BatchResult{}, err
		}
		envelopes = append(envelopes, e)
	}
	guard, err := s.guard()
	if err != nil {
		return protocol.BatchResult{}, err
	}
	batch, err := guard.Begin(p.Origin, envelopes)
	if err != nil {
		return protocol.BatchResult{}, err
	}
	return protocol.BatchResult{ID: batch.ID, Expires: batch.Expires}, nil
}

// EndBatch answers host.batch.end: withdraws a consent. One that is unknown or
// over already is ended as well.
func (s *Service) EndBatch(_ context.Context, p protocol.BatchEndParams) (protocol.Empty, error) {
	guard, err := s.guard()
	if err != nil {
		return protocol.Empty{}, err
	}
	guard.End(p.ID)
	return protocol.Empty{}, nil
}
