package selfsign_test

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"scelle/host/internal/keystore"
	"scelle/host/internal/keystore/memory"
	"scelle/host/internal/selfsign"
	"scelle/shared/certtest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
	"scelle/shared/keypair"
)

func TestMakePair(t *testing.T) {
	pair, err := selfsign.MakePair(t.Context(), keystore.GenerateOptions{CommonName: "Service achats – Lyon"})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(pair.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		t.Errorf("signature: %v", err)
	}
	key := pair.Key.(*rsa.PrivateKey)
	if err := key.Validate(); err != nil || key.N.BitLen() != 3072 || !key.PublicKey.Equal(cert.PublicKey) {
		t.Errorf("key: %v, %d bits", err, key.N.BitLen())
	}
	if cert.Subject.CommonName != "Service achats – Lyon" || pair.Name != cert.Subject.CommonName || cert.Issuer.String() != cert.Subject.String() {
		t.Errorf("subject %q, issuer %q, name %q", cert.Subject, cert.Issuer, pair.Name)
	}
	if cert.SignatureAlgorithm != x509.SHA256WithRSA || cert.KeyUsage != x509.KeyUsageKeyEncipherment ||
		!cert.BasicConstraintsValid || cert.IsCA || len(cert.SubjectKeyId) != 20 {
		t.Errorf("%v, usage %b, CA %v, key id %x", cert.SignatureAlgorithm, cert.KeyUsage, cert.IsCA, cert.SubjectKeyId)
	}
	if n := len(cert.SerialNumber.Bytes()); n != 16 || cert.SerialNumber.Sign() <= 0 {
		t.Errorf("serial %x", cert.SerialNumber)
	}
	if left := time.Until(cert.NotAfter); left < 3*365*24*time.Hour-time.Hour || left > 3*366*24*time.Hour {
		t.Errorf("valid for %v", left)
	}
	critical := false
	for _, e := range cert.Extensions {
		critical = critical || e.Critical && e.Id.String() == "2.5.29.15"
	}
	if !critical {
		t.Error("keyUsage is not critical")
	}
	parsed, err := keypair.Parse(pair.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	if v := keypair.Check(parsed, time.Now()); !v.OK() {
		t.Errorf("the verdict on our own certificate: %v", v.Reasons)
	}
}

func TestMakePairRefused(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancelLate()
	for _, test := range []struct {
		ctx  context.Context
		o    keystore.GenerateOptions
		code fault.Code
	}{
		{t.Context(), keystore.GenerateOptions{}, fault.NameBad},
		{t.Context(), keystore.GenerateOptions{CommonName: "x", Bits: 1024}, fault.CertificateWeak},
		{ended, keystore.GenerateOptions{CommonName: "x"}, fault.Cancelled},
		{late, keystore.GenerateOptions{CommonName: "x", Bits: 8192}, fault.Timeout},
	} {
		if _, err := selfsign.MakePair(test.ctx, test.o); fault.CodeOf(err) != test.code {
			t.Errorf("%+v: %v, want %s", test.o, err, test.code)
		}
	}
}

// faulty is a store whose unwrapper does one thing wrong.
type faulty struct {
	keystore.Store
	decrypt func(m envelope.Mechanism, plain []byte) ([]byte, error)
}

func (f faulty) Unwrapper(ctx context.Context, uri string) (keystore.Unwrapper, error) {
	u, err := f.Store.Unwrapper(ctx, uri)
	return faultyUnwrapper{u, f.decrypt}, err
}

type faultyUnwrapper struct {
	keystore.Unwrapper
	decrypt func(m envelope.Mechanism, plain []byte) ([]byte, error)
}

func (f faultyUnwrapper) Decrypt(ctx context.Context, m envelope.Mechanism, c []byte) ([]byte, error) {
	plain, err := f.Unwrapper.Decrypt(ctx, m, c)
	if err != nil {
		return nil, err
	}
	return f.decrypt(m, plain)
}

// TestSelfTest: the store that does one mechanism wrong does not pass.
func TestSelfTest(t *testing.T) {
	s := memory.New()
	made := certtest.NewCA(t, "AC").Issue(t, certtest.Options{})
	e, err := s.Import(t.Context(), keystore.Pair{Key: made.Key, Certificate: made.DER, Name: "x"})
	if err != nil {
		t.Fatal(err)
	}
	right := func(_ envelope.Mechanism, plain []byte) ([]byte, error) { return plain, nil }
	if err := selfsign.SelfTest(t.Context(), faulty{s, right}, e); err != nil {
		t.Errorf("a good store: %v", err)
	}
	for _, wrong := range []envelope.Mechanism{envelope.RSAOAEPSHA256, envelope.RSAOAEPSHA1, envelope.RSAPKCS1} {
		for name, spoil := range map[string]func([]byte) ([]byte, error){
			"other bytes": func(p []byte) ([]byte, error) { p[3] ^= 1; return p, nil },
			"cut":         func(p []byte) ([]byte, error) { return p[1:], nil },
			"error":       func([]byte) ([]byte, error) { return nil, fault.New(fault.EnvelopeUnreadable) },
			"missing":     func([]byte) ([]byte, error) { return nil, fault.New(fault.MechanismMissing) },
			"raw error":   func([]byte) ([]byte, error) { return nil, errors.New("broken") },
		} {
			decrypt := func(m envelope.Mechanism, plain []byte) ([]byte, error) {
				if m != wrong {
					return plain, nil
				}
				return spoil(plain)
			}
			err := selfsign.SelfTest(t.Context(), faulty{s, decrypt}, e)
			if fault.CodeOf(err) != fault.StoreSelfTest {
				t.Errorf("%s, %s: %v", wrong, name, err)
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := selfsign.SelfTest(ended, s, e); fault.CodeOf(err) != fault.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Delete(t.Context(), e.URI); err != nil {
		t.Fatal(err)
	}
	if err := selfsign.SelfTest(t.Context(), s, e); fault.CodeOf(err) != fault.StoreSelfTest {
		t.Errorf("key gone: %v", err)
	}
}
