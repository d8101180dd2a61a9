// Package keyfile keeps the portal's own keys in its data directory: a private
// key and its certificate in one PEM file that only its owner may read. Each
// key has a file of its own.
package keyfile

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Pair is a key and its certificate.
type Pair struct {
	Key         crypto.Signer
	Certificate *x509.Certificate
}

// Load reads the pair of a file, or makes it with create when there is none.
func Load(path string, create func() (Pair, error)) (Pair, error) {
	p, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		if p, err = create(); err == nil {
			err = Save(path, p)
		}
	}
	if err != nil {
		return Pair{}, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return p, nil
}

func read(path string) (Pair, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Pair{}, err
	}
	defer clear(text)
	keyBlock, rest := pem.Decode(text)
	certificateBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certificateBlock == nil {
		return Pair{}, errors.New("not a key and a certificate")
	}
	defer clear(keyBlock.Bytes)
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return Pair{}, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return Pair{}, errors.New("not a signing key")
	}
	certificate, err := x509.ParseCertificate(certificateBlock.Bytes)
	return Pair{signer, certificate}, err
}

// Save writes a file that is there in full or not at all.
func Save(path string, p Pair) error {
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		return err
	}
	defer clear(der)
	text := append(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate.Raw})...)
	defer clear(text)
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
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
