package serve

import (
	"context"
	"slices"

	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Certificate answers host.keys.certificate: one public certificate with its
// bytes. fault.KeyNotFound when no store holds it.
func (s *Service) Certificate(ctx context.Context, p protocol.CertificateParams) (protocol.CertificateResult, error) {
	h, err := s.find(ctx, p.Thumbprint)
	if err != nil {
		return protocol.CertificateResult{}, err
	}
	return protocol.CertificateResult{Certificate: h.shown, DER: h.der}, nil
}

// holdsNothing reports reasons for which a store will never give a key here: it
// is not there, or must not or cannot be used.
func holdsNothing(c fault.Code) bool {
	switch c {
	case fault.StoreMissing, fault.StoreForbidden, fault.StoreLegacy, fault.StoreUnsupported:
		return true
	}
	return false
}

// Present answers host.keys.present: which of at most protocol.MaxPresent
// certificates have their private key in a store, in the order asked. While a
// store that is there cannot be read, a key that no other store holds may be in
// that one: then the answer is that store's fault, not an absence.
func (s *Service) Present(ctx context.Context, p protocol.PresentParams) (protocol.HostPresentResult, error) {
	if len(p.Thumbprints) > protocol.MaxPresent {
		return protocol.HostPresentResult{}, fault.Newf(fault.BadRequest, "more than %d thumbprints", protocol.MaxPresent)
	}
	for _, t := range p.Thumbprints {
		if !isThumbprint(t) {
			return protocol.HostPresentResult{}, fault.Newf(fault.BadRequest, "thumbprint")
		}
	}
	holdings, failed := s.inventory(ctx)
	here := make(map[string]bool)
	for _, h := range holdings {
		here[h.shown.Thumbprint] = h.shown.HasKey
	}
	unread := slices.IndexFunc(failed, func(s protocol.StoreStatus) bool { return !holdsNothing(s.Fault.Code) })
	result := protocol.HostPresentResult{Present: []string{}}
	for _, t := range p.Thumbprints {
		switch {
		case here[t] && !slices.Contains(result.Present, t):
			result.Present = append(result.Present, t)
		case !here[t] && unread >= 0:
			return protocol.HostPresentResult{}, failed[unread].Fault.Err()
		}
	}
	return result, nil
}
