package serve

import (
	"bytes"
	"context"
	"crypto/rsa"
	"strings"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/shared/certtest"
	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope/paddingtest"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
)

// card is a store that notes why its keys are asked for.
type card struct {
	*memory.Store
	purposes []keystore.Purpose
}

func (c *card) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	c.purposes = append(c.purposes, keystore.PurposeOf(ctx))
	return c.Store.Unwrapper(ctx, uri)
}

// TestPurpose: a store that asks for a PIN can say which portal wants what.
func TestPurpose(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	store := &card{Store: memory.New()}
	if _, err := store.Import(t.Context(), keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "Alice"}); err != nil {
		t.Fatal(err)
	}
	public := pair.Key.Public().(*rsa.PublicKey)
	sealed := paddingtest.Encrypt(public, paddingtest.Good(public.Size(), bytes.Repeat([]byte{3}, 32)))
	_, r := newOracle(t, store).answer(protocol.HostUnwrap, protocol.UnwrapParams{
		Thumbprint:       keypair.Thumbprint(pair.DER),
		RecipientInfo:    keyTrans(t, pair.DER, sealed).Raw,
		ContentAlgorithm: der.Algorithm("2.16.840.1.101.3.4.1.42", der.Octets(make([]byte, 16))),
		Origin:           "https://marches.example",
		Envelope:         strings.Repeat("0a", 32),
		Verb:             protocol.VerbProve,
	})
	want := keystore.Purpose{Origin: "https://marches.example", Action: "prove"}
	if r.Fault != nil || len(store.purposes) != 1 || store.purposes[0] != want {
		t.Errorf("%+v, %+v", store.purposes, r.Fault)
	}
}
