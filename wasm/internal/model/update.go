package model

import (
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Update is what the popup knows of a newer host.
type Update struct {
	Version  string                  // "" when there is none
	Package  *protocol.UpdatePackage // for this computer, if there is one
	Fault    *fault.Fault            // why the publisher's manifest changed nothing
	Fetching bool
	Saved    string       // name under which the package was saved
	FetchErr *fault.Fault // why it was not
}

func (p *Popup) gotUpdate(r protocol.UpdateResult, err error) []Effect {
	if err != nil {
		p.Newer.Fault = fault.Of(err)
		return nil
	}
	p.Newer.Version, p.Newer.Package = r.Host, r.Package
	if r.Fault != nil {
		p.Newer.Fault = fault.Of(r.Fault.Err())
	}
	return nil
}

// Fetchable reports whether the button that brings the package is offered.
func (u Update) Fetchable() bool { return u.Version != "" && u.Package != nil && !u.Fetching }

func (p *Popup) fetchUpdate(m FetchUpdate) []Effect {
	if !m.Trusted || !p.Newer.Fetchable() {
		return nil
	}
	p.Newer.Fetching, p.Newer.FetchErr, p.Newer.Saved = true, nil, ""
	return []Effect{BringUpdate{Then: once(&p.runs, nil, func(name string, err error) []Effect {
		p.Newer.Fetching, p.Newer.Saved, p.Newer.FetchErr = false, name, fault.Of(err)
		return nil
	})}}
}
