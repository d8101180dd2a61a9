package store

import (
	"context"
	"fmt"
	"strings"
)

// Dependent is a consultation with plis that nobody has opened yet and that
// are sealed to a key.
type Dependent struct {
	Key    string // id
	Tender string // its reference
	Plis   int
}

const selectDependents = `SELECT pli_keys.key, tenders.reference, count(*)
	FROM pli_keys JOIN plis ON plis.id = pli_keys.pli JOIN tenders ON tenders.id = plis.tender JOIN keys ON keys.id = pli_keys.key
	WHERE NOT EXISTS (SELECT 1 FROM openings WHERE openings.pli = plis.id) AND `

// Dependents lists, by key, the consultations whose unopened plis are sealed to
// the keys of a service.
func (s *Store) Dependents(ctx context.Context, service string) (map[string][]Dependent, error) {
	all, err := dependents(ctx, s.db, "keys.service = ?", service)
	byKey := make(map[string][]Dependent)
	for _, d := range all {
		byKey[d.Key] = append(byKey[d.Key], d)
	}
	return byKey, err
}

func dependents(ctx context.Context, q queryer, where, arg string) ([]Dependent, error) {
	return collect(ctx, q, func(row scanner) (d Dependent, err error) {
		err = row.Scan(&d.Key, &d.Tender, &d.Plis)
		return d, err
	}, selectDependents+where+" GROUP BY pli_keys.key, tenders.id ORDER BY tenders.deadline, tenders.reference", arg)
}

// DependentsText names consultations with their numbers of plis:
// "2027-VOI-014 (2), 2027-VOI-021 (1)".
func DependentsText(all []Dependent) string {
	parts := make([]string, len(all))
	for i, d := range all {
		parts[i] = fmt.Sprintf("%s (%d)", d.Tender, d.Plis)
	}
	return strings.Join(parts, ", ")
}
