package store

import (
	"context"
	"database/sql"
	"time"

	"scelle/shared/protocol"
)

// Tender is a consultation.
type Tender struct {
	ID        string
	Service   Service
	Reference string
	Title     string
	Deadline  time.Time
	AllKeys   bool // every personal key of the service receives, or only the chosen ones
	Lots      []Lot
}

// Open reports whether plis are still taken at this time.
func (t *Tender) Open(now time.Time) bool { return now.Before(t.Deadline) }

// HasLot reports whether plis may be for this lot: one of them, or "" in a
// consultation without lots.
func (t *Tender) HasLot(number string) bool {
	for _, l := range t.Lots {
		if l.Number == number {
			return true
		}
	}
	return number == "" && len(t.Lots) == 0
}

// Lot is a part of a consultation.
type Lot struct{ Number, Title string }

// AddTender adds a consultation with its lots.
func (s *Store) AddTender(ctx context.Context, t Tender) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO tenders (id, service, reference, title, deadline) VALUES (?, ?, ?, ?, ?)",
			t.ID, t.Service.ID, t.Reference, t.Title, millis(t.Deadline))
		for _, l := range t.Lots {
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO lots (tender, number, title) VALUES (?, ?, ?)", t.ID, l.Number, l.Title)
		}
		return err
	})
}

const selectTender = `SELECT tenders.id, services.id, services.name, reference, title, deadline, all_keys
	FROM tenders JOIN services ON services.id = tenders.service `

func (s *Store) scanTender(ctx context.Context) func(scanner) (Tender, error) {
	return func(row scanner) (t Tender, err error) {
		var deadline int64
		if err = row.Scan(&t.ID, &t.Service.ID, &t.Service.Name, &t.Reference, &t.Title, &deadline, &t.AllKeys); err != nil {
			return t, err
		}
		t.Deadline = fromMillis(deadline)
		t.Lots, err = collect(ctx, s.db, func(row scanner) (l Lot, err error) {
			err = row.Scan(&l.Number, &l.Title)
			return l, err
		}, "SELECT number, title FROM lots WHERE tender = ? ORDER BY number", t.ID)
		return t, err
	}
}

// Tenders lists the consultations, the nearest deadline first.
func (s *Store) Tenders(ctx context.Context) ([]Tender, error) {
	return collect(ctx, s.db, s.scanTender(ctx), selectTender+"ORDER BY deadline, reference")
}

// Tender returns one consultation, or ErrNotFound.
func (s *Store) Tender(ctx context.Context, id string) (Tender, error) {
	return first(ctx, s.db, s.scanTender(ctx), selectTender+"WHERE tenders.id = ?", id)
}

// SetDeadline moves a deadline; only a demonstration does.
func (s *Store) SetDeadline(ctx context.Context, id string, deadline time.Time) error {
	_, err := s.db.ExecContext(ctx, "UPDATE tenders SET deadline = ? WHERE id = ?", millis(deadline), id)
	return err
}

// ChooseKeys sets which personal keys receive a consultation's plis: every one
// of the service, or those. Ids that are no personal key of its service are
// left out.
func (s *Store) ChooseKeys(ctx context.Context, tender string, all bool, ids []string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE tenders SET all_keys = ? WHERE id = ?", all, tender)
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM tender_keys WHERE tender = ?", tender)
		}
		for _, id := range ids {
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `INSERT OR IGNORE INTO tender_keys (tender, key) SELECT tenders.id, keys.id FROM tenders JOIN keys ON keys.service = tenders.service
				WHERE tenders.id = ? AND keys.id = ? AND keys.recovery = 0 AND keys.state <> 'discarded'`, tender, id)
		}
		return err
	})
}

// TenderKey is a key of a consultation's service, and what becomes of it.
type TenderKey struct {
	Key
	Chosen  bool // a recovery key, or a personal key that receives this consultation's plis
	Expired bool // no longer a recipient
	TooSoon bool // expires before the deadline
}

// Recipient reports whether plis are sealed to the key at this time.
func (k *TenderKey) Recipient() bool {
	return k.Chosen && !k.Expired && k.State == protocol.Active
}

// TenderKeys lists the active keys of a consultation's service.
func (s *Store) TenderKeys(ctx context.Context, t Tender) ([]TenderKey, error) {
	keys, err := s.Keys(ctx, t.Service.ID)
	if err != nil {
		return nil, err
	}
	chosen := make(map[string]bool)
	_, err = collect(ctx, s.db, func(row scanner) (id string, err error) {
		err = row.Scan(&id)
		chosen[id] = true
		return id, err
	}, "SELECT key FROM tender_keys WHERE tender = ?", t.ID)
	all := []TenderKey{}
	for _, k := range keys {
		if k.State != protocol.Active {
			continue
		}
		all = append(all, TenderKey{
			Key:     k,
			Chosen:  k.Recovery || t.AllKeys || chosen[k.ID],
			Expired: !s.now().Before(k.NotAfter),
			TooSoon: k.NotAfter.Before(t.Deadline),
		})
	}
	return all, err
}
