// Package certtest makes throw-away certificates, keys and PKCS#12 files for
// tests. Only tests import it; nothing it makes is trusted by anyone.
//
//	ca := certtest.NewCA(t, "AC de test")
//	alice := ca.Issue(t, certtest.Options{CommonName: "Alice Léger"})
//	bob := ca.Issue(t, certtest.Options{CommonName: "Bob", Key: 1}) // another RSA key
//	p12 := alice.P12(t, "mot de passe", certtest.Modern)
//
// RSA keys are made once for each process and handed out by length and number
// ([Options.Key]), so that a test costs one generation at most. Two
// certificates with the same numbers share their key: give Key when a test
// needs two recipients. EC keys are cheap and always fresh.
package certtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// Options describes a certificate. The zero value is an RSA-2048 key with
// usage keyEncipherment, valid from yesterday for three years.
type Options struct {
	CommonName string         // "Clé de test" when empty
	Subject    *pkix.Name     // replaces CommonName when given
	Bits       int            // RSA modulus length, 2048 when 0
	Key        int            // which of the process's RSA keys of that length, from 0
	Exponent   int            // RSA public exponent, 65537 when 0; 3 is the other that works
	Curve      elliptic.Curve // makes an EC key instead, with usage keyAgreement
	Signer     crypto.Signer  // uses this key instead of all the above

	KeyUsage   x509.KeyUsage // replaces the usage that goes with the key
	NoKeyUsage bool          // leaves the key usage extension out
	NotBefore  time.Time     // yesterday when zero
	NotAfter   time.Time     // three years from now when zero
	Serial     *big.Int      // random and positive when nil; may be negative
	SubjectKey []byte        // subject key identifier; made from the key when nil
	NoSKI      bool          // leaves the subject key identifier out
}

// Pair is a private key with its certificate.
type Pair struct {
	Key  crypto.Signer     // *rsa.PrivateKey or *ecdsa.PrivateKey
	DER  []byte            // the certificate
	X509 *x509.Certificate // the same, parsed; nil when crypto/x509 refuses it (negative serial)
}

// CA is a certificate authority of one test.
type CA struct{ Pair }

// NewCA makes a self-signed authority with an EC key.
func NewCA(tb testing.TB, commonName string) *CA {
	tb.Helper()
	key := ECKey(tb, elliptic.P256())
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: commonName, Organization: []string{"Scellé, essais"}, Country: []string{"FR"}},
		NotBefore:             time.Now().Add(-48 * time.Hour),
		NotAfter:              time.Now().AddDate(10, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	return &CA{create(tb, template, template, key, key)}
}

// Issue makes a key and a certificate for it, signed by the authority.
func (ca *CA) Issue(tb testing.TB, o Options) *Pair {
	tb.Helper()
	key := o.key(tb)
	p := create(tb, o.template(tb, key), ca.X509, key, ca.Key)
	if o.Serial != nil && o.Serial.Sign() < 0 {
		p = Pair{Key: key, DER: withSerial(tb, p.DER, o.Serial, ca.Key)}
	}
	return &p
}

// SelfSigned makes a key and a certificate that it signs itself.
func SelfSigned(tb testing.TB, o Options) *Pair {
	tb.Helper()
	key := o.key(tb)
	template := o.template(tb, key)
	p := create(tb, template, template, key, key)
	if o.Serial != nil && o.Serial.Sign() < 0 {
		p = Pair{Key: key, DER: withSerial(tb, p.DER, o.Serial, key)}
	}
	return &p
}

func create(tb testing.TB, template, parent *x509.Certificate, key, signer crypto.Signer) Pair {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		tb.Fatalf("certtest: create certificate: %v", err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatalf("certtest: parse certificate: %v", err)
	}
	return Pair{Key: key, DER: der, X509: parsed}
}

func (o Options) key(tb testing.TB) crypto.Signer {
	tb.Helper()
	switch {
	case o.Signer != nil:
		return o.Signer
	case o.Curve != nil:
		return ECKey(tb, o.Curve)
	case o.Exponent != 0 && o.Exponent != 65537:
		return RSAKeyWithExponent(tb, o.bits(), o.Exponent)
	}
	return RSAKey(tb, o.bits(), o.Key)
}

func (o Options) bits() int {
	if o.Bits == 0 {
		return 2048
	}
	return o.Bits
}

func (o Options) template(tb testing.TB, key crypto.Signer) *x509.Certificate {
	tb.Helper()
	t := &x509.Certificate{
		SerialNumber: o.serial(tb),
		Subject:      o.subject(),
		NotBefore:    o.NotBefore,
		NotAfter:     o.NotAfter,
		KeyUsage:     o.usage(key),
		SubjectKeyId: o.SubjectKey,
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = time.Now().Add(-24 * time.Hour)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = time.Now().AddDate(3, 0, 0)
	}
	if t.SubjectKeyId == nil && !o.NoSKI {
		t.SubjectKeyId = keyID(tb, key)
	}
	return t
}

func (o Options) subject() pkix.Name {
	switch {
	case o.Subject != nil:
		return *o.Subject
	case o.CommonName != "":
		return pkix.Name{CommonName: o.CommonName}
	}
	return pkix.Name{CommonName: "Clé de test"}
}

func (o Options) usage(key crypto.Signer) x509.KeyUsage {
	if o.NoKeyUsage {
		return 0
	}
	if o.KeyUsage != 0 {
		return o.KeyUsage
	}
	if _, ok := key.(*ecdsa.PrivateKey); ok {
		return x509.KeyUsageKeyAgreement
	}
	return x509.KeyUsageKeyEncipherment
}

func (o Options) serial(tb testing.TB) *big.Int {
	tb.Helper()
	if o.Serial != nil {
		return new(big.Int).Abs(o.Serial)
	}
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		tb.Fatalf("certtest: serial: %v", err)
	}
	return n.Add(n, big.NewInt(1))
}

// PEM returns the certificate as a PEM block.
func (p *Pair) PEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.DER})
}

// KeyPEM returns the private key as an unencrypted PKCS#8 PEM block.
func (p *Pair) KeyPEM(tb testing.TB) []byte {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		tb.Fatalf("certtest: marshal key: %v", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}
