package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/hex"
	"errors"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Key is a key pair's registration: its certificate and where it stands.
// There is no private key, ever.
type Key struct {
	ID           string
	Service      string
	Name         string
	Recovery     bool
	State        protocol.RegistrationState
	Mode         protocol.Mode
	Certificate  []byte // DER
	Thumbprint   string
	CommonName   string
	Issuer       string
	NotAfter     time.Time
	Mechanism    envelope.Mechanism // what the last proof of possession used; "" before
	Proven       time.Time          // the last proof of possession; zero before
	CreatedBy    string             // user id
	PendingUntil time.Time          // when an unfinished registration is given up
	Plis         int                // plis sealed to it that were not opened yet
}

// Pending reports whether the registration is unfinished.
func (k *Key) Pending() bool {
	return k.State == protocol.AwaitingImport || k.State == protocol.AwaitingProof
}

// Usable reports whether the key may be a recipient at this time.
func (k *Key) Usable(now time.Time) bool {
	return k.State == protocol.Active && now.Before(k.NotAfter)
}

// Registration is the key's entry in the words of the protocol.
func (k *Key) Registration() protocol.Registration {
	return protocol.Registration{ID: k.ID, State: k.State, Thumbprint: k.Thumbprint}
}

const pendingLife = protocol.PendingDays * 24 * time.Hour

const selectKey = `SELECT id, service, name, recovery, state, mode, certificate, thumbprint, common_name, issuer, not_after, mechanism, proven, created_by, pending_until,
	(SELECT count(*) FROM pli_keys JOIN plis ON plis.id = pli_keys.pli WHERE pli_keys.key = keys.id
	 AND NOT EXISTS (SELECT 1 FROM openings WHERE openings.pli = plis.id)) FROM keys `

func scanKey(row scanner) (k Key, err error) {
	var notAfter, pending, proven int64
	err = row.Scan(&k.ID, &k.Service, &k.Name, &k.Recovery, &k.State, &k.Mode, &k.Certificate, &k.Thumbprint, &k.CommonName, &k.Issuer,
		&notAfter, &k.Mechanism, &proven, &k.CreatedBy, &pending, &k.Plis)
	k.NotAfter, k.PendingUntil = fromMillis(notAfter), fromMillis(pending)
	if proven > 0 {
		k.Proven = fromMillis(proven)
	}
	return k, err
}

// Keys lists a service's registrations, discarded ones excepted, by name.
func (s *Store) Keys(ctx context.Context, service string) ([]Key, error) {
	if err := s.expirePending(ctx); err != nil {
		return nil, err
	}
	return collect(ctx, s.db, scanKey, selectKey+"WHERE service = ? AND state <> 'discarded' ORDER BY recovery, name COLLATE NOCASE, created", service)
}

// Withdrawn lists the keys that a service once received plis with and took off
// its lists, the newest first, at most limit; a certificate that was registered
// again is not among them.
func (s *Store) Withdrawn(ctx context.Context, service string, limit int) ([]Key, error) {
	return collect(ctx, s.db, scanKey, selectKey+`WHERE service = ? AND state = 'discarded' AND mechanism <> ''
		AND created = (SELECT max(created) FROM keys AS other WHERE other.service = keys.service AND other.thumbprint = keys.thumbprint)
		AND NOT EXISTS (SELECT 1 FROM keys AS other WHERE other.service = keys.service AND other.thumbprint = keys.thumbprint AND other.state <> 'discarded')
		GROUP BY thumbprint ORDER BY created DESC LIMIT ?`, service, limit)
}

// Key returns one registration, whatever its state.
func (s *Store) Key(ctx context.Context, id string) (Key, error) {
	if err := s.expirePending(ctx); err != nil {
		return Key{}, err
	}
	return key(ctx, s.db, id)
}

func key(ctx context.Context, q queryer, id string) (Key, error) {
	k, err := first(ctx, q, scanKey, selectKey+"WHERE id = ?", id)
	if errors.Is(err, ErrNotFound) {
		err = fault.New(fault.RegistrationUnknown)
	}
	return k, err
}

// expirePending gives up registrations that were not finished in time.
func (s *Store) expirePending(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "UPDATE keys SET state = 'discarded' WHERE state IN ('awaiting-import', 'awaiting-proof') AND pending_until <= ?", millis(s.now()))
	return err
}

// Register adds a registration in state k.State, with a new id. A certificate
// that the service already has keeps its registration: that one is returned,
// with the new name and use if it is unfinished.
func (s *Store) Register(ctx context.Context, k Key) (Key, error) {
	if err := s.expirePending(ctx); err != nil {
		return Key{}, err
	}
	err := s.change(ctx, func(tx *sql.Tx) error {
		old, err := first(ctx, tx, scanKey, selectKey+"WHERE service = ? AND thumbprint = ? AND state <> 'discarded'", k.Service, k.Thumbprint)
		switch {
		case errors.Is(err, ErrNotFound):
			k, err = s.insertKey(ctx, tx, k)
		case err == nil && old.Pending():
			_, err = tx.ExecContext(ctx, "UPDATE keys SET name = ?, recovery = ? WHERE id = ?", k.Name, k.Recovery, old.ID)
			old.Name, old.Recovery = k.Name, k.Recovery
			k = old
		case err == nil:
			k = old
		}
		return err
	})
	return k, err
}

func (s *Store) insertKey(ctx context.Context, tx *sql.Tx, k Key) (Key, error) {
	now := s.now()
	k.ID, k.PendingUntil = NewID(), now.Add(pendingLife)
	_, err := tx.ExecContext(ctx, `INSERT INTO keys (id, service, name, recovery, state, mode, certificate, thumbprint, common_name, issuer, not_after, created, created_by, pending_until)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, k.ID, k.Service, k.Name, k.Recovery, string(k.State), string(k.Mode), k.Certificate,
		k.Thumbprint, k.CommonName, k.Issuer, millis(k.NotAfter), millis(now), k.CreatedBy, millis(k.PendingUntil))
	return k, err
}

// SetChallenge notes the one open challenge of a registration; an older one is
// void. That the assistant asks for it means that the private key is in a
// store, so an unfinished registration now awaits its proof; an active key
// stays active while it is verified again. proof is the expected answer.
func (s *Store) SetChallenge(ctx context.Context, id string, mechanism envelope.Mechanism, proof string, life time.Duration) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		k, err := key(ctx, tx, id)
		if err != nil {
			return err
		}
		if k.State == protocol.Discarded {
			return refused(string(k.State))
		}
		_, err = tx.ExecContext(ctx, "INSERT OR REPLACE INTO challenges (key, mechanism, proof, expires) VALUES (?, ?, ?, ?)",
			id, string(mechanism), digest(proof), millis(s.now().Add(life)))
		if err == nil {
			_, err = tx.ExecContext(ctx, "UPDATE keys SET state = 'awaiting-proof' WHERE id = ? AND state = 'awaiting-import'", id)
		}
		return err
	})
}

// Prove compares a proof with the open challenge, activates the key and notes
// the day and the mechanism. The challenge is spent whatever the outcome; a
// wrong proof leaves an active key as it was. The same proof again, after it
// was accepted, is the same success: the first answer may have been lost.
func (s *Store) Prove(ctx context.Context, id string, mechanism envelope.Mechanism, proof string) (Key, error) {
	if err := s.expirePending(ctx); err != nil {
		return Key{}, err
	}
	var k Key
	var verdict error // kept apart: a wrong proof must still spend the challenge
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		if k, err = key(ctx, tx, id); err != nil {
			return err
		}
		if repeated, err := s.provenAgain(ctx, tx, k, proof); repeated || err != nil {
			return err
		}
		if verdict, err = s.spendChallenge(ctx, tx, id, mechanism, digest(proof)); err != nil || verdict != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE keys SET state = 'active', mechanism = ?, proof = ?, proven = ? WHERE id = ?", string(mechanism), digest(proof), millis(s.now()), id)
		k.State, k.Mechanism, k.Proven = protocol.Active, mechanism, s.now()
		return err
	})
	return k, errors.Join(err, verdict)
}

// provenAgain reports whether a proof is the one that was accepted last. A
// registration that was given up takes none.
func (s *Store) provenAgain(ctx context.Context, tx *sql.Tx, k Key, proof string) (bool, error) {
	if k.State != protocol.Active {
		if k.State == protocol.Discarded {
			return false, refused(string(k.State))
		}
		return false, nil
	}
	var accepted string
	err := tx.QueryRowContext(ctx, "SELECT proof FROM keys WHERE id = ?", k.ID).Scan(&accepted)
	return err == nil && same(accepted, digest(proof)), err
}

// spendChallenge deletes the open challenge and says what is wrong with the
// proof, nil for nothing.
func (s *Store) spendChallenge(ctx context.Context, tx *sql.Tx, id string, mechanism envelope.Mechanism, proof string) (verdict, err error) {
	var expected, with string
	var expires int64
	err = tx.QueryRowContext(ctx, "DELETE FROM challenges WHERE key = ? RETURNING mechanism, proof, expires", id).Scan(&with, &expected, &expires)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fault.Newf(fault.ProofFailed, "no challenge"), nil
	case err != nil:
		return nil, err
	case millis(s.now()) >= expires:
		return fault.Newf(fault.ProofFailed, "expired"), nil
	case !same(expected, proof) || with != string(mechanism):
		return fault.New(fault.ProofFailed), nil
	}
	return nil, nil
}

func digest(proof string) string {
	sum := sha256.Sum256([]byte(proof))
	return hex.EncodeToString(sum[:])
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// Discard gives an unfinished registration up; twice is once.
func (s *Store) Discard(ctx context.Context, id string) (Key, error) {
	var k Key
	err := s.change(ctx, func(tx *sql.Tx) error {
		var err error
		if k, err = key(ctx, tx, id); err != nil {
			return err
		}
		if k.State == protocol.Active {
			return refused(string(k.State))
		}
		k.State = protocol.Discarded
		return removeKey(ctx, tx, id)
	})
	return k, err
}

// EditKey changes name and use.
func (s *Store) EditKey(ctx context.Context, id, name string, recovery bool) error {
	_, err := s.db.ExecContext(ctx, "UPDATE keys SET name = ?, recovery = ? WHERE id = ? AND state <> 'discarded'", name, recovery, id)
	return err
}

// DeleteKey takes a key off the lists. It is refused while plis that nobody
// has opened yet are sealed to it; the detail says how many, and in which
// consultations.
func (s *Store) DeleteKey(ctx context.Context, id string) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		k, err := key(ctx, tx, id)
		if err != nil {
			return err
		}
		if k.Plis > 0 {
			waiting, err := dependents(ctx, tx, "keys.id = ?", id)
			if err != nil {
				return err
			}
			return fault.Newf(fault.PortalRefused, "plis: %d: %s", k.Plis, DependentsText(waiting))
		}
		return removeKey(ctx, tx, id)
	})
}

// removeKey keeps the row, since opened plis refer to it.
func removeKey(ctx context.Context, tx *sql.Tx, id string) error {
	for _, query := range []string{
		"DELETE FROM challenges WHERE key = ?",
		"DELETE FROM tender_keys WHERE key = ?",
		"UPDATE keys SET state = 'discarded' WHERE id = ?",
	} {
		if _, err := tx.ExecContext(ctx, query, id); err != nil {
			return err
		}
	}
	return nil
}
