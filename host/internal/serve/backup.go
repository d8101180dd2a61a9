package serve

import (
	"context"
	"slices"
	"time"

	"scelle/host/internal/backup"
	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/unwrap"
	"scelle/shared/keypair"
	"scelle/shared/pkcs12x"
	"scelle/shared/protocol"
)

// keepBacked is keep with a protected copy, where one is wanted. It is made
// and noted before the store has the pair, since no store gives one out, and
// handed over only when the store has it.
func (s *Service) keepBacked(ctx context.Context, into importer, pair keystore.Pair, wanted bool) (protocol.KeyResult, error) {
	if !wanted {
		return s.keep(ctx, into, pair)
	}
	record, err := s.journal()
	if err != nil {
		return protocol.KeyResult{}, err
	}
	var made *backup.Copy
	note := journal.Entry{Verb: journal.Backup, Key: keypair.Thumbprint(pair.Certificate)}
	_, err = unwrap.Recorded(record, note, func() (_ []byte, err error) {
		made, err = backup.Make(pair)
		return nil, err
	})
	if err != nil {
		made.Clear()
		return protocol.KeyResult{}, err
	}
	result, err := s.keep(ctx, into, pair)
	if err != nil {
		made.Clear()
		return protocol.KeyResult{}, err
	}
	result.Backup = &protocol.Backup{File: made.File, Words: made.Passphrase}
	return result, nil
}

// BackupTest answers host.backup.test: opens a protected copy in memory and
// has its key open what is sealed to its certificate. No store is written to.
// Errors: those of pkcs12x.Decode (fault.P12Password: the words are another
// copy's), of backup.Prove and of the journal. The frame, the parameters and
// the words are wiped; what encoding/json copied while it read them cannot be,
// and goes with the process, which ends with the window.
func (s *Service) BackupTest(ctx context.Context, p protocol.BackupTestParams) (protocol.BackupTestResult, error) {
	defer clear(p.Words)
	result := protocol.BackupTestResult{Unknown: []int{}, At: s.now().UTC().Truncate(time.Second)}
	reading := backup.Read(p.Words)
	defer clear(reading.Passphrase)
	result.Count = reading.Count
	result.Unknown = append(result.Unknown, reading.Unknown...)
	if reading.Passphrase == nil {
		return result, nil
	}
	bundle, err := pkcs12x.Decode(p.File, reading.Passphrase)
	if err != nil {
		return protocol.BackupTestResult{}, err
	}
	shown, err := s.drill(ctx, bundle)
	result.Certificate = shown
	return result, err
}

// drill uses a copy's key, and notes that.
func (s *Service) drill(ctx context.Context, bundle *pkcs12x.Bundle) (*protocol.Certificate, error) {
	record, err := s.journal()
	if err != nil {
		return nil, err
	}
	thumbprint := keypair.Thumbprint(bundle.Certificate)
	_, err = unwrap.Recorded(record, journal.Entry{Verb: journal.Drill, Key: thumbprint}, func() ([]byte, error) {
		return nil, backup.Prove(ctx, bundle)
	})
	if err != nil {
		return nil, err
	}
	shown := s.described(ctx, bundle, thumbprint)
	return &shown, nil
}

// described is a copy's certificate: as it is in a store, where one has it.
func (s *Service) described(ctx context.Context, bundle *pkcs12x.Bundle, thumbprint string) protocol.Certificate {
	holdings, _ := s.inventory(ctx) // a store that cannot be read changes nothing about the copy
	i := slices.IndexFunc(holdings, func(h holding) bool { return h.shown.Thumbprint == thumbprint })
	if i >= 0 {
		return holdings[i].shown
	}
	h := holding{der: bundle.Certificate, places: []place{{entry: keystore.Entry{Name: ownName(bundle), Certificate: bundle.Certificate}}}}
	h.describe(s.now())
	h.shown.Places = []string{}
	return h.shown
}

// Restore answers host.backup.restore: the pair of a protected copy goes into
// the store under the name that it had, as every other file would.
func (s *Service) Restore(ctx context.Context, p protocol.BackupRestoreParams) (protocol.KeyResult, error) {
	defer clear(p.Words)
	return s.ImportFile(ctx, p.File, p.Words, "")
}
