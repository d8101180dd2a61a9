package site

import (
	"context"
	"net/http"
	"slices"

	"scelle/scripts/portal/internal/store"
	"scelle/scripts/portal/internal/text"
	"scelle/shared/checkup"
	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/protocol"
)

// scriptData is what page scripts get besides the page: texts and the faults
// that the portal itself can answer with.
type scriptData struct {
	Lang   string               `json:"lang"`
	Texts  map[string]string    `json:"texts"`
	Faults map[string]faultText `json:"faults"`
	Page   any                  `json:"page"`
}

type faultText struct {
	Message string `json:"message"`
	Remedy  string `json:"remedy"`
}

func newScriptData(lang string, page any) scriptData {
	d := scriptData{Lang: lang, Texts: text.Script(lang), Faults: make(map[string]faultText), Page: page}
	for _, code := range fault.Codes() {
		d.Faults[string(code)] = faultText{code.Text(lang), code.Remedy(lang)}
	}
	return d
}

// keysView is « Clés de chiffrement » of one service.
type keysView struct {
	Service  store.Service
	Services []store.Service // those whose keys the agent may see
	Own      bool
	Manage   bool
	Personal []keyRow
	Recovery []keyRow
	Expired  int
	Old      bool // only the expired ones are shown

	Verifiable bool // there is an active key to verify
}

type keyRow struct {
	store.Key
	Expired bool
	Health  []keyhealth.Finding // what matters, without what is good and where the key is
	Tenders string              // consultations with unopened plis, for people
}

// Soon reports whether the key expires within the ladder of package keyhealth.
func (r keyRow) Soon() bool {
	return slices.ContainsFunc(r.Health, func(f keyhealth.Finding) bool { return f.Days > 0 || f.Code == keyhealth.ExpiresIn7 })
}

func (v keysView) script(lang string) any {
	return newScriptData(lang, map[string]any{"service": v.Service.ID, "serviceName": v.Service.Name, "manage": v.Manage})
}

func (s *Server) keysPage(c *call) error {
	id, err := c.service(c.FormValue("service"), store.KeysRead)
	if err != nil {
		return err
	}
	v := keysView{Own: id == c.user().Service.ID, Manage: c.user().May(store.KeysManage, id), Old: c.FormValue("echeance") == "passee"}
	if v.Service, v.Services, err = s.tabs(c, id, store.KeysRead); err != nil {
		return err
	}
	keys, err := s.store.Keys(c.Context(), id)
	if err != nil {
		return err
	}
	if err := s.sortKeys(c.Context(), &v, keys); err != nil {
		return err
	}
	return s.show(c, http.StatusOK, "keys", v)
}

// tabs is the service that a page shows, and those for which the user has the
// power that the page asks for.
func (s *Server) tabs(c *call, shown string, power store.Power) (current store.Service, all []store.Service, err error) {
	services, err := s.store.Services(c.Context())
	for _, service := range services {
		if service.ID == shown {
			current = service
		}
		if c.user().May(power, service.ID) {
			all = append(all, service)
		}
	}
	return current, all, err
}

// sortKeys makes the rows, with how each key stands.
func (s *Server) sortKeys(ctx context.Context, v *keysView, keys []store.Key) error {
	openings, err := s.openings(ctx, v.Service.ID)
	if err != nil {
		return err
	}
	waiting, err := s.store.Dependents(ctx, v.Service.ID)
	if err != nil {
		return err
	}
	now := s.Now()
	for _, k := range keys {
		row := keyRow{Key: k, Expired: !now.Before(k.NotAfter), Tenders: store.DependentsText(waiting[k.ID])}
		for _, f := range s.health(k, openings[k.ID]) {
			if f.Level != checkup.Good {
				row.Health = append(row.Health, f)
			}
		}
		v.Verifiable = v.Verifiable || k.State == protocol.Active
		if row.Expired {
			v.Expired++
		}
		switch {
		case v.Old && !row.Expired:
		case k.Recovery:
			v.Recovery = append(v.Recovery, row)
		default:
			v.Personal = append(v.Personal, row)
		}
	}
	return nil
}

// tendersView is the list of consultations.
type tendersView struct {
	Tenders []tenderRow
}

type tenderRow struct {
	store.Tender
	Open  bool
	Plis  int // those that the reader may see
	Alert bool
}

func (s *Server) tendersPage(c *call) error {
	all, err := s.store.Tenders(c.Context())
	if err != nil {
		return err
	}
	var v tendersView
	for _, t := range all {
		if c.user().Buyer() && !c.user().May(store.PlisOpen, t.Service.ID) {
			continue
		}
		plis, err := s.visiblePlis(c, t)
		if err != nil {
			return err
		}
		keys, err := s.store.TenderKeys(c.Context(), t)
		if err != nil {
			return err
		}
		row := tenderRow{Tender: t, Open: t.Open(s.Now()), Plis: len(plis)}
		row.Alert = c.user().Buyer() && row.Open && alerts(keys).Any()
		v.Tenders = append(v.Tenders, row)
	}
	return s.show(c, http.StatusOK, "tenders", v)
}

// visiblePlis are a consultation's plis: all for its buyer, its own for a
// company.
func (s *Server) visiblePlis(c *call, t store.Tender) ([]store.Pli, error) {
	if c.user().Buyer() {
		return s.store.Plis(c.Context(), t.ID)
	}
	return s.store.CompanyPlis(c.Context(), t.ID, c.user().Company)
}

// keyAlerts is what is wrong with a consultation's keys.
type keyAlerts struct {
	None       bool // nobody could open
	NoRecovery bool
	TooSoon    int // keys that expire before the deadline
	Expired    int // keys that would receive, had they not expired
}

// Any reports whether the buyer has to do something.
func (a keyAlerts) Any() bool { return a.None || a.TooSoon > 0 || a.Expired > 0 }

func alerts(keys []store.TenderKey) keyAlerts {
	a := keyAlerts{None: true, NoRecovery: true}
	for _, k := range keys {
		switch {
		case k.Recipient():
			a.None = false
			a.NoRecovery = a.NoRecovery && !k.Recovery
			if k.TooSoon {
				a.TooSoon++
			}
		case k.Chosen && k.Expired:
			a.Expired++
		}
	}
	return a
}

// tenderView is one consultation, for its buyer or for a company.
type tenderView struct {
	store.Tender
	IsOpen    bool
	Buyer     bool
	Demo      bool
	Here      bool // this page may seal by itself where there is no extension
	Keys      []store.TenderKey
	Alerts    keyAlerts
	Plis      []store.Pli
	Records   []store.Record
	Openers   map[string][]store.Opener // keys that open each pli, by its id
	Rehearsed []keyRehearsal            // keys that receive, each with its newest rehearsal
	Done      string                    // what was just done, a key of the catalogue
	context   map[string]any
}

// Personal and Backup report whether there is a key of that use.
func (v tenderView) Personal() bool { return v.has(false) }

// Backup reports whether there is an active recovery key.
func (v tenderView) Backup() bool { return v.has(true) }

func (v tenderView) has(recovery bool) bool {
	return slices.ContainsFunc(v.Keys, func(k store.TenderKey) bool { return k.Recovery == recovery })
}

// Single counts the unopened plis that only one key opens: losing it loses
// them.
func (v tenderView) Single() int {
	n := 0
	for _, p := range v.Plis {
		if len(p.Openings) == 0 && len(v.Openers[p.ID]) == 1 {
			n++
		}
	}
	return n
}

// OneKey reports whether the next answers would be sealed to one key only.
func (v tenderView) OneKey() bool {
	n := 0
	for _, k := range v.Keys {
		if k.Recipient() {
			n++
		}
	}
	return v.IsOpen && n == 1
}

func (v tenderView) script(lang string) any { return newScriptData(lang, v.context) }

func (s *Server) tenderPage(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	v := tenderView{Tender: t, IsOpen: t.Open(s.Now()), Buyer: c.user().Buyer(), Demo: s.Demo, Here: s.Sealing != ""}
	if v.Plis, err = s.visiblePlis(c, t); err != nil {
		return err
	}
	if v.Keys, err = s.store.TenderKeys(c.Context(), t); err != nil {
		return err
	}
	if v.Buyer {
		if v.Records, err = s.store.Records(c.Context(), t.ID); err != nil {
			return err
		}
		if v.Openers, err = s.store.Openers(c.Context(), t.ID); err != nil {
			return err
		}
		rehearsals, err := s.store.Rehearsals(c.Context(), t.ID)
		if err != nil {
			return err
		}
		v.Rehearsed = rehearsed(v.Keys, rehearsals)
	}
	v.Alerts = alerts(v.Keys)
	if done := "done." + c.FormValue("fait"); text.Has(done) {
		v.Done = done
	}
	v.context = map[string]any{"tender": t.ID, "reference": t.Reference, "title": t.Title, "depositor": c.user().CompanyName, "plis": openPlis(v.Plis), "lot": firstLot(t)}
	name := "tender-bidder"
	if v.Buyer {
		name = "tender-buyer"
	}
	return s.show(c, http.StatusOK, name, v)
}

// firstLot is a lot to ask for keys with: the list is the same for all.
func firstLot(t store.Tender) string {
	if len(t.Lots) == 0 {
		return ""
	}
	return t.Lots[0].Number
}

// openPlis describes plis for scelle.open.
func openPlis(plis []store.Pli) []protocol.OpenPli {
	all := make([]protocol.OpenPli, len(plis))
	for i, p := range plis {
		all[i] = protocol.OpenPli{ID: p.ID, Label: p.CompanyName + ", " + p.Name, Size: p.Size, SHA256: p.Current, Kind: p.Kind, Lot: p.Lot}
	}
	return all
}

// receiptView is « accusé de réception ».
type receiptView struct {
	store.Pli
	Consultation store.Tender
}

func (s *Server) receiptPage(c *call) error {
	p, err := s.store.Pli(c.Context(), c.PathValue("id"))
	if err != nil {
		return err
	}
	t, err := s.store.Tender(c.Context(), p.Tender)
	if err != nil {
		return err
	}
	if c.user().Company != p.Company && !c.user().May(store.PlisOpen, t.Service.ID) {
		return errRight
	}
	return s.show(c, http.StatusOK, "receipt", receiptView{p, t})
}
