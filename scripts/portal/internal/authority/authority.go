// Package authority makes certificates and key pairs for agents whose portal
// generates them: a small certificate authority, and the making of a pair that
// leaves no private key behind.
package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"scelle/shared/protocol"
)

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         crypto.Signer
}

// File is the name of the authority's key and certificate in a data directory.
const File = "authority.pem"

const authorityYears = 15

// Load reads the authority of a data directory, or makes one there: an ECDSA
// P-384 key and its certificate in one PEM file that only its owner may read.
func Load(dir string, now time.Time) (*Authority, error) {
	path := filepath.Join(dir, File)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = create(now); err == nil {
			err = writeOnce(path, text)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("authority: %w", err)
	}
	a, err := parse(text)
	clear(text)
	if err != nil {
		return nil, fmt.Errorf("authority: %s: %w", path, err)
	}
	return a, nil
}

// create makes a key and a self-signed certificate, as PEM.
func create(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
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
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	defer clear(der)
	return append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})...), nil
}

// writeOnce writes a file that is there in full or not at all.
func writeOnce(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".authority-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

func parse(text []byte) (*Authority, error) {
	keyBlock, rest := pem.Decode(text)
	certificateBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certificateBlock == nil {
		return nil, errors.New("not a key and a certificate")
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("not a signing key")
	}
	certificate, err := x509.ParseCertificate(certificateBlock.Bytes)
	return &Authority{certificate, signer}, err
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
	return x509.CreateCertificate(rand.Reader, template, a.certificate, public, a.key)
}
