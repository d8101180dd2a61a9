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
	holdings, failed := s.inventory(ctx)
	page := protocol.ListResult{Certificates: []protocol.Certificate{}, Failed: failed}
	size := 0
	for _, h := range holdings {
		if p.KeyOnly && !h.shown.HasKey || after != nil && compare(*after, h.shown) >= 0 {
			continue
		}
		size += jsonSize(h.shown)
		if n := len(page.Certificates); n == limit || n > 0 && size > pageBytes {
			page.Next = cursor(page.Certificates[n-1])
			break
		}
		page.Certificates = append(page.Certificates, h.shown)
	}
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
