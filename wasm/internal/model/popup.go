package model

import (
	"time"

	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/protocol"
)

// Popup is the screen behind the toolbar's icon: the three facts, the keys of
// this computer, and whether the current site may use Scellé.
type Popup struct {
	Env  Env
	Site Site // the current tab's; Origin is "" on the browser's own pages

	Checking  bool                   // Status is being asked for
	Status    *protocol.StatusResult // the three facts
	StatusErr *fault.Fault           // why they are not known
	Stores    []protocol.StoreStatus // details of the third fact
	Keys      []protocol.Certificate // certificates with a private key, soonest expiry first
	KeysKnown bool                   // Keys is complete
	KeysErr   *fault.Fault           // why it is not
	Failed    []protocol.StoreStatus // stores that are missing from Keys
	// Known is what registrations noted of keys, by thumbprint: the last proof,
	// and where the pair came from.
	Known    map[string]keyhealth.Key
	Grant    *protocol.SiteResult // nil until known
	GrantErr *fault.Fault         //
	Asking   bool                 // the browser asks for the permission, or it is being changed
	Refused  bool                 // the person said no to the browser
	Newer    Update               // a newer host
	First    bool                 // no site was ever allowed: the person sees this for the first time
	runs
}

// maxPages ends a list that a broken host would never end.
const maxPages = 200

// NewPopup makes the popup for the current tab's origin, "" where the browser
// tells none.
func NewPopup(env Env, origin string) *Popup { return &Popup{Env: env, Site: NewSite(origin)} }

// Init looks at everything.
func (p *Popup) Init() []Effect { return p.refresh() }

// Update changes the popup by a message.
func (p *Popup) Update(m Msg) []Effect {
	switch m := m.(type) {
	case answer:
		return p.take(m)
	case Refresh:
		return p.refresh()
	case FetchUpdate:
		return p.fetchUpdate(m)
	case AllowSite:
		return p.allow(m)
	case ForgetSite:
		return p.forget(m)
	case SeenListKey:
		return p.seen(m)
	case OpenOptionsPage:
		return []Effect{OpenURL{URL: "app/options.html"}}
	case OpenOfflinePage:
		return []Effect{OpenURL{URL: "app/offline.html"}}
	case OpenBackupPage:
		return []Effect{OpenURL{URL: backupPage}}
	case OpenCheckPage:
		return []Effect{OpenURL{URL: checkPage}}
	case Close, Cancel:
		return closing()
	}
	return nil
}

func (p *Popup) refresh() []Effect {
	p.end()
	*p = Popup{Env: p.Env, Site: p.Site, Checking: true, runs: p.runs, Grant: p.Grant}
	effects := []Effect{
		worker(&p.runs, protocol.Status, protocol.Empty{}, p.gotStatus),
		worker(&p.runs, protocol.OptionsGet, protocol.Empty{}, p.gotOptions),
	}
	if p.Site.Origin != "" {
		effects = append(effects, p.askSite())
	}
	return effects
}

func (p *Popup) gotStatus(s protocol.StatusResult, err error) []Effect {
	p.Checking = false
	if err != nil {
		p.StatusErr = fault.Of(err)
		return nil
	}
	p.Status = &s
	update := worker(&p.runs, protocol.UpdateCheck, protocol.Empty{}, p.gotUpdate)
	if !s.Host.Online {
		return []Effect{update}
	}
	return []Effect{
		update,
		host(&p.runs, protocol.HostStatus, protocol.Empty{}, func(r protocol.HostStatusResult, err error) []Effect {
			p.Stores = r.Stores
			return nil
		}),
		listKeys(&p.runs, p.gotKeys),
	}
}

func (p *Popup) gotKeys(l keyList, err error) []Effect {
	if err != nil {
		p.KeysErr = fault.Of(err)
		return nil
	}
	p.Keys, p.Failed, p.KeysKnown = l.certificates, l.failed, true
	byExpiry(p.Keys)
	return nil
}

// gotOptions tells whether this is the first time. A list that cannot be read
// changes nothing here: the options page says why.
func (p *Popup) gotOptions(o protocol.OptionsResult, err error) []Effect {
	p.First = err == nil && len(o.Sites) == 0
	p.Known = noted(o.Sites)
	p.Site = p.Site.Beside(origins(o.Sites))
	return nil
}

// noted is what sites noted of the keys that they registered; the newest proof
// counts.
func noted(sites []protocol.SiteEntry) map[string]keyhealth.Key {
	out := map[string]keyhealth.Key{}
	for _, s := range sites {
		for _, k := range s.Keys {
			facts := out[k.Thumbprint]
			facts.Active = true
			facts.Server = facts.Server || k.Mode == protocol.ModeServer
			if at, err := time.Parse(time.RFC3339, k.Proven); err == nil && at.After(facts.Proven) {
				facts.Proven = at
			}
			out[k.Thumbprint] = facts
		}
	}
	return out
}

func origins(sites []protocol.SiteEntry) []string {
	var out []string
	for _, s := range sites {
		out = append(out, s.Origin)
	}
	return out
}

func (p *Popup) askSite() Effect {
	params := protocol.SiteParams{Origin: p.Site.Origin}
	return worker(&p.runs, protocol.SiteState, params, p.gotSite)
}

func (p *Popup) gotSite(r protocol.SiteResult, err error) []Effect {
	p.Asking = false
	if err != nil {
		p.GrantErr = fault.Of(err)
		return nil
	}
	p.Grant, p.GrantErr = &r, nil
	return nil
}

// Allowable reports whether « Autoriser » is offered.
func (p *Popup) Allowable() bool {
	return p.Grant != nil && p.Grant.Secure && !p.Grant.Forbidden && !p.Grant.Allowed && !p.Asking
}

func (p *Popup) allow(m AllowSite) []Effect {
	if !m.Trusted || !p.Allowable() {
		return nil
	}
	p.Asking, p.Refused = true, false
	params := protocol.SiteParams{Origin: p.Site.Origin}
	ask := AskPermission{Origin: p.Site.Origin, Then: once(&p.runs, nil, func(granted bool, err error) []Effect {
		if err != nil || !granted {
			p.Asking, p.Refused, p.GrantErr = false, err == nil, fault.Of(err)
			return nil
		}
		return []Effect{worker(&p.runs, protocol.SiteAllow, params, p.gotSite)}
	})}
	// The prompt closes the popup in Chromium: the wish goes to the worker
	// beside it, and the worker acts on it when the permission comes.
	wish := WorkerCall{Method: protocol.SiteAllow, Params: params, Then: ignore}
	return []Effect{ask, wish}
}

// seen puts away the notice of a key that was kept while a pli was sealed.
func (p *Popup) seen(m SeenListKey) []Effect {
	if !m.Trusted || p.Grant == nil || !p.Grant.NewListKey || p.Asking {
		return nil
	}
	p.Asking = true
	params := protocol.SiteParams{Origin: p.Site.Origin}
	return []Effect{Focus{ID: "title"}, worker(&p.runs, protocol.SiteSeen, params, p.gotSite)}
}

func (p *Popup) forget(m ForgetSite) []Effect {
	if !m.Trusted || p.Grant == nil || !p.Grant.Allowed || p.Asking {
		return nil
	}
	p.Asking = true
	params := protocol.SiteParams{Origin: p.Site.Origin}
	return []Effect{worker(&p.runs, protocol.SiteForget, params, p.gotSite)}
}
