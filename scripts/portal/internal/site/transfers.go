package site

import (
	"context"
	"encoding/hex"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// maxTransfer is how many plis one signed list of a transfer has: all their
// names and fingerprints fit below lists.MaxSize.
const maxTransfer = 300

// transferJSON is what a page needs to give plis to other keys.
type transferJSON struct {
	List []byte     `json:"transferList"` // signed
	Plis []headJSON `json:"plis"`
	More int        `json:"more"` // plis beyond one list, for the next one
}

// headJSON says whether the whole envelope may be had, or its header only.
type headJSON struct {
	ID    string `json:"id"`
	Whole bool   `json:"whole"`
}

// transferList signs the plis that a key opens and others are to open, of one
// consultation or of all of a service. Only active, unexpired keys get any.
func (s *Server) transferList(c *call) error {
	q := c.URL.Query()
	from, err := s.store.Key(c.Context(), q.Get("from"))
	if err != nil {
		return err
	}
	if !c.user().May(store.PlisOpen, from.Service) {
		return errRight
	}
	to, err := s.transferKeys(c, from, q["to"])
	if err != nil {
		return err
	}
	v := transferJSON{}
	list := &lists.Transfer{Issued: time.Now(), From: entryOf(from, from.State == protocol.Discarded)}
	for _, k := range to {
		list.To = append(list.To, entryOf(k, false))
	}
	if list.Origin, err = s.origin(c.Request); err != nil {
		return err
	}
	if err := s.transferPlis(c, &v, list, from, q.Get("tender")); err != nil {
		return err
	}
	if len(list.Plis) == 0 {
		return fault.Newf(fault.PortalRefused, "nothing")
	}
	if v.List, err = s.lists.Sign(list); err != nil {
		return err
	}
	return c.reply(v)
}

// transferKeys are the keys that plis may be given to.
func (s *Server) transferKeys(c *call, from store.Key, ids []string) ([]store.Key, error) {
	var keys []store.Key
	for _, id := range ids {
		k, err := s.store.Key(c.Context(), id)
		if err != nil {
			return nil, err
		}
		if k.Service != from.Service || k.ID == from.ID || k.Thumbprint == from.Thumbprint || !k.Usable(s.Now()) {
			return nil, fault.Newf(fault.BadRequest, "to")
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 || len(keys) > protocol.MaxRecipients {
		return nil, fault.Newf(fault.BadRequest, "to")
	}
	return keys, nil
}

// transferPlis lists the plis that the old key opens, also those that the new
// keys open already: the old one is to open them no more.
func (s *Server) transferPlis(c *call, v *transferJSON, list *lists.Transfer, from store.Key, tender string) error {
	plis, err := s.store.PlisOf(c.Context(), from.Service, from.ID, tender)
	if err != nil {
		return err
	}
	tenders := map[string]store.Tender{}
	for _, p := range plis {
		if len(list.Plis) == maxTransfer {
			v.More++
			continue
		}
		t, known := tenders[p.Tender]
		if !known {
			if t, err = s.store.Tender(c.Context(), p.Tender); err != nil {
				return err
			}
			tenders[p.Tender] = t
		}
		if p.HeaderSHA256 == "" { // deposited before it was noted
			if _, p.HeaderSHA256, err = s.head(c.Context(), p); err != nil {
				return err
			}
		}
		list.Plis = append(list.Plis, lists.TransferPli{Tender: t.Reference, Pli: lists.Pli{ID: p.ID, HeaderSHA256: p.HeaderSHA256, ContentSHA256: p.ContentSHA256,
			Label: keypair.Clean(p.CompanyName), Kind: pli.Kind(p.Kind), Lot: p.Lot}})
		v.Plis = append(v.Plis, headJSON{p.ID, !t.Open(s.Now())})
	}
	return nil
}

// servicePli is the pli of the request's path, for who may open its service's.
func (s *Server) servicePli(c *call) (store.Pli, error) {
	p, err := s.store.Pli(c.Context(), c.PathValue("id"))
	if err != nil {
		return p, err
	}
	t, err := s.store.Tender(c.Context(), p.Tender)
	if err == nil && !c.user().May(store.PlisOpen, t.Service.ID) {
		err = errRight
	}
	return p, err
}

// head reads a kept pli's header: in segmented form, and its fingerprint.
func (s *Server) head(ctx context.Context, p store.Pli) ([]byte, string, error) {
	f, _, err := s.pliFile(ctx, p)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	info, err := envelope.Inspect(f)
	if err != nil {
		return nil, "", err
	}
	head, err := cms.MarshalHeader(info.Header, cms.UnknownLength, 0)
	return head, hex.EncodeToString(info.HeaderSHA256[:]), err
}

// pliHead gives a pli's header, at any time: names of keys and wrapped content
// keys. Without the content behind it nothing can be read.
func (s *Server) pliHead(c *call) error {
	p, err := s.servicePli(c)
	if err != nil {
		return err
	}
	head, _, err := s.head(c.Context(), p)
	if err != nil {
		return err
	}
	setDownload(c.w, "application/pkcs7-mime", p.Name, int64(len(head)))
	_, _ = c.w.Write(head) // the browser went away: nobody is left to tell
	return nil
}
