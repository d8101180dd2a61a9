package model

import (
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

// checkList asks what is settled for the site and has the portal's list
// verified, before anything of this computer is looked at.
func (o *Opening) checkList() []Effect {
	return []Effect{worker(&o.runs, protocol.SiteTrust, protocol.SiteParams{Origin: o.Site.Origin}, func(site protocol.TrustResult, err error) []Effect {
		switch {
		case err != nil:
			return o.fail(err)
		case len(o.signed) == 0:
			return o.decide(site, nil)
		}
		return []Effect{VerifyList{List: o.signed, Then: once(&o.runs, nil, func(signed *trust.Signed, err error) []Effect {
			if err != nil {
				return o.fail(err)
			}
			return o.decide(site, signed)
		})}}
	})}
}

// decide says what the list is worth, and follows it.
func (o *Opening) decide(site protocol.TrustResult, signed *trust.Signed) []Effect {
	check, err := trust.Settle(site, signed)
	if err == nil {
		err = o.errand.follow(o, signed)
	}
	if err != nil {
		return o.fail(err)
	}
	o.Check, o.checked = check, true
	return o.loadKeys()
}

// follow takes what the portal signed in place of what the page says.
func (p *Pli) follow(list *lists.Opening) {
	listed, ok := list.Find(p.ID)
	if !ok {
		p.fail(fault.New(fault.ListPli))
		return
	}
	p.listed = listed
	p.Label, p.Kind, p.Lot = keypair.Clean(listed.Label), string(listed.Kind), listed.Lot
	if listed.SHA256 != "" {
		p.SHA256 = listed.SHA256
	}
}

// needsSum reports whether the list names a pli by its whole file only.
func (o *Opening) needsSum(p *Pli) bool { return o.Listed != nil && p.listed.HeaderSHA256 == "" }

// expects compares an envelope with the list, as far as it is known.
func (o *Opening) expects(p *Pli, f lists.Fingerprints) error {
	if o.Listed == nil || p.listed.Matches(f) {
		return nil
	}
	return fault.New(fault.ListPli)
}

// pinFirst keeps the key of the first list of a site: the person has just
// agreed to a window that shows its fingerprint.
func (o *Opening) pinFirst(then Effect) Effect {
	if !o.Check.First {
		return then
	}
	params := protocol.PinParams{Origin: o.Site.Origin, Pin: o.Check.Pin}
	return worker(&o.runs, protocol.SitePin, params, func(_ protocol.Empty, err error) []Effect {
		if err != nil {
			return o.fail(err)
		}
		return []Effect{then}
	})
}

// aboutList reports failures of the portal's list as a whole.
func aboutList(c fault.Code) bool {
	switch c {
	case fault.ListUnsigned, fault.ListForged, fault.ListSigner, fault.ListExpired, fault.ListOther, fault.OpeningEarly:
		return true
	}
	return false
}
