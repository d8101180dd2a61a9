package main

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// keys are one throw-away RSA-2048 key in the forms that the peers read.
type keys struct {
	private                  *rsa.PrivateKey
	der                      []byte
	certificate, pkcs8       string // base64 of DER
	certificatePEM, keyPEM   string
	certificateFile, keyFile string
}

func newKeys(dir string) (*keys, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Banc de mesure"}, KeyUsage: x509.KeyUsageKeyEncipherment,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(240 * time.Hour),
	}
	k := &keys{private: private}
	if k.der, err = x509.CreateCertificate(rand.Reader, template, template, private.Public(), private); err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, err
	}
	k.certificate, k.pkcs8 = base64.StdEncoding.EncodeToString(k.der), base64.StdEncoding.EncodeToString(pkcs8)
	k.certificatePEM = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.der}))
	k.keyPEM = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}))
	k.certificateFile, k.keyFile = filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	if err := os.WriteFile(k.certificateFile, []byte(k.certificatePEM), 0o600); err != nil {
		return nil, err
	}
	return k, os.WriteFile(k.keyFile, []byte(k.keyPEM), 0o600)
}

// randomFile writes a file that does not compress.
func randomFile(name string, size int64) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	block := make([]byte, 1<<20)
	rand.Read(block)
	for left := size; left > 0 && err == nil; left -= int64(len(block)) {
		_, err = io.Copy(f, bytes.NewReader(block[:min(left, int64(len(block)))]))
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
