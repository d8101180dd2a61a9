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

// TestAKeyDoesNotWaitForCards: a reader that hangs holds up no key of another
// store. A certificate without its key is looked for everywhere.
func TestAKeyDoesNotWaitForCards(t *testing.T) {
	pair := certtest.SelfSigned(t, certtest.Options{CommonName: "Alice"})
	alone := certtest.SelfSigned(t, certtest.Options{CommonName: "Bob", Key: 1})
	store := memory.New()
	if _, err := store.Import(t.Context(), keystore.Pair{Key: pair.Key, Certificate: pair.DER, Name: "Alice"}); err != nil {
		t.Fatal(err)
	}
	store.AddCertificate(alone.DER, "Bob")
	hangs := make(chan struct{})
	asked := make(chan struct{}, 1)
	reader := &fakeStore{status: ready("fake"), list: func(context.Context) ([]keystore.Entry, error) {
		asked <- struct{}{}
		<-hangs
		return []keystore.Entry{{URI: "fake:1", Store: "fake", Name: "Bob", Certificate: alone.DER, HasKey: true}}, nil
	}}
	s := newService(t, reader, store)
	h, err := s.findKey(t.Context(), keypair.Thumbprint(pair.DER))
	if err != nil || !h.shown.HasKey || len(h.places) != 1 {
		t.Fatalf("%+v, %v", h.shown, err)
	}
	<-asked // it was looked at all the same
	close(hangs)
	if h, err = s.findKey(t.Context(), keypair.Thumbprint(alone.DER)); err != nil || h.places[0].entry.Store != "fake" {
		t.Errorf("%+v, %v", h.places, err)
	}
}
