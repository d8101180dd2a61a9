package envelope_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

func TestNewPrivateKeyUnwrapper(t *testing.T) {
	rsa1, rsa2 := rsaPair(t, 0), rsaPair(t, 1)
	ec1, ec2 := ecPair(t, elliptic.P256()), ecPair(t, elliptic.P256())
	ecdhKey, err := ec1.Key.(*ecdsa.PrivateKey).ECDH()
	if err != nil {
		t.Fatal(err)
	}
	u, err := envelope.NewPrivateKeyUnwrapper(ecdhKey, ec1.DER)
	if err != nil {
		t.Fatal(err)
	}
	mustOpen(t, seal(t, random(9), envelope.SealOptions{Recipients: to(ec1), Length: 9}), random(9), u)
	for name, c := range map[string]struct {
		key  any
		cert *certtest.Pair
		code fault.Code
	}{
		"another RSA key":      {rsa2.Key, rsa1, fault.CertificateBad},
		"another EC key":       {ec2.Key, ec1, fault.CertificateBad},
		"another ECDH key":     {ecdhKey, ec2, fault.CertificateBad},
		"EC with RSA":          {ec1.Key, rsa1, fault.CertificateBad},
		"ECDH with RSA":        {ecdhKey, rsa1, fault.CertificateBad},
		"Ed25519":              {ed25519.NewKeyFromSeed(make([]byte, 32)), rsa1, fault.CertificateKeyKind},
		"a key that is absent": {nil, rsa1, fault.CertificateKeyKind},
		"no certificate":       {rsa1.Key, &certtest.Pair{}, fault.CertificateBad},
		"ECDH, no certificate": {ecdhKey, &certtest.Pair{}, fault.CertificateBad},
	} {
		_, err := envelope.NewPrivateKeyUnwrapper(c.key, c.cert.DER)
		t.Run(name, func(t *testing.T) { wantCode(t, err, c.code) })
	}
}

// TestWrongKindOfMechanism: an RSA recipient under the name of a certificate
// with an EC key.
func TestWrongKindOfMechanism(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	c := craftGCM(t, rsaPair(t, 0), random(10))
	c.recipients[0] = keyTrans(issuerAndSerial(t, pair), oaepSHA256(), make([]byte, 256))
	_, _, err := open(c.bytes(), unwrapper(t, pair))
	wantCode(t, err, fault.EnvelopeUnreadable)
}

// TestFlatMemory seals and opens 96 MiB through a pipe and holds all that was
// allocated, not only what was live, under a sixth of it.
func TestFlatMemory(t *testing.T) {
	const size = 96 << 20
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	for _, profile := range []envelope.Profile{envelope.ProfileDefault, envelope.ProfileCBC} {
		for _, length := range []int64{size, envelope.UnknownLength} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			r, w := io.Pipe()
			sealed := make(chan error, 1)
			go func() {
				content := io.LimitReader(rand.NewChaCha8([32]byte{1}), size)
				_, err := envelope.Seal(context.Background(), w, content, envelope.SealOptions{Recipients: to(pair), Profile: profile, Length: length})
				w.CloseWithError(err)
				sealed <- err
			}()
			report, err := envelope.Open(context.Background(), io.Discard, r, envelope.OpenOptions{Unwrapper: u})
			if err2 := <-sealed; err != nil || err2 != nil || report.Size != size {
				t.Fatal(err, err2)
			}
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
				t.Fatalf("%d bytes allocated for %d", used, size)
			}
		}
	}
}
