package store

import "context"

// Opener is a key of the portal that a pli is sealed to.
type Opener struct {
	Pli        string
	Key        string // id
	Name       string
	Thumbprint string
	Recovery   bool
	Holder     string // name of the agent who registered it
	Deleted    bool   // its registration was given up: whoever has its private key can still open
}

// Openers lists, for each pli of a consultation, the keys that open it, as its
// RecipientInfos were matched when it came: personal ones first, by name.
func (s *Store) Openers(ctx context.Context, tender string) (map[string][]Opener, error) {
	all, err := collect(ctx, s.db, func(row scanner) (o Opener, err error) {
		err = row.Scan(&o.Pli, &o.Key, &o.Name, &o.Thumbprint, &o.Recovery, &o.Holder, &o.Deleted)
		return o, err
	}, `SELECT pli_keys.pli, keys.id, keys.name, keys.thumbprint, keys.recovery, users.name, keys.state = 'discarded'
		FROM pli_keys JOIN plis ON plis.id = pli_keys.pli JOIN keys ON keys.id = pli_keys.key JOIN users ON users.id = keys.created_by
		WHERE plis.tender = ? ORDER BY keys.recovery, keys.name COLLATE NOCASE, keys.id`, tender)
	byPli := make(map[string][]Opener)
	for _, o := range all {
		byPli[o.Pli] = append(byPli[o.Pli], o)
	}
	return byPli, err
}
