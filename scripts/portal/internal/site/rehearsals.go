package site

import (
	"slices"
	"time"

	"scelle/scripts/portal/internal/store"
	"scelle/shared/fault"
	"scelle/shared/protocol"
	"scelle/shared/version"
)

// receiveRehearsal keeps what a rehearsal on an agent's computer showed.
func (s *Server) receiveRehearsal(c *call) error {
	t, err := s.tender(c)
	if err != nil {
		return err
	}
	var r protocol.RehearseResult
	if err := c.decode(&r); err != nil {
		return err
	}
	keys, err := s.store.Keys(c.Context(), t.Service.ID)
	if err != nil {
		return err
	}
	withdrawn, err := s.store.Withdrawn(c.Context(), t.Service.ID, protocol.MaxRecipients)
	if err != nil {
		return err
	}
	if r.Tender != t.Reference || !completeRehearsal(r, append(keys, withdrawn...)) {
		return fault.Newf(fault.BadRequest, "rehearsal")
	}
	id, err := s.store.AddRehearsal(c.Context(), store.Rehearsal{Tender: t.ID, By: c.user().ID, Portal: version.Version, Content: r})
	if err != nil {
		return err
	}
	return c.reply(map[string]string{"id": id})
}

// completeRehearsal reports whether a rehearsal has what each has, is about
// keys of the service, each once, and tried at least one. It takes the names that the
// portal has for them.
func completeRehearsal(r protocol.RehearseResult, keys []store.Key) bool {
	tried := false
	for i, k := range r.Keys {
		known := slices.IndexFunc(keys, func(other store.Key) bool { return other.Thumbprint == k.Thumbprint })
		again := slices.ContainsFunc(r.Keys[:i], func(other protocol.RehearsedKey) bool { return other.Thumbprint == k.Thumbprint })
		if known < 0 || again {
			return false
		}
		r.Keys[i].Label, r.Keys[i].Recovery = keys[known].Name, keys[known].Recovery
		switch k.State {
		case protocol.RehearsedOpened:
			tried = true
		case protocol.RehearsedFailed:
			tried = true
			if k.Fault == nil {
				return false
			}
		case protocol.RehearsedElsewhere, protocol.RehearsedLeftOut:
		default:
			return false
		}
	}
	return tried && r.Extension != "" && r.Host != "" && !r.Started.IsZero() && !r.Finished.Before(r.Started)
}

// keyRehearsal is a key that receives the plis of a consultation, with the
// newest rehearsal that tried it.
type keyRehearsal struct {
	store.TenderKey
	Last  *store.Rehearsal // nil: never tried
	Tried protocol.RehearsedKey
}

// Opened reports whether it opened the test pli then.
func (k keyRehearsal) Opened() bool { return k.Tried.State == protocol.RehearsedOpened }

// At is when the rehearsal ended, by the agent's computer.
func (k keyRehearsal) At() time.Time { return k.Last.Content.Finished }

// rehearsed lists the keys that receive, each with its newest rehearsal;
// rehearsals come newest first.
func rehearsed(keys []store.TenderKey, rehearsals []store.Rehearsal) []keyRehearsal {
	var all []keyRehearsal
	for _, k := range keys {
		if !k.Recipient() {
			continue
		}
		row := keyRehearsal{TenderKey: k}
		for i := range rehearsals {
			if tried := triedIn(rehearsals[i], k.Thumbprint); tried != nil {
				row.Last, row.Tried = &rehearsals[i], *tried
				break
			}
		}
		all = append(all, row)
	}
	return all
}

// triedIn is what a rehearsal showed of a key that it tried; nil for one that
// it did not, also because the person stopped before its turn.
func triedIn(r store.Rehearsal, thumbprint string) *protocol.RehearsedKey {
	for i, k := range r.Content.Keys {
		stopped := k.Fault != nil && k.Fault.Code == fault.Cancelled
		if k.Thumbprint == thumbprint && !stopped && (k.State == protocol.RehearsedOpened || k.State == protocol.RehearsedFailed) {
			return &r.Content.Keys[i]
		}
	}
	return nil
}

// Unrehearsed reports a consultation whose plis no computer has shown that it
// can open: nobody has rehearsed with one of its keys, or none succeeded.
func (v tenderView) Unrehearsed() bool {
	return len(v.Rehearsed) > 0 && !slices.ContainsFunc(v.Rehearsed, keyRehearsal.Opened)
}
