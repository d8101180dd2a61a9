package unwrap_test

import (
	"context"

	"scelle/host/internal/journal"
	"scelle/host/internal/unwrap"
	"scelle/shared/envelope"
)

// use opens a key that is at hand, with all its powers; closing it changes
// nothing.
func use(key envelope.PrivateKey) unwrap.Opener {
	var opened unwrap.Key = open{key}
	if sessions, ok := key.(envelope.SessionKeyDecrypter); ok {
		opened = struct {
			open
			envelope.SessionKeyDecrypter
		}{open{key}, sessions}
	}
	return func(context.Context) (unwrap.Key, error) { return opened, nil }
}

type open struct{ envelope.PrivateKey }

func (open) Close() error { return nil }

// nowhere is a journal that takes everything and keeps nothing.
type nowhere struct{}

func (nowhere) Ready() error            { return nil }
func (nowhere) Add(journal.Entry) error { return nil }
