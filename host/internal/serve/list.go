package serve

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// pageBytes bounds the certificates of one page, as JSON: the rest of a frame
// is left to the envelope around them and to failed stores.
const pageBytes = protocol.MaxFrame * 3 / 4

// snapshotAge is how long the further pages of a list are cut from the
// inventory that its first page was made of: a caller that turns them sees one
// state of the stores, which are read once and not once a page.
const snapshotAge = 5 * time.Second

// snapshot is an inventory that pages are cut from.
type snapshot struct {
	holdings []holding
	failed   []protocol.StoreStatus
	at       time.Time
}

// snapshot reads the stores for a first page, and for a further one that comes
// late. The last page drops what was kept.
func (s *Service) snapshot(ctx context.Context, further bool) snapshot {
	s.mu.Lock()
	kept := s.pages
	s.mu.Unlock()
	if age := s.now().Sub(kept.at); further && age >= 0 && age < snapshotAge {
		return kept
	}
	holdings, failed := s.inventory(ctx)
	return snapshot{holdings, failed, s.now()}
}

func (s *Service) keepSnapshot(kept snapshot) {
	s.mu.Lock()
	s.pages = kept
	s.mu.Unlock()
}

// List answers host.keys.list, one page. Cursors name the last certificate of
// a page, not a position, so that a certificate which comes or goes between
// two pages neither hides nor repeats another.
func (s *Service) List(ctx context.Context, p protocol.ListParams) (protocol.ListResult, error) {
	if p.Limit < 0 || p.Limit > protocol.MaxList {
		return protocol.ListResult{}, fault.Newf(fault.BadRequest, "limit")
	}
	limit := p.Limit
	if limit == 0 {
		limit = protocol.MaxList
	}
	var after *protocol.Certificate
	if p.Cursor != "" {
		var err error
		if after, err = parseCursor(p.Cursor); err != nil {
			return protocol.ListResult{}, err
		}
	}
	seen := s.snapshot(ctx, after != nil)
	page := protocol.ListResult{Certificates: []protocol.Certificate{}, Failed: seen.failed}
	size := 0
	for _, h := range seen.holdings {
		if p.KeyOnly && !h.shown.HasKey || after != nil && compare(*after, h.shown) >= 0 {
			continue
		}
		size += jsonSize(h.shown)
		if n := len(page.Certificates); n == limit || n > 0 && size > pageBytes {
			page.Next = cursor(page.Certificates[n-1])
			s.keepSnapshot(seen)
			return page, nil
		}
		page.Certificates = append(page.Certificates, h.shown)
	}
	s.keepSnapshot(snapshot{})
	return page, nil
}

// Everything is List without pages, for a caller that no frame bounds.
func (s *Service) Everything(ctx context.Context) protocol.ListResult {
	holdings, failed := s.inventory(ctx)
	all := protocol.ListResult{Certificates: make([]protocol.Certificate, 0, len(holdings)), Failed: failed}
	for _, h := range holdings {
		all.Certificates = append(all.Certificates, h.shown)
	}
	return all
}

func jsonSize(c protocol.Certificate) int {
	b, err := json.Marshal(c)
	if err != nil {
		return protocol.MaxFrame
	}
	return len(b)
}

// cursor holds what compare looks at.
func cursor(c protocol.Certificate) string {
	return strconv.Itoa(rank(c.Usable)) + "." + c.NotAfter.UTC().Format(time.RFC3339Nano) + "." + c.Thumbprint
}

func parseCursor(s string) (*protocol.Certificate, error) {
	usable, rest, _ := strings.Cut(s, ".")
	dot := strings.LastIndexByte(rest, '.')
	bad := fault.Newf(fault.BadRequest, "cursor")
	if dot < 0 || usable != "0" && usable != "1" || !isThumbprint(rest[dot+1:]) {
		return nil, bad
	}
	at, err := time.Parse(time.RFC3339Nano, rest[:dot])
	if err != nil {
		return nil, bad
	}
	return &protocol.Certificate{Usable: usable == "0", NotAfter: at, Thumbprint: rest[dot+1:]}, nil
}
