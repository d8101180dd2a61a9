package site

import (
	"errors"
	"net/http"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// tender is the consultation of the request's path. Companies see all of
// them, agents those of services where they open plis.
func (s *Server) tender(c *call) (store.Tender, error) {
	t, err := s.store.Tender(c.Context(), c.PathValue("id"))
	if errors.Is(err, store.ErrNotFound) {
		return t, errGone
	}
	if err == nil && c.user().Buyer() && !c.user().May(store.PlisOpen, t.Service.ID) {
		err = errRight
	}
	return t, err
}

// recipientsJSON is what a page needs to seal for a consultation.
type recipientsJSON struct {
	Tender     string                   `json:"tender"` // reference, as it goes into pli.json
	Lot        string                   `json:"lot"`
	Kind       string                   `json:"kind"`
	Deadline   time.Time                `json:"deadline"`
	Recipients []protocol.SealRecipient `json:"recipients"`
	List       []byte                   `json:"recipientList"` // signed, see listkey
}

// recipients lists the certificates to seal to: the personal keys of the
// consultation and every recovery key of its service, active and not expired.
func (s *Server) recipients(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	lot, kind := c.FormValue("lot"), c.FormValue("kind")
	if err := checkPlace(t, lot, kind); err != nil {
		return err
	}
	keys, err := s.store.TenderKeys(c.Context(), t)
	if err != nil {
		return err
	}
	v := recipientsJSON{Tender: t.Reference, Lot: lot, Kind: kind, Deadline: t.Deadline}
	for _, k := range keys {
		if k.Recipient() {
			v.Recipients = append(v.Recipients, protocol.SealRecipient{Certificate: k.Certificate, Mechanism: k.Mechanism, Label: k.Name, Recovery: k.Recovery})
		}
	}
	if len(v.Recipients) == 0 {
		return fault.New(fault.NoRecipient)
	}
	if v.List, err = s.recipientList(c, t, keys); err != nil {
		return err
	}
	return c.reply(v)
}

// checkPlace checks lot and kind of a pli.
func checkPlace(t store.Tender, lot, kind string) error {
	if !t.HasLot(lot) {
		return fault.Newf(fault.BadRequest, "lot")
	}
	if kind != "candidature" && kind != "offre" {
		return fault.Newf(fault.BadRequest, "kind")
	}
	return nil
}

// chooseKeys sets which personal keys receive a consultation's plis.
func (s *Server) chooseKeys(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	if !t.Open(s.Now()) {
		return fault.Newf(fault.PortalRefused, "deadline")
	}
	all := c.PostFormValue("all") != "no"
	if err := s.store.ChooseKeys(c.Context(), t.ID, all, c.PostForm["key"]); err != nil {
		return err
	}
	return c.redirect("/consultations/" + t.ID + "?fait=cles#cles")
}

// closeNow moves a deadline to this moment, so that a demonstration can go on
// to the opening. A real portal has no such thing.
func (s *Server) closeNow(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	if !s.Demo {
		return &refusal{http.StatusForbidden, fault.Newf(fault.NotPermitted, "demo")}
	}
	if t.Open(s.Now()) {
		if err := s.store.SetDeadline(c.Context(), t.ID, s.Now()); err != nil {
			return err
		}
	}
	return c.redirect("/consultations/" + t.ID + "?fait=cloture")
}
