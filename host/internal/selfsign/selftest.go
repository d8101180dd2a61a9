package selfsign

import (
	"bytes"
	"context"
	"crypto/rand"
	"slices"

	"scelle/host/internal/keystore"
	"scelle/shared/cms"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// SelfTest proves that a key just imported or generated opens what is sealed
// to its certificate: a random key is wrapped by each mechanism that the store
// declares for this kind of key, and unwrapped through the store, on the way
// that plis take. The answer is nil or fault.StoreSelfTest, whose detail names
// the mechanism; only a context's end keeps its own code.
func SelfTest(ctx context.Context, store keystore.Store, entry keystore.Entry) error {
	cert, err := keypair.Parse(entry.Certificate)
	if err != nil {
		return fault.Recode(fault.StoreSelfTest, err)
	}
	mechanisms := suitable(store.Status(ctx).Capabilities.Mechanisms, cert.Kind)
	if len(mechanisms) == 0 {
		return fault.Newf(fault.StoreSelfTest, "no mechanism for %s", cert.Kind)
	}
	u, err := store.Unwrapper(ctx, entry.URI)
	if err != nil {
		return failed(ctx, "key", err)
	}
	defer u.Close()
	for _, m := range mechanisms {
		if err := TryMechanism(ctx, u, entry.Certificate, m); err != nil {
			return failed(ctx, string(m), err)
		}
	}
	return nil
}

// suitable keeps the mechanisms that go with a kind of key.
func suitable(all []envelope.Mechanism, kind keypair.Kind) []envelope.Mechanism {
	return slices.DeleteFunc(slices.Clone(all), func(m envelope.Mechanism) bool {
		return m.RSA() != (kind == keypair.RSA)
	})
}

// TryMechanism seals a random content key to the certificate by one mechanism
// and opens it with its private key. Errors: those of envelope.WrapKey and
// envelope.UnwrapWith; fault.EnvelopeUnreadable when other bytes come back.
func TryMechanism(ctx context.Context, u keystore.Unwrapper, certificate []byte, m envelope.Mechanism) error {
	random := make([]byte, 64)
	if _, err := rand.Read(random); err != nil {
		return err
	}
	defer clear(random)
	nonce, secret := random[:32], random[32:]
	info, err := envelope.WrapKey(envelope.Recipient{Certificate: certificate, Mechanism: m}, nonce)
	if err != nil {
		return err
	}
	got, err := envelope.UnwrapWith(ctx, u, envelope.UnwrapRequest{
		Certificate: certificate, RecipientInfo: info.Raw, ContentAlgorithm: gcm256(), Secret: secret,
	})
	defer clear(got)
	if err == nil && !bytes.Equal(got, nonce) {
		err = fault.New(fault.EnvelopeUnreadable)
	}
	return err
}

// gcm256 is the AlgorithmIdentifier of AES-256-GCM with a zero nonce (RFC
// 5084, section 3.2): nothing is encrypted with it, it states the key's length.
func gcm256() []byte {
	const gcm cms.OID = "\x60\x86\x48\x01\x65\x03\x04\x01\x2e"
	parameters := append([]byte{0x30, 0x11, 0x04, 0x0c}, make([]byte, 12)...)
	parameters = append(parameters, 0x02, 0x01, 0x10)
	return cms.NewAlgorithm(gcm, parameters).Raw
}

func failed(ctx context.Context, what string, err error) error {
	if ended := keystore.Interrupted(ctx); ended != nil {
		return ended
	}
	return fault.Newf(fault.StoreSelfTest, "%s: %s", what, fault.CodeOf(err))
}
