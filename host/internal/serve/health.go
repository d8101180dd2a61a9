package serve

import (
	"context"
	"slices"
	"time"

	"scelle/shared/fault"
	"scelle/shared/keyhealth"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// Health answers host.keys.health: how at most protocol.MaxPresent keys stand,
// in words. Of a key that the asking site did not register only what the site
// itself says is looked at: its answer is the same whatever this computer
// holds. fault.BadRequest for a certificate that is not that of its thumbprint.
func (s *Service) Health(ctx context.Context, p protocol.HostHealthParams) (protocol.HealthResult, error) {
	if len(p.Keys) > protocol.MaxPresent || len(p.Registered) > protocol.MaxPresent {
		return protocol.HealthResult{}, fault.Newf(fault.BadRequest, "more than %d keys", protocol.MaxPresent)
	}
	for _, k := range p.Keys {
		if err := checkServiceKey(k); err != nil {
			return protocol.HealthResult{}, err
		}
	}
	result := protocol.HealthResult{Keys: make([]protocol.KeyHealth, len(p.Keys))}
	var here map[string]holding
	if len(p.Registered) > 0 {
		here, result.Fault = s.whereabouts(ctx)
	}
	for i, k := range p.Keys {
		registered := slices.Contains(p.Registered, k.Thumbprint)
		result.Keys[i] = judgeKey(k, registered, here, result.Fault != nil, s.now(), p.Language)
	}
	return result, nil
}

func checkServiceKey(k protocol.ServiceKey) error {
	switch {
	case !isThumbprint(k.Thumbprint), len(k.Certificate) > 0 && keypair.Thumbprint(k.Certificate) != k.Thumbprint:
		return fault.Newf(fault.BadRequest, "thumbprint")
	case len(k.Openings) > protocol.MaxOpenings:
		return fault.Newf(fault.BadRequest, "openings")
	}
	return nil
}

// whereabouts are the certificates of this computer by thumbprint, and why
// some may be missing.
func (s *Service) whereabouts(ctx context.Context) (map[string]holding, *protocol.Fault) {
	holdings, failed := s.inventory(ctx)
	here := make(map[string]holding)
	for _, h := range holdings {
		here[h.shown.Thumbprint] = h
	}
	if i := slices.IndexFunc(failed, func(s protocol.StoreStatus) bool { return !holdsNothing(s.Fault.Code) }); i >= 0 {
		return here, failed[i].Fault
	}
	return here, nil
}

// judgeKey puts together what the portal and, of a registered key, this
// computer know. unread says that a store may hold it and could not be read.
func judgeKey(k protocol.ServiceKey, registered bool, here map[string]holding, unread bool, now time.Time, lang string) protocol.KeyHealth {
	facts := k.Facts()
	health := protocol.KeyHealth{Thumbprint: k.Thumbprint}
	der := k.Certificate
	h, known := here[k.Thumbprint]
	if registered && known {
		der = h.der
	}
	switch {
	case !registered:
		facts.Here = keyhealth.Unknown
	case h.shown.HasKey:
		facts.Here = keyhealth.Yes
	case !unread:
		facts.Here = keyhealth.No
	}
	health.Here = facts.Here
	if c, err := keypair.Parse(der); err == nil && !c.NotAfter.IsZero() {
		facts.NotAfter, facts.AlsoSigns = c.NotAfter, c.AlsoSigns()
		health.NotAfter = &facts.NotAfter
	}
	found := keyhealth.Check(facts, now)
	health.Level, health.Findings = keyhealth.Worst(found), protocol.Findings(found, lang)
	return health
}
