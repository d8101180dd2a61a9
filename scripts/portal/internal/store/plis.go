package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Pli is a sealed envelope that was received. Its bytes are a file of the
// data directory.
type Pli struct {
	ID            string
	Tender        string
	Lot           string
	Kind          string // "candidature" or "offre"
	Company       string
	CompanyName   string
	Depositor     string // user id
	DepositorName string
	Name          string
	Size          int64  // bytes
	SHA256        string // of the file as deposited
	Current       string // of the file as it is kept now, after its recipients changed
	File          string // its name; the pli's id until then
	ContentSHA256 string
	HeaderSHA256  string // of the envelope up to its content; "" for plis of before it was noted
	Received      time.Time
	SealedBy      string // SealedByExtension, SealedByPage, or "" where the page did not say
	Copies        int    // other plis with the same encrypted content, in any consultation
	Openings      []Opening
	Handed        []HandedFile
	Keys          []string // ids of the keys that it is sealed to; only for AddPli
}

// What sealed a pli, as the page that deposited it says. The portal cannot
// check it: a pli is the same, whoever seals it.
const (
	SealedByExtension = "extension"
	SealedByPage      = "page" // the portal's own page, without the extension
)

// Differs reports whether two openings of the pli gave different files: then
// it was made to show different things to different keys.
func (p *Pli) Differs() bool {
	for _, o := range p.Openings[min(1, len(p.Openings)):] {
		if len(o.Files) != len(p.Openings[0].Files) {
			return true
		}
		for i, f := range o.Files {
			if f.SHA256 != p.Openings[0].Files[i].SHA256 || f.Name != p.Openings[0].Files[i].Name {
				return true
			}
		}
	}
	return false
}

// Opening is one opening of a pli, as the agent's page reported it.
type Opening struct {
	ID            string
	By            string // user id when adding, name when reading
	At            time.Time
	Authenticated bool
	Files         []protocol.PliFile
}

// HandedFile is an opened file that an agent handed to the portal.
type HandedFile struct {
	ID, Pli, By, Name string
	Size              int64 // bytes
	SHA256            string
}

// AddPli notes a received pli with p.ID. A pli that this company already
// deposited for the consultation, byte for byte, is not added again: the
// first one is returned, and known is true. A key that was taken off the lists
// meanwhile is left out; fault.NoRecipient when no other is left.
func (s *Store) AddPli(ctx context.Context, p Pli) (added Pli, known bool, err error) {
	err = s.change(ctx, func(tx *sql.Tx) error {
		old, err := first(ctx, tx, scanPli, selectPli+"WHERE plis.tender = ? AND plis.company = ? AND plis.sha256 = ?", p.Tender, p.Company, p.SHA256)
		if !errors.Is(err, ErrNotFound) {
			added, known = old, true
			return err
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO plis (id, tender, lot, kind, company, depositor, name, size, sha256, content_sha256, header_sha256, received, sealed_by)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, p.ID, p.Tender, p.Lot, p.Kind, p.Company, p.Depositor, p.Name, p.Size, p.SHA256, p.ContentSHA256, p.HeaderSHA256, millis(p.Received), p.SealedBy)
		if err == nil {
			err = addPliKeys(ctx, tx, p)
		}
		added = p
		added.Current, added.File = p.SHA256, p.ID
		return err
	})
	return added, known, err
}

func addPliKeys(ctx context.Context, tx *sql.Tx, p Pli) error {
	receiving := false
	for _, k := range p.Keys {
		active, err := changes(tx.ExecContext(ctx, "INSERT INTO pli_keys (pli, key) SELECT ?, id FROM keys WHERE id = ? AND state = 'active'", p.ID, k))
		if err != nil {
			return err
		}
		receiving = receiving || active
	}
	if !receiving {
		return fault.New(fault.NoRecipient)
	}
	return nil
}

const selectPli = `SELECT plis.id, tender, lot, kind, companies.id, companies.name, users.id, users.name, plis.name, size, sha256, iif(current_sha256 = '', sha256, current_sha256), iif(file = '', plis.id, file), content_sha256, header_sha256, received, sealed_by,
	(SELECT count(*) FROM plis AS other WHERE other.content_sha256 = plis.content_sha256 AND other.id <> plis.id)
	FROM plis JOIN companies ON companies.id = plis.company JOIN users ON users.id = plis.depositor `

func scanPli(row scanner) (p Pli, err error) {
	var received int64
	err = row.Scan(&p.ID, &p.Tender, &p.Lot, &p.Kind, &p.Company, &p.CompanyName, &p.Depositor, &p.DepositorName, &p.Name, &p.Size, &p.SHA256, &p.Current, &p.File, &p.ContentSHA256, &p.HeaderSHA256, &received, &p.SealedBy, &p.Copies)
	p.Received = fromMillis(received)
	return p, err
}

// Plis lists the plis of a consultation as they came, with their openings.
func (s *Store) Plis(ctx context.Context, tender string) ([]Pli, error) {
	return s.plis(ctx, "WHERE tender = ? ORDER BY received, plis.id", tender)
}

// CompanyPlis lists what a company deposited for a consultation.
func (s *Store) CompanyPlis(ctx context.Context, tender, company string) ([]Pli, error) {
	return s.plis(ctx, "WHERE plis.tender = ? AND plis.company = ? ORDER BY received, plis.id", tender, company)
}

// Pli returns one pli, or ErrNotFound.
func (s *Store) Pli(ctx context.Context, id string) (Pli, error) {
	all, err := s.plis(ctx, "WHERE plis.id = ?", id)
	if err == nil && len(all) == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return Pli{}, err
	}
	return all[0], nil
}

func (s *Store) plis(ctx context.Context, where string, args ...any) ([]Pli, error) {
	all, err := collect(ctx, s.db, scanPli, selectPli+where, args...)
	for i := range all {
		if err != nil {
			return nil, err
		}
		if all[i].Openings, err = s.openings(ctx, all[i].ID); err != nil {
			return nil, err
		}
		all[i].Handed, err = collect(ctx, s.db, scanHanded, selectHanded+"WHERE pli = ? ORDER BY received, handed_files.name", all[i].ID)
	}
	return all, err
}

func (s *Store) openings(ctx context.Context, pli string) ([]Opening, error) {
	all, err := collect(ctx, s.db, func(row scanner) (o Opening, err error) {
		var at int64
		err = row.Scan(&o.ID, &o.By, &at, &o.Authenticated)
		o.At = fromMillis(at)
		return o, err
	}, "SELECT openings.id, users.name, opened, authenticated FROM openings JOIN users ON users.id = openings.user WHERE pli = ? ORDER BY opened", pli)
	for i := range all {
		if err != nil {
			return nil, err
		}
		all[i].Files, err = collect(ctx, s.db, func(row scanner) (f protocol.PliFile, err error) {
			err = row.Scan(&f.Name, &f.Size, &f.SHA256)
			return f, err
		}, "SELECT name, size, sha256 FROM opened_files WHERE opening = ? ORDER BY place", all[i].ID)
	}
	return all, err
}

// AddOpening notes an opening of a pli by the user o.By.
func (s *Store) AddOpening(ctx context.Context, pli string, o Opening) error {
	return s.change(ctx, func(tx *sql.Tx) error {
		id := NewID()
		_, err := tx.ExecContext(ctx, "INSERT INTO openings (id, pli, user, opened, authenticated) VALUES (?, ?, ?, ?, ?)",
			id, pli, o.By, millis(s.now()), o.Authenticated)
		for place, f := range o.Files {
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO opened_files (opening, place, name, size, sha256) VALUES (?, ?, ?, ?, ?)", id, place, f.Name, f.Size, f.SHA256)
		}
		return err
	})
}

const selectHanded = `SELECT handed_files.id, pli, users.name, handed_files.name, size, sha256 FROM handed_files JOIN users ON users.id = handed_files.user `

func scanHanded(row scanner) (f HandedFile, err error) {
	err = row.Scan(&f.ID, &f.Pli, &f.By, &f.Name, &f.Size, &f.SHA256)
	return f, err
}

// AddHanded notes an opened file with f.ID, handed over by the user f.By. The
// same file of the same pli a second time is not added; added tells.
func (s *Store) AddHanded(ctx context.Context, f HandedFile) (added bool, err error) {
	return changes(s.db.ExecContext(ctx, "INSERT OR IGNORE INTO handed_files (id, pli, user, name, size, sha256, received) VALUES (?, ?, ?, ?, ?, ?, ?)",
		f.ID, f.Pli, f.By, f.Name, f.Size, f.SHA256, millis(s.now())))
}

// Handed returns one opened file, or ErrNotFound.
func (s *Store) Handed(ctx context.Context, id string) (HandedFile, error) {
	return first(ctx, s.db, scanHanded, selectHanded+"WHERE handed_files.id = ?", id)
}

// FileIDs returns the names of the files of every pli and every opened file.
func (s *Store) FileIDs(ctx context.Context) (map[string]bool, error) {
	ids := make(map[string]bool)
	_, err := collect(ctx, s.db, func(row scanner) (id string, err error) {
		err = row.Scan(&id)
		ids[id] = true
		return id, err
	}, "SELECT iif(file = '', id, file) FROM plis UNION ALL SELECT id FROM handed_files")
	return ids, err
}
