package serve

import (
	"context"

	"scelle/host/internal/keystore"
	"scelle/host/internal/selfsign"
	"scelle/shared/protocol"
)

// Generate answers host.keys.generate: makes a pair in memory, stores it, and
// tests that the store opens what is sealed to it. An empty Name is the common
// name.
func (s *Service) Generate(ctx context.Context, p protocol.GenerateParams) (protocol.KeyResult, error) {
	cn, err := checkedName(p.CommonName)
	if err != nil {
		return protocol.KeyResult{}, err
	}
	name := cn
	if p.Name != "" {
		if name, err = checkedName(p.Name); err != nil {
			return protocol.KeyResult{}, err
		}
	}
	into, err := s.importer(ctx) // before the work, not after it
	if err != nil {
		return protocol.KeyResult{}, err
	}
	pair, err := selfsign.MakePair(ctx, keystore.GenerateOptions{
		CommonName: cn,
		Name:       name,
		Bits:       protocol.GeneratedKeyBits,
		NotAfter:   selfsign.Lifetime(s.now()),
	})
	if err != nil {
		return protocol.KeyResult{}, err
	}
	return s.keepBacked(ctx, into, pair, p.Backup)
}
