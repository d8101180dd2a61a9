package serve

import (
	"context"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Unwrap answers host.keys.unwrap: opens one content-encryption key. What may
// be asked, how often, and that no answer is a padding oracle, is package
// unwrap's business and the same for every store.
func (s *Service) Unwrap(ctx context.Context, p protocol.UnwrapParams) (protocol.UnwrapResult, error) {
	envelope, err := unwrap.ParseEnvelope(p.Envelope)
	if err != nil {
		return protocol.UnwrapResult{}, err
	}
	if len(p.Origin) > maxLabel {
		return protocol.UnwrapResult{}, fault.Newf(fault.BadRequest, "origin")
	}
	h, err := s.recall(ctx, p.Thumbprint)
	if err != nil {
		return protocol.UnwrapResult{}, err
	}
	guard, err := s.guard()
	if err != nil {
		return protocol.UnwrapResult{}, err
	}
	verb, err := verbOf(p.Verb)
	if err != nil {
		return protocol.UnwrapResult{}, err
	}
	ctx = keystore.WithPurpose(ctx, keystore.Purpose{Origin: p.Origin, Action: string(verb)})
	contentKey, err := guard.Unwrap(ctx, s.opener(h), unwrap.Request{
		Certificate:      h.der,
		RecipientInfo:    p.RecipientInfo,
		ContentAlgorithm: p.ContentAlgorithm,
		Origin:           p.Origin,
		Envelope:         envelope,
		Batch:            p.Batch,
		Verb:             verb,
	})
	return protocol.UnwrapResult{ContentKey: contentKey}, err
}

// verbOf is what the journal calls a purpose.
func verbOf(v protocol.Verb) (journal.Verb, error) {
	switch v {
	case protocol.VerbOpen:
		return journal.Open, nil
	case protocol.VerbProve:
		return journal.Prove, nil
	case protocol.VerbRewrap:
		return journal.Rewrap, nil
	case protocol.VerbRehearse:
		return journal.Rehearse, nil
	}
	return "", fault.Newf(fault.BadRequest, "verb")
}

// recall is findKey without looking at the stores again, where they have shown
// this certificate before: the plis of an opening ask for the same key many
// times over, and reading every store takes longer than using one key.
func (s *Service) recall(ctx context.Context, thumbprint string) (holding, error) {
	s.mu.Lock()
	h, known := s.known[thumbprint]
	s.mu.Unlock()
	if known {
		return h, nil
	}
	return s.findKey(ctx, thumbprint)
}

// opener opens the private key when the question was allowed. A key that is
// not where it was is looked for, and one whose store is out of order, too: the
// same key may be elsewhere. When it is not, the first fault is told: it says
// what to mend, while the look only found nothing.
func (s *Service) opener(h holding) unwrap.Opener {
	return func(ctx context.Context) (unwrap.Key, error) {
		key, err := h.unwrapper(ctx)
		if !elsewhere(fault.CodeOf(err)) {
			return key, err
		}
		found, missing := s.findKey(ctx, h.shown.Thumbprint)
		switch {
		case missing == nil:
			return found.unwrapper(ctx)
		case fault.CodeOf(err) == fault.KeyNotFound:
			return nil, missing
		}
		return nil, err
	}
}

// elsewhere says whether after this fault a key may be found in another place.
// What a person answered, and a key that cannot do what was asked, is final.
func elsewhere(code fault.Code) bool {
	switch code {
	case fault.KeyNotFound, fault.TokenRemoved, fault.TokenNotResponding,
		fault.StoreMissing, fault.StoreFailed, fault.StoreDamaged, fault.StoreLibrary:
		return true
	}
	return false
}

// unwrapper opens the private key in the first store that has it. A person who
// cancels is not asked by the next one.
func (h holding) unwrapper(ctx context.Context) (keystore.Unwrapper, error) {
	err := error(fault.New(fault.KeyNotFound))
	for _, p := range h.places {
		if !p.entry.HasKey {
			break // those with a key come first
		}
		key, failed := p.store.Unwrapper(ctx, p.entry.URI)
		if failed == nil {
			return key, nil
		}
		err = failed
		if fault.CodeOf(err) == fault.PINCancelled {
			break
		}
	}
	return nil, err
}
