// Package listkey signs the portal's lists: the keys of a consultation and the
// plis of an opening. Its key serves nothing else and has nothing to do with
// the certificate authority of package authority, so that either can be
// replaced, or put into a security module, without the other.
package listkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"path/filepath"
	"sync"
	"time"

	"scelle/scripts/portal/internal/keyfile"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

// File is the name of the key and its certificate in a data directory.
const File = "list-signing.pem"

// A certificate is renewed, over the same key and so with the same pin, when
// it ends within renewBefore.
const (
	years       = 3
	renewBefore = 90 * 24 * time.Hour
)

// Signer is the key that signs the portal's lists.
type Signer struct {
	path string
	now  func() time.Time

	mu   sync.Mutex // guards pair
	pair keyfile.Pair
}

// Load reads the key of a data directory, or makes one there: ECDSA P-256.
func Load(dir string, now func() time.Time) (*Signer, error) {
	s := &Signer{path: filepath.Join(dir, File), now: now}
	var err error
	s.pair, err = keyfile.Load(s.path, func() (keyfile.Pair, error) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return keyfile.Pair{}, err
		}
		return certify(key, now())
	})
	return s, err
}

// certify signs a certificate for a key with the key itself: people and
// browsers know the key by its pin, no authority stands above it.
func certify(key *ecdsa.PrivateKey, now time.Time) (keyfile.Pair, error) {
	template := &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Listes signées de la salle des marchés de référence", Organization: []string{"Scellé"}, Country: []string{"FR"}},
		NotBefore: now.Add(-time.Hour),
		NotAfter:  now.AddDate(years, 0, 0),
		KeyUsage:  x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return keyfile.Pair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	return keyfile.Pair{Key: key, Certificate: certificate}, err
}

// current is the pair, with a renewed certificate when the time has come.
func (s *Signer) current() (keyfile.Pair, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, ours := s.pair.Key.(*ecdsa.PrivateKey)
	if !ours || s.now().Add(renewBefore).Before(s.pair.Certificate.NotAfter) {
		return s.pair, nil
	}
	renewed, err := certify(key, s.now())
	if err != nil {
		return s.pair, err
	}
	if err := keyfile.Save(s.path, renewed); err != nil {
		return s.pair, err
	}
	s.pair = renewed
	return s.pair, nil
}

// Sign signs a list that was issued now. Errors: those of [signeddata.Sign].
func (s *Signer) Sign(list lists.List) ([]byte, error) {
	p, err := s.current()
	if err != nil {
		return nil, err
	}
	return signeddata.Sign(list, p.Key, p.Certificate.Raw)
}

// Certificate is the certificate, DER, and its pin: SHA-256 of its
// SubjectPublicKeyInfo in lower-case hexadecimal, which is what an
// administrator settles and a person compares.
func (s *Signer) Certificate() (der []byte, pin string, err error) {
	p, err := s.current()
	if err != nil {
		return nil, "", err
	}
	pin, err = signeddata.Pin(p.Certificate.Raw)
	return p.Certificate.Raw, pin, err
}
