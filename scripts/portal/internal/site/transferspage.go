package site

import (
	"net/http"
	"slices"

	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/text"
	"scelle/shared/protocol"
)

// transfersView is « Transférer les plis à une autre clé ».
type transfersView struct {
	Service  store.Service
	Services []store.Service // those whose plis the agent may open
	From     []transferKey   // keys that plis are sealed to
	To       []store.Key     // active and valid
	Tenders  []store.Tender
	Tender   string // the one to begin with, "" for all
	Done     []transferGroup
}

// transferKey is a key that plis are sealed to.
type transferKey struct {
	store.Key
	Expired, Deleted bool
}

// transferGroup are the transfers that one agent made between the same keys on
// one day, the newest first.
type transferGroup struct {
	store.Transfer
	All      []store.Transfer
	Verified int
}

func (v transfersView) script(lang string) any {
	return newScriptData(lang, map[string]any{"service": v.Service.ID})
}

func (s *Server) transfersPage(c *call) error {
	id, err := c.service(c.FormValue("service"), store.PlisOpen)
	if err != nil {
		return err
	}
	v := transfersView{}
	if v.Service, v.Services, err = s.tabs(c, id, store.PlisOpen); err != nil {
		return err
	}
	if err := s.transferChoices(c, &v); err != nil {
		return err
	}
	transfers, err := s.store.Transfers(c.Context(), id, "")
	if err != nil {
		return err
	}
	v.Done = groups(transfers)
	return s.show(c, http.StatusOK, "transfers", v)
}

// transferChoices fills in what the form offers.
func (s *Server) transferChoices(c *call, v *transfersView) error {
	held, err := s.store.Holding(c.Context(), v.Service.ID)
	if err != nil {
		return err
	}
	for _, k := range held {
		v.From = append(v.From, transferKey{k, !s.Now().Before(k.NotAfter), k.State == protocol.Discarded})
	}
	keys, err := s.store.Keys(c.Context(), v.Service.ID)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Usable(s.Now()) {
			v.To = append(v.To, k)
		}
	}
	tenders, err := s.store.Tenders(c.Context())
	if err != nil {
		return err
	}
	for _, t := range tenders {
		if t.Service.ID == v.Service.ID {
			v.Tenders = append(v.Tenders, t)
			if t.ID == c.FormValue("consultation") {
				v.Tender = t.ID
			}
		}
	}
	return nil
}

func groups(transfers []store.Transfer) []transferGroup {
	var all []transferGroup
	for _, t := range transfers {
		i := slices.IndexFunc(all, func(g transferGroup) bool {
			return g.By == t.By && g.From == t.From && slices.Equal(g.To, t.To) && text.SameDay(g.At, t.At)
		})
		if i < 0 {
			i, all = len(all), append(all, transferGroup{Transfer: t})
		}
		all[i].All = append(all[i].All, t)
		if t.Verified {
			all[i].Verified++
		}
	}
	return all
}
