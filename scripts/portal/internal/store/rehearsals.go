package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"scelle/shared/protocol"
)

// Rehearsal is a rehearsal of an opening. By is the agent's name where it is
// read, the agent's id where it is added; Portal is the portal's version then.
type Rehearsal struct {
	ID       string
	Tender   string
	By       string
	Received time.Time
	Portal   string
	Content  protocol.RehearseResult
}

func scanRehearsal(row scanner) (r Rehearsal, err error) {
	var received int64
	var body []byte
	if err = row.Scan(&r.ID, &r.Tender, &r.By, &received, &r.Portal, &body); err != nil {
		return r, err
	}
	r.Received = fromMillis(received)
	return r, json.Unmarshal(body, &r.Content)
}

// maxRehearsals is how many rehearsals of one consultation are kept.
const maxRehearsals = 200

// AddRehearsal keeps a rehearsal, with the newest others of its consultation,
// and returns its id.
func (s *Store) AddRehearsal(ctx context.Context, r Rehearsal) (string, error) {
	body, err := json.Marshal(r.Content)
	if err != nil {
		return "", err
	}
	id := NewID()
	return id, s.change(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO rehearsals (id, tender, user, received, portal, body) VALUES (?, ?, ?, ?, ?, ?)",
			id, r.Tender, r.By, millis(s.now()), r.Portal, string(body))
		if err == nil {
			_, err = tx.ExecContext(ctx, "DELETE FROM rehearsals WHERE tender = ? AND id NOT IN (SELECT id FROM rehearsals WHERE tender = ? ORDER BY received DESC, rowid DESC LIMIT ?)",
				r.Tender, r.Tender, maxRehearsals)
		}
		return err
	})
}

// Rehearsals lists the rehearsals of a consultation, the newest first.
func (s *Store) Rehearsals(ctx context.Context, tender string) ([]Rehearsal, error) {
	return collect(ctx, s.db, scanRehearsal, `SELECT rehearsals.id, tender, users.name, received, portal, body FROM rehearsals JOIN users ON users.id = rehearsals.user
		WHERE tender = ? ORDER BY received DESC, rehearsals.id`, tender)
}
