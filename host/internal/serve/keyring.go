package serve

import (
	"context"

	"scelle/host/internal/journal"
	"scelle/host/internal/keystore"
	"scelle/host/internal/unwrap"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// Keyring is every private key of this computer's stores as one
// envelope.KeyUnwrapper, for the command line: there a person names the
// envelope, so that no consent and no count stand in between.
type Keyring struct {
	secret []byte
	record func() (*journal.Journal, error)
	verb   journal.Verb
	// envelope is what the journal calls the envelope, see About.
	envelope string
	keys     []ringKey
	used     *keypair.Certificate // whose key was used last
}

type ringKey struct {
	holding
	certificate *keypair.Certificate
}

var _ envelope.KeyUnwrapper = (*Keyring)(nil)

// Keyring lists the keys; none is touched before Unwrap. When there is no key
// because a store could not be read, the error is that store's. verb is what
// the journal says of their use.
func (s *Service) Keyring(ctx context.Context, secret []byte, verb journal.Verb) (*Keyring, error) {
	ring := &Keyring{secret: secret, record: s.journal, verb: verb}
	holdings, failed := s.inventory(ctx)
	for _, h := range holdings {
		c, err := keypair.Parse(h.der)
		if err == nil && h.shown.HasKey {
			ring.keys = append(ring.keys, ringKey{h, c})
		}
	}
	if len(ring.keys) == 0 && len(failed) > 0 {
		return nil, failed[0].Fault.Err()
	}
	return ring, nil
}

// About names the envelope of the following questions for the journal: the
// SHA-256 of its header, in hex.
func (r *Keyring) About(envelope string) { r.envelope = envelope }

// Owns implements envelope.KeyUnwrapper.
func (r *Keyring) Owns(info *cms.RecipientInfo) bool {
	return r.match(info) != nil
}

// Unwrap implements envelope.KeyUnwrapper.
func (r *Keyring) Unwrap(ctx context.Context, info *cms.RecipientInfo, content cms.AlgorithmIdentifier) ([]byte, error) {
	found := r.match(info)
	if found == nil {
		return nil, fault.New(fault.EnvelopeNotForYou)
	}
	record, err := r.record()
	if err != nil {
		return nil, err
	}
	ctx = keystore.WithPurpose(ctx, keystore.Purpose{Action: string(r.verb)})
	use := journal.Entry{Verb: r.verb, Key: keypair.Thumbprint(found.der), Envelope: r.envelope}
	return unwrap.Recorded(record, use, func() ([]byte, error) {
		key, err := found.unwrapper(ctx)
		if err != nil {
			return nil, err
		}
		defer key.Close()
		r.used = found.certificate
		identity, err := envelope.NewIdentity(key, found.der, r.secret)
		if err != nil {
			return nil, err
		}
		return identity.Unwrap(ctx, info, content)
	})
}

// Used is the certificate whose key was used last, nil before.
func (r *Keyring) Used() *keypair.Certificate { return r.used }

// Names returns the common names of the keys that an addressee matches, for
// people who look at an envelope's header.
func (r *Keyring) Names(a envelope.Addressee) []string {
	var names []string
	for _, k := range r.keys {
		if a.Matches(k.certificate) {
			names = append(names, k.shown.Name)
		}
	}
	return names
}

func (r *Keyring) match(info *cms.RecipientInfo) *ringKey {
	for _, id := range info.Identifiers() {
		for i := range r.keys {
			if (envelope.Addressee{RecipientIdentifier: id}).Matches(r.keys[i].certificate) {
				return &r.keys[i]
			}
		}
	}
	return nil
}
