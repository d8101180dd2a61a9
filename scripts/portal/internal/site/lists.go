package site

import (
	"net/http"
	"slices"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/pli"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
)

// Lists are issued at the computer's time, since the signature carries it too;
// the server's clock can only be another one in a test.

// recipientList signs the keys of a consultation: those that receive its plis,
// and those that were withdrawn, so that the page of a company can say so.
func (s *Server) recipientList(c *call, t store.Tender, keys []store.TenderKey) ([]byte, error) {
	origin, err := s.origin(c.Request)
	if err != nil {
		return nil, err
	}
	list := &lists.Recipients{Origin: origin, Tender: t.Reference, Deadline: t.Deadline, Issued: time.Now()}
	for _, k := range keys {
		if k.Chosen {
			list.Entries = append(list.Entries, entryOf(k.Key, false))
		}
	}
	withdrawn, err := s.store.Withdrawn(c.Context(), t.Service.ID, max(0, protocol.MaxRecipients-len(list.Entries)))
	if err != nil {
		return nil, err
	}
	for _, k := range withdrawn {
		list.Entries = append(list.Entries, entryOf(k, true))
	}
	return s.lists.Sign(list)
}

func entryOf(k store.Key, revoked bool) lists.Recipient {
	e := lists.Recipient{Thumbprint: k.Thumbprint, Certificate: k.Certificate, Mechanism: k.Mechanism, Kind: lists.Personal,
		Revoked: revoked, NotAfter: k.NotAfter, Label: keypair.Clean(k.Name)}
	if k.Recovery {
		e.Kind = lists.Recovery
	}
	return e
}

// openingJSON is what a page needs to open the plis of a consultation.
type openingJSON struct {
	List []byte `json:"openingList"` // signed
}

// openingList signs plis of a consultation whose deadline has passed: those
// that the query names by "pli", or all. One list holds protocol.MaxPlis.
func (s *Server) openingList(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	if t.Open(s.Now()) {
		return &refusal{http.StatusForbidden, fault.Newf(fault.PortalRefused, "deadline")}
	}
	plis, err := s.store.Plis(c.Context(), t.ID)
	if err != nil {
		return err
	}
	if chosen := c.URL.Query()["pli"]; len(chosen) > 0 {
		plis = slices.DeleteFunc(plis, func(p store.Pli) bool { return !slices.Contains(chosen, p.ID) })
		if len(plis) != len(chosen) {
			return fault.Newf(fault.BadRequest, "pli")
		}
	}
	list := &lists.Opening{Tender: t.Reference, NotBefore: t.Deadline, Issued: time.Now()}
	if list.Origin, err = s.origin(c.Request); err != nil {
		return err
	}
	for _, p := range plis {
		list.Plis = append(list.Plis, lists.Pli{ID: p.ID, HeaderSHA256: p.HeaderSHA256, SHA256: p.Current, ContentSHA256: p.ContentSHA256,
			Label: keypair.Clean(p.CompanyName), Kind: pli.Kind(p.Kind), Lot: p.Lot})
	}
	var v openingJSON
	if v.List, err = s.lists.Sign(list); err != nil {
		return err
	}
	return c.reply(v)
}

// signerJSON is the key that signs the lists.
type signerJSON struct {
	Certificate []byte `json:"certificate"` // DER
	Pin         string `json:"pin"`         // SHA-256 of its SubjectPublicKeyInfo
}

// listSigner publishes the key that signs the lists.
func (s *Server) listSigner(c *call) error {
	der, pin, err := s.lists.Certificate()
	if err != nil {
		return err
	}
	return c.reply(signerJSON{der, pin})
}
