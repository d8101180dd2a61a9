package main

import (
	"context"
	"time"

	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/signeddata/lists"
	"scelle/wasm/internal/trust"
)

// site is the portal that a bridge serves: what is settled about its lists,
// and how one is verified.
type site struct {
	origin string // as the browser reported it
	settle func(ctx context.Context) (protocol.TrustResult, error)
	pin    func(ctx context.Context, pin string) error
	verify func(ctx context.Context, list []byte) (*trust.Signed, error) // nil for no list
}

// agreement is whom a page and its portal's list agree on.
type agreement struct {
	check   protocol.ListCheck
	list    *lists.Recipients // nil when there is no signed one
	entries []trust.Entry     // all of them, also those that receive nothing
}

// agree checks the signed list of a request, or that none is needed. Errors:
// fault.BadRequest, fault.NoRecipient when nobody is named at all, those of
// package trust and of a list's verification.
func (s site) agree(ctx context.Context, p protocol.RecipientsParams, now time.Time) (agreement, error) {
	var a agreement
	if len(p.Recipients) > protocol.MaxRecipients {
		return a, fault.Newf(fault.BadRequest, "recipients")
	}
	settled, err := s.settle(ctx)
	if err != nil {
		return a, err
	}
	signed, err := s.verify(ctx, p.RecipientList)
	if err != nil {
		return a, err
	}
	if a.check, err = trust.Settle(settled, signed); err != nil {
		return a, err
	}
	if signed == nil {
		a.entries = trust.Unlisted(p.Recipients)
		if len(a.entries) == 0 {
			return a, fault.New(fault.NoRecipient)
		}
		return a, nil
	}
	expected := lists.Expected{Origin: s.origin, Tender: p.Tender, Lot: p.Lot, Now: now}
	if a.list, err = trust.Recipients(signed, p.Recipients, expected); err != nil {
		return a, err
	}
	a.entries = trust.Entries(a.list)
	return a, nil
}

// open reports whether the list still lets plis be sealed, and whether late
// ones. Error: fault.DeadlinePassed.
func (a agreement) open(now time.Time) (late bool, err error) {
	if a.list == nil {
		return false, nil
	}
	return a.list.Closed(now), a.list.Open(now)
}

// keep pins the key of the first list, once that list was good for something.
func (s site) keep(ctx context.Context, c protocol.ListCheck) error {
	if !c.First {
		return nil
	}
	return s.pin(ctx, c.Pin)
}

// preview is who would receive a pli now. Nothing is pinned: to look is no
// decision.
func (s site) preview(ctx context.Context, p protocol.RecipientsParams, now time.Time) (protocol.RecipientsResult, error) {
	a, err := s.agree(ctx, p, now)
	if err != nil {
		return protocol.RecipientsResult{}, err
	}
	r := protocol.RecipientsResult{List: a.check, Recipients: []protocol.NamedRecipient{}}
	if a.list != nil {
		r.Deadline, r.Closed = a.list.Deadline.Format(time.RFC3339), a.list.Closed(now)
		r.Fault = protocol.FaultOf(a.list.Open(now))
	}
	for _, e := range a.entries {
		r.Recipients = append(r.Recipients, named(e, now))
	}
	return r, nil
}

func named(e trust.Entry, now time.Time) protocol.NamedRecipient {
	c, m, err := usable(e, "", now)
	n := protocol.NamedRecipient{Thumbprint: keypair.Thumbprint(e.Certificate), Label: keypair.Clean(e.Label), Recovery: e.Recovery, Mechanism: m, Fault: protocol.FaultOf(err)}
	if c != nil {
		n.CommonName, n.Issuer, n.NotAfter = c.CommonName, c.Issuer, c.NotAfter
	}
	return n
}

// usable says by which mechanism a certificate can be sealed to, or why it
// cannot; the certificate is nil only when it cannot be read.
func usable(r trust.Entry, profile string, now time.Time) (*keypair.Certificate, envelope.Mechanism, error) {
	c, err := keypair.Parse(r.Certificate)
	switch {
	case err != nil:
		return nil, "", fault.Wrap(fault.CertificateBad, err)
	case r.Revoked:
		return c, "", fault.New(fault.CertificateRevoked)
	}
	if err := keypair.Check(c, now).Err(); err != nil {
		return c, "", err
	}
	switch {
	case c.Kind == keypair.EC:
		return c, envelope.ECDH, nil
	case profile == string(envelope.ProfileCBC) && r.Mechanism == "":
		return c, envelope.RSAPKCS1, nil
	case r.Mechanism == "":
		return c, envelope.RSAOAEPSHA256, nil
	}
	return c, r.Mechanism, nil
}
