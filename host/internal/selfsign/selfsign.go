// Package selfsign makes key pairs on this computer, in memory, for stores
// that cannot make their own, and tests that a store really opens what is
// sealed to one of its keys.
package selfsign

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"scelle/host/internal/keystore"
	"scelle/shared/fault"
	"scelle/shared/protocol"
)

// Lifetime is how long a certificate made here lasts, unless
// GenerateOptions.NotAfter says otherwise: three years from now.
func Lifetime(now time.Time) time.Time {
	return now.AddDate(protocol.GeneratedKeyYears, 0, 0)
}

// MakePair generates an RSA key (o.Bits, 3072 when 0, at least 2048) and signs
// a certificate for it with itself: keyUsage keyEncipherment (critical), not a
// CA, subject key identifier, random positive serial of 16 bytes, SHA-256.
// It lasts from now to o.NotAfter, or Lifetime when that is zero. Generation
// takes 0.1 to 1 s for 3072 bits; when ctx ends first, so does MakePair (the
// generation itself cannot be stopped and is left to finish, unused).
//
// Errors: fault.NameBad for an empty common name, fault.CertificateWeak for
// less than 2048 bits, fault.Cancelled, fault.Timeout.
func MakePair(ctx context.Context, o keystore.GenerateOptions) (keystore.Pair, error) {
	switch {
	case o.CommonName == "":
		return keystore.Pair{}, fault.New(fault.NameBad)
	case o.Bits == 0:
		o.Bits = protocol.GeneratedKeyBits
	case o.Bits < 2048:
		return keystore.Pair{}, fault.Newf(fault.CertificateWeak, "%d", o.Bits)
	}
	key, err := generate(ctx, o.Bits)
	if err != nil {
		return keystore.Pair{}, err
	}
	der, err := certify(key, o)
	if err != nil {
		return keystore.Pair{}, err
	}
	name := o.Name
	if name == "" {
		name = o.CommonName
	}
	return keystore.Pair{Key: key, Certificate: der, Name: name}, nil
}

// generate runs the one long call of this package beside ctx.
func generate(ctx context.Context, bits int) (*rsa.PrivateKey, error) {
	if err := keystore.Interrupted(ctx); err != nil {
		return nil, err
	}
	type result struct {
		key *rsa.PrivateKey
		err error
	}
	done := make(chan result, 1)
	go func() {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		done <- result{key, err}
	}()
	select {
	case r := <-done:
		return r.key, fault.Wrap(fault.Internal, r.err)
	case <-ctx.Done():
		return nil, keystore.Interrupted(ctx)
	}
}

func certify(key *rsa.PrivateKey, o keystore.GenerateOptions) ([]byte, error) {
	serial, err := randomSerial()
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if o.NotAfter.IsZero() {
		o.NotAfter = Lifetime(now)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: o.CommonName},
		// Clocks of two computers differ by minutes; a key must be usable at
		// the portal in the second in which it was made.
		NotBefore:             now.Add(-5 * time.Minute),
		NotAfter:              o.NotAfter,
		KeyUsage:              x509.KeyUsageKeyEncipherment,
		BasicConstraintsValid: true,
		SubjectKeyId:          keyIdentifier(&key.PublicKey),
		SignatureAlgorithm:    x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return der, fault.Wrap(fault.Internal, err)
}

// randomSerial draws 16 bytes whose top bits are 01: positive, and always 16
// bytes long in DER (RFC 5280, 4.1.2.2 allows 20).
func randomSerial() (*big.Int, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return nil, fault.Wrap(fault.Internal, err)
	}
	b[0] = b[0]&0x3f | 0x40
	return new(big.Int).SetBytes(b), nil
}

// keyIdentifier is method 1 of RFC 5280, 4.2.1.2: SHA-1 of the RSAPublicKey.
func keyIdentifier(key *rsa.PublicKey) []byte {
	der, err := asn1.Marshal(struct {
		N *big.Int
		E int
	}{key.N, key.E})
	if err != nil {
		return nil
	}
	sum := sha1.Sum(der)
	return sum[:]
}
