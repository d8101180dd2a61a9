package authority

import (
	"crypto/rsa"
	"crypto/x509"

	"software.sslmate.com/src/go-pkcs12"
)

func encodeP12(key *rsa.PrivateKey, certificate []byte, name string, password []byte) ([]byte, error) {
	parsed, err := x509.ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	return pkcs12.Modern2023.Encode(key, parsed, nil, string(password))
}
