package serve

import (
	"cmp"
	"context"
	"slices"
	"time"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// holding is one certificate of this computer with every place that holds it.
type holding struct {
	shown  protocol.Certificate
	der    []byte
	places []place // those with a private key first, and of these the ones that ask for nothing
}

// place is one copy of a certificate in a store.
type place struct {
	store keystore.Store
	name  string // the store's, for people
	entry keystore.Entry
}

// inventory reads every store, all at once, and returns what there is, the
// certificates that can be used now first and each group by expiry, the latest
// first. A store that cannot be read is in failed; a certificate that cannot be
// read is listed with the reason, since leaving it out would look like a lost
// key.
func (s *Service) inventory(ctx context.Context) (holdings []holding, failed []protocol.StoreStatus) {
	readings := make([]reading, len(s.stores()))
	for i, r := range ask(s, func(store keystore.Store) reading { return s.read(ctx, store) }) {
		readings[i] = r
	}
	byThumbprint := make(map[string]int)
	for _, r := range readings {
		if r.failed != nil {
			failed = append(failed, *r.failed)
		}
		for _, p := range r.places {
			thumbprint := keypair.Thumbprint(p.entry.Certificate)
			i, known := byThumbprint[thumbprint]
			if !known {
				i = len(holdings)
				byThumbprint[thumbprint] = i
				holdings = append(holdings, holding{der: p.entry.Certificate})
			}
			holdings[i].places = append(holdings[i].places, p)
		}
	}
	for i := range holdings {
		holdings[i].describe(s.now())
	}
	slices.SortFunc(holdings, func(a, b holding) int { return compare(a.shown, b.shown) })
	s.remember(holdings...)
	return holdings, failed
}

// remember notes where keys are, for recall.
func (s *Service) remember(holdings ...holding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range holdings {
		if h.shown.HasKey {
			s.known[h.shown.Thumbprint] = h
		} else {
			delete(s.known, h.shown.Thumbprint)
		}
	}
}

// reading is what one store lists.
type reading struct {
	places []place
	failed *protocol.StoreStatus // why it lists nothing
}

func (s *Service) read(ctx context.Context, store keystore.Store) reading {
	entries, err := store.List(ctx)
	if err != nil {
		status := failedStore(ctx, store, err)
		return reading{failed: &status}
	}
	name := s.storeName(ctx, store)
	var r reading
	for _, e := range entries {
		r.places = append(r.places, place{store, name, e})
	}
	return r
}

// storeName asks a store for its name once: that may cost as much as a list.
func (s *Service) storeName(ctx context.Context, store keystore.Store) string {
	if t, ok := store.(keystore.Titled); ok {
		return t.Title()
	}
	s.mu.Lock()
	name, known := s.names[store]
	s.mu.Unlock()
	if known {
		return name
	}
	name = store.Status(ctx).Name
	s.mu.Lock()
	s.names[store] = name
	s.mu.Unlock()
	return name
}

// failedStore describes a store whose list could not be read.
func failedStore(ctx context.Context, store keystore.Store, err error) protocol.StoreStatus {
	status := store.Status(ctx)
	status.State, status.Err = keystore.Failed, fault.Of(err)
	return storeStatus(status)
}

// describe fills in what people are shown.
func (h *holding) describe(now time.Time) {
	slices.SortStableFunc(h.places, func(a, b place) int {
		return cmp.Or(cmp.Compare(rank(a.entry.HasKey), rank(b.entry.HasKey)), cmp.Compare(rank(!a.entry.Asks), rank(!b.entry.Asks)))
	})
	best := h.places[0].entry
	h.shown = protocol.Certificate{
		URI:        best.URI,
		Name:       keypair.Clean(best.Name),
		Thumbprint: keypair.Thumbprint(h.der),
		HasKey:     best.HasKey,
		KeyKind:    string(keypair.Other),
		Reasons:    []fault.Code{},
		Warnings:   []string{},
	}
	for _, p := range h.places {
		if !slices.Contains(h.shown.Places, p.name) {
			h.shown.Places = append(h.shown.Places, p.name)
		}
	}
	h.judge(now)
	if !best.HasKey {
		h.shown.Reasons = append(h.shown.Reasons, fault.KeyNotFound)
	}
	h.shown.Usable = len(h.shown.Reasons) == 0
}

// judge reads the certificate and says whether it can receive plis.
func (h *holding) judge(now time.Time) {
	c, err := keypair.Parse(h.der)
	if err != nil {
		h.shown.Reasons = append(h.shown.Reasons, fault.CodeOf(err))
		return
	}
	h.shown.CommonName = c.CommonName
	h.shown.Issuer = c.Issuer
	h.shown.NotBefore = c.NotBefore
	h.shown.NotAfter = c.NotAfter
	h.shown.KeyKind = string(c.Kind)
	h.shown.Bits = c.Bits
	h.shown.Curve = c.Curve
	h.shown.SelfSigned = c.SelfIssued
	if h.shown.Name == "" {
		h.shown.Name = c.Subject
	}
	verdict := keypair.Check(c, now)
	h.shown.Reasons = append(h.shown.Reasons, verdict.Reasons...)
	for _, w := range verdict.Warnings {
		h.shown.Warnings = append(h.shown.Warnings, string(w))
	}
}

// compare is the order of lists. It is total, so that a cursor can say where
// a page ended.
func compare(a, b protocol.Certificate) int {
	return cmp.Or(
		cmp.Compare(rank(a.Usable), rank(b.Usable)),
		b.NotAfter.Compare(a.NotAfter),
		cmp.Compare(a.Thumbprint, b.Thumbprint),
	)
}

// rank puts true before false.
func rank(b bool) int {
	if b {
		return 0
	}
	return 1
}

// find returns the certificate with this thumbprint, fault.KeyNotFound when no
// store that could be read holds it.
func (s *Service) find(ctx context.Context, thumbprint string) (holding, error) {
	if !isThumbprint(thumbprint) {
		return holding{}, fault.Newf(fault.BadRequest, "thumbprint")
	}
	holdings, failed := s.inventory(ctx)
	for _, h := range holdings {
		if h.shown.Thumbprint == thumbprint {
			return h, nil
		}
	}
	return holding{}, absent(failed)
}

// absent says why a certificate was not found: a store that cannot be read may
// hold it.
func absent(failed []protocol.StoreStatus) error {
	if len(failed) > 0 {
		return failed[0].Fault.Err()
	}
	return fault.New(fault.KeyNotFound)
}

// findKey is find for the use of a private key: once a store has it that asks
// for nothing, the others are not waited for.
func (s *Service) findKey(ctx context.Context, thumbprint string) (holding, error) {
	if !isThumbprint(thumbprint) {
		return holding{}, fault.Newf(fault.BadRequest, "thumbprint")
	}
	var found holding
	var failed []protocol.StoreStatus
	for _, r := range ask(s, func(store keystore.Store) reading { return s.read(ctx, store) }) {
		if r.failed != nil {
			failed = append(failed, *r.failed)
		}
		for _, p := range r.places {
			if keypair.Thumbprint(p.entry.Certificate) == thumbprint {
				found.der = p.entry.Certificate
				found.places = append(found.places, p)
			}
		}
		if slices.ContainsFunc(found.places, func(p place) bool { return p.entry.HasKey && !p.entry.Asks }) {
			break
		}
	}
	if found.places == nil {
		s.mu.Lock()
		delete(s.known, thumbprint)
		s.mu.Unlock()
		return holding{}, absent(failed)
	}
	found.describe(s.now())
	s.remember(found)
	return found, nil
}

// isThumbprint reports whether s is a SHA-256 in lower-case hexadecimal.
func isThumbprint(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return len(s) == 64
}
