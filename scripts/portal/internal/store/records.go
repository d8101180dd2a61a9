package store

import (
	"context"
	"encoding/json"
	"time"

	"scelle/shared/protocol"
)

// Record is the record of an opening that an agent's assistant wrote. By is
// the agent's name where it is read, the agent's id where it is added.
type Record struct {
	ID       string
	Tender   string
	By       string
	Received time.Time
	Content  protocol.OpeningRecord
}

const selectRecord = `SELECT records.id, records.tender, users.name, received, body FROM records JOIN users ON users.id = records.user `

func scanRecord(row scanner) (r Record, err error) {
	var received int64
	var body []byte
	if err = row.Scan(&r.ID, &r.Tender, &r.By, &received, &body); err != nil {
		return r, err
	}
	r.Received = fromMillis(received)
	return r, json.Unmarshal(body, &r.Content)
}

// AddRecord keeps a record and returns its id.
func (s *Store) AddRecord(ctx context.Context, r Record) (string, error) {
	body, err := json.Marshal(r.Content)
	if err != nil {
		return "", err
	}
	id := NewID()
	_, err = s.db.ExecContext(ctx, "INSERT INTO records (id, tender, user, received, body) VALUES (?, ?, ?, ?, ?)",
		id, r.Tender, r.By, millis(s.now()), string(body))
	return id, err
}

// Records lists the records of a consultation, oldest first.
func (s *Store) Records(ctx context.Context, tender string) ([]Record, error) {
	return collect(ctx, s.db, scanRecord, selectRecord+"WHERE records.tender = ? ORDER BY received, records.id", tender)
}

// Record returns one record, or ErrNotFound.
func (s *Store) Record(ctx context.Context, id string) (Record, error) {
	return first(ctx, s.db, scanRecord, selectRecord+"WHERE records.id = ?", id)
}
