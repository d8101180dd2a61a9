package store

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// Transfer is one pli that got other keys. By, From and To are names where it
// is read, ids where it is added.
type Transfer struct {
	ID           string
	Pli          string
	By           string
	At           time.Time
	From         string
	To           []string
	SHA256Before string // of the whole file
	SHA256After  string
	HeaderBefore string
	HeaderAfter  string
	Head         []byte // the old file up to its content; only for AddTransfer
	Verified     bool   // the agent's computer tried the content key on the content
}

// AddTransfer makes file the pli's, with the keys that it is sealed to now. The
// size, as the fingerprint of the receipt, stays the deposit's. It changes
// nothing and returns ErrNotFound when the pli has not the header
// t.HeaderBefore any more, or one of t.To was taken off the lists.
func (s *Store) AddTransfer(ctx context.Context, t Transfer, file string, keys []string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		id := NewID()
		fresh, err := changes(tx.ExecContext(ctx, "UPDATE plis SET file = ?, current_sha256 = ?, header_sha256 = ? WHERE id = ? AND header_sha256 IN (?, '')",
			file, t.SHA256After, t.HeaderAfter, t.Pli, t.HeaderBefore))
		if err == nil && !fresh {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO transfers (id, pli, user, at, old_key, sha256_before, sha256_after, header_before, header_after, head, verified) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
			id, t.Pli, t.By, millis(s.now()), t.From, t.SHA256Before, t.SHA256After, t.HeaderBefore, t.HeaderAfter, t.Head, t.Verified)
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM pli_keys WHERE pli = ?", t.Pli)
		}
		for _, k := range keys {
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO pli_keys (pli, key) VALUES (?, ?)", t.Pli, k)
		}
		for _, k := range t.To {
			if err != nil {
				return err
			}
			var active bool
			active, err = changes(tx.ExecContext(ctx, "INSERT INTO transfer_keys (transfer, key) SELECT ?, id FROM keys WHERE id = ? AND state = 'active'", id, k))
			if err == nil && !active {
				err = ErrNotFound
			}
		}
		return err
	})
}

// Transferred reports whether a pli with this header was transferred from this
// key to exactly those, all named by their thumbprints: the answer may have been
// lost, and is asked for again.
func (s *Store) Transferred(ctx context.Context, pli, header, from string, to []string) (bool, error) {
	done, err := collect(ctx, s.db, func(row scanner) (thumbprint string, err error) {
		err = row.Scan(&thumbprint)
		return thumbprint, err
	}, `SELECT keys.thumbprint FROM transfers JOIN keys AS old ON old.id = old_key JOIN transfer_keys ON transfer = transfers.id JOIN keys ON keys.id = transfer_keys.key
		WHERE transfers.pli = ? AND header_before = ? AND old.thumbprint = ? ORDER BY keys.thumbprint`, pli, header, from)
	return len(done) > 0 && slices.Equal(done, slices.Sorted(slices.Values(to))), err
}

// Transfers lists those of a service's plis, the newest first; tender "" is for
// all consultations.
func (s *Store) Transfers(ctx context.Context, service, tender string) ([]Transfer, error) {
	all, err := collect(ctx, s.db, func(row scanner) (t Transfer, err error) {
		var at int64
		err = row.Scan(&t.ID, &t.Pli, &t.By, &at, &t.From, &t.SHA256Before, &t.SHA256After, &t.HeaderBefore, &t.HeaderAfter, &t.Verified)
		t.At = fromMillis(at)
		return t, err
	}, `SELECT transfers.id, transfers.pli, users.name, at, keys.name, sha256_before, sha256_after, header_before, header_after, verified
		FROM transfers JOIN users ON users.id = transfers.user JOIN keys ON keys.id = old_key JOIN plis ON plis.id = transfers.pli JOIN tenders ON tenders.id = plis.tender
		WHERE tenders.service = ? AND (? = '' OR tenders.id = ?) ORDER BY at DESC, transfers.id`, service, tender, tender)
	for i := range all {
		if err != nil {
			return nil, err
		}
		all[i].To, err = collect(ctx, s.db, func(row scanner) (name string, err error) {
			err = row.Scan(&name)
			return name, err
		}, "SELECT keys.name FROM transfer_keys JOIN keys ON keys.id = transfer_keys.key WHERE transfer = ? ORDER BY keys.name", all[i].ID)
	}
	return all, err
}

// FormerSHA256 lists the fingerprints that a pli's file had before its transfers.
func (s *Store) FormerSHA256(ctx context.Context, pli string) ([]string, error) {
	return collect(ctx, s.db, func(row scanner) (sha256 string, err error) {
		err = row.Scan(&sha256)
		return sha256, err
	}, "SELECT sha256_before FROM transfers WHERE pli = ?", pli)
}

// PliKeys lists the ids of the portal's keys that a pli is sealed to.
func (s *Store) PliKeys(ctx context.Context, pli string) ([]string, error) {
	return collect(ctx, s.db, func(row scanner) (id string, err error) {
		err = row.Scan(&id)
		return id, err
	}, "SELECT key FROM pli_keys WHERE pli = ?", pli)
}

// Holding lists the keys of a service that plis are sealed to, whatever their
// state, with Plis the number of those, opened or not.
func (s *Store) Holding(ctx context.Context, service string) ([]Key, error) {
	keys, err := collect(ctx, s.db, scanKey, selectKey+"WHERE service = ? AND id IN (SELECT key FROM pli_keys) ORDER BY recovery, name COLLATE NOCASE, created", service)
	for i := range keys {
		if err != nil {
			return nil, err
		}
		err = s.db.QueryRowContext(ctx, "SELECT count(*) FROM pli_keys WHERE key = ?", keys[i].ID).Scan(&keys[i].Plis)
	}
	return keys, err
}

// PlisOf lists the plis of a service that are sealed to a key, by consultation
// as they came; tender "" is for all consultations.
func (s *Store) PlisOf(ctx context.Context, service, key, tender string) ([]Pli, error) {
	return s.plis(ctx, `WHERE plis.tender IN (SELECT tenders.id FROM tenders WHERE tenders.service = ? AND (? = '' OR tenders.id = ?))
		AND plis.id IN (SELECT pli_keys.pli FROM pli_keys WHERE pli_keys.key = ?) ORDER BY plis.tender, received, plis.id`, service, tender, tender, key)
}

// HeadBefore is what a pli's file began with before a transfer, up to its
// content.
func (s *Store) HeadBefore(ctx context.Context, transfer string) ([]byte, error) {
	return first(ctx, s.db, func(row scanner) (head []byte, err error) {
		err = row.Scan(&head)
		return head, err
	}, "SELECT head FROM transfers WHERE id = ?", transfer)
}
