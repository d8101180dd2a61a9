package keystoretest

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"testing"

	"scelle/host/internal/keystore"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// pairOf makes a pair that was never seen before: its own subject, serial
// number and, for EC, key.
func pairOf(t *testing.T, name string, o certtest.Options) keystore.Pair {
	t.Helper()
	if o.CommonName == "" {
		o.CommonName = name
	}
	p := certtest.NewCA(t, "AC de "+t.Name()).Issue(t, o)
	return keystore.Pair{Key: p.Key, Certificate: p.DER, Name: name}
}

// keyKinds are the keys that plis are sealed to.
func keyKinds() map[string]certtest.Options {
	return map[string]certtest.Options{
		"RSA-2048": {Bits: 2048},
		"RSA-3072": {Bits: 3072},
		"P-256":    {Curve: elliptic.P256()},
		"P-384":    {Curve: elliptic.P384()},
		"P-521":    {Curve: elliptic.P521()},
	}
}

// wrap encrypts a content key by a mechanism, with Go's own functions.
func wrap(t *testing.T, m envelope.Mechanism, public *rsa.PublicKey, key []byte) []byte {
	t.Helper()
	var out []byte
	var err error
	if m == envelope.RSAPKCS1 {
		//lint:ignore SA1019 envelopes of old writers are made for the test
		out, err = rsa.EncryptPKCS1v15(rand.Reader, public, key)
	} else {
		out, err = rsa.EncryptOAEP(m.Hash().New(), rand.Reader, public, key, nil)
	}
	if err != nil {
		t.Fatalf("wrap %s: %v", m, err)
	}
	return out
}

func randomBytes(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// opens reports why the unwrapper does not open what is sealed to its key by
// a mechanism that goes with it, nil when it does. It may run on any goroutine.
func opens(ctx context.Context, t *testing.T, u keystore.Unwrapper, m envelope.Mechanism) error {
	switch public := u.Public().(type) {
	case *rsa.PublicKey:
		want := randomBytes(t, 32)
		got, err := u.Decrypt(ctx, m, wrap(t, m, public, want))
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%s: wrong content key", m)
		}
		return err
	case *ecdsa.PublicKey:
		own, err := public.ECDH()
		if err != nil {
			return err
		}
		return agrees(ctx, u, own)
	}
	return fmt.Errorf("public key is %T", u.Public())
}

func agrees(ctx context.Context, u keystore.Unwrapper, own *ecdh.PublicKey) error {
	ephemeral, err := own.Curve().GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	want, err := ephemeral.ECDH(own)
	if err != nil {
		return err
	}
	got, err := u.Agree(ctx, ephemeral.PublicKey().Bytes())
	if err == nil && !bytes.Equal(got, want) {
		err = fmt.Errorf("agreed on %x, want %x", got, want)
	}
	return err
}

// wantFault fails the test unless err has one of these codes.
func wantFault(t *testing.T, what string, err error, codes ...fault.Code) {
	t.Helper()
	got := fault.CodeOf(err)
	for _, c := range codes {
		if got == c {
			return
		}
	}
	t.Errorf("%s: %v, want %v", what, err, codes)
}
