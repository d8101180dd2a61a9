package serve

import (
	"context"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/host/internal/unwrap"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// keep stores a new pair and tests it there. A pair that the store takes but
// cannot use is removed again: it would be registered, sealed to, and then
// found useless on the day of the opening.
func (s *Service) keep(ctx context.Context, into importer, pair keystore.Pair) (protocol.KeyResult, error) {
	record, err := s.journal()
	if err != nil {
		return protocol.KeyResult{}, err
	}
	if err := record.Ready(); err != nil {
		return protocol.KeyResult{}, err
	}
	ctx = keystore.WithPurpose(ctx, keystore.Purpose{Action: "import"})
	before := s.has(ctx, into, pair.Certificate)
	entry, err := into.Import(ctx, pair)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	test := journal.Entry{Verb: journal.SelfTest, Key: keypair.Thumbprint(entry.Certificate)}
	_, err = unwrap.Recorded(record, test, func() ([]byte, error) { return nil, selfsign.SelfTest(ctx, into, entry) })
	if err != nil {
		// A pair that was there before is not ours to remove.
		if deleter, ok := into.(keystore.Deleter); ok && !before {
			if undo := deleter.Delete(context.WithoutCancel(ctx), entry.URI); undo != nil {
				s.log("a key that failed its test could not be removed: %s", fault.CodeOf(undo))
			}
		}
		return protocol.KeyResult{}, err
	}
	h := holding{der: entry.Certificate, places: []place{{into, s.storeName(ctx, into), entry}}}
	h.describe(s.now())
	return protocol.KeyResult{Certificate: h.shown, DER: entry.Certificate}, nil
}

// has reports whether the store already holds the private key of der. A store
// that cannot say so now may: nothing is removed on a guess.
func (s *Service) has(ctx context.Context, store keystore.Store, der []byte) bool {
	entries, err := store.List(ctx)
	if err != nil {
		return true
	}
	thumbprint := keypair.Thumbprint(der)
	for _, e := range entries {
		if e.HasKey && keypair.Thumbprint(e.Certificate) == thumbprint {
			return true
		}
	}
	return false
}
