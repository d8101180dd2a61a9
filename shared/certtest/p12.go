package certtest

import (
	"crypto/x509"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// Encoding chooses the algorithms of a PKCS#12 file.
type Encoding int

// The encodings.
const (
	Modern Encoding = iota // PBES2 with AES-256 and a SHA-256 MAC: OpenSSL 3, Java 20
	Legacy                 // RC2-40 and 3DES with a SHA-1 MAC: OpenSSL 1, old Windows and Java
	DES                    // 3DES for both with a SHA-1 MAC
	PBMAC1                 // PBES2 with AES-256 and the MAC of RFC 9579: OpenSSL 3.4
)

// P12 returns the pair as a PKCS#12 file, with further certificates if given.
// It is written by go-pkcs12, not by our own writer.
func (p *Pair) P12(tb testing.TB, password string, e Encoding, chain ...*Pair) []byte {
	tb.Helper()
	encoder := map[Encoding]*pkcs12.Encoder{Modern: pkcs12.Modern2023, Legacy: pkcs12.LegacyRC2, DES: pkcs12.LegacyDES, PBMAC1: pkcs12.Modern2026}[e]
	var others []*x509.Certificate
	for _, c := range chain {
		others = append(others, c.X509)
	}
	der, err := encoder.Encode(p.Key, p.X509, others, password)
	if err != nil {
		tb.Fatalf("certtest: write PKCS#12: %v", err)
	}
	return der
}
