// Package authority makes certificates and key pairs for agents whose portal
// generates them: a small certificate authority, and the making of a pair that
// leaves no private key behind.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"path/filepath"
	"time"

	"scelle/scripts/portal/internal/keyfile"
	"scelle/shared/protocol"
)

// Authority signs certificates.
type Authority struct{ pair keyfile.Pair }

// File is the name of the authority's key and certificate in a data directory.
const File = "authority.pem"

const authorityYears = 15

// Load reads the authority of a data directory, or makes one there: an ECDSA
// P-384 key and its certificate.
func Load(dir string, now time.Time) (*Authority, error) {
	pair, err := keyfile.Load(filepath.Join(dir, File), func() (keyfile.Pair, error) { return create(now) })
	return &Authority{pair}, err
}

// create makes a key and a self-signed certificate.
func create(now time.Time) (keyfile.Pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return keyfile.Pair{}, err
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "Autorité de la salle des marchés de référence", Organization: []string{"Scellé"}, Country: []string{"FR"}},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(authorityYears, 0, 0),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return keyfile.Pair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return keyfile.Pair{Key: key, Certificate: certificate}, err
}

// Issue signs a certificate for a public key (SubjectPublicKeyInfo, DER): this
// common name, keyUsage keyEncipherment, protocol.ServerKeyYears from now.
func (a *Authority) Issue(spki []byte, commonName string, now time.Time) ([]byte, error) {
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(spki)
	template := &x509.Certificate{
		Subject:      pkix.Name{CommonName: commonName},
		NotBefore:    now.Add(-5 * time.Minute), // clocks of the agents' computers differ
		NotAfter:     now.AddDate(protocol.ServerKeyYears, 0, 0),
		KeyUsage:     x509.KeyUsageKeyEncipherment,
		SubjectKeyId: id[:20],
	}
	return x509.CreateCertificate(rand.Reader, template, a.pair.Certificate, public, a.pair.Key)
}
