package serve

import (
	"context"

	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
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
	mark, err := s.journalMark()
	if err != nil {
		guard.End(batch.ID)
		return protocol.BatchResult{}, err
	}
	return protocol.BatchResult{ID: batch.ID, Expires: batch.Expires, Version: version.Version, Journal: mark}, nil
}

// journalMark is where the journal stands now.
func (s *Service) journalMark() (*protocol.JournalMark, error) {
	record, err := s.journal()
	if err != nil {
		return nil, err
	}
	lines, chain, err := record.Mark()
	if err != nil {
		return nil, err
	}
	return &protocol.JournalMark{Lines: lines, Chain: chain}, nil
}

// EndBatch answers host.batch.end: withdraws a consent. One that is unknown or
// over already is ended as well.
func (s *Service) EndBatch(_ context.Context, p protocol.BatchEndParams) (protocol.BatchEndResult, error) {
	guard, err := s.guard()
	if err != nil {
		return protocol.BatchEndResult{}, err
	}
	guard.End(p.ID)
	mark, err := s.journalMark()
	return protocol.BatchEndResult{Journal: mark}, err
}
