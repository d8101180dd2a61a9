package certtest

import (
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

func TestIssue(t *testing.T) {
	ca := NewCA(t, "AC")
	until := time.Now().AddDate(0, 1, 0).UTC().Truncate(time.Second)
	p := ca.Issue(t, Options{CommonName: "Élodie", Bits: 3072, NotAfter: until, Serial: big.NewInt(7), SubjectKey: []byte("id")})
	x := p.X509
	if err := x.CheckSignatureFrom(ca.X509); err != nil {
		t.Error(err)
	}
	if x.Subject.CommonName != "Élodie" || x.PublicKey.(*rsa.PublicKey).N.BitLen() != 3072 || !x.NotAfter.Equal(until) ||
		x.SerialNumber.Int64() != 7 || string(x.SubjectKeyId) != "id" || x.KeyUsage != x509.KeyUsageKeyEncipherment {
		t.Errorf("%+v", x)
	}
	ec := SelfSigned(t, Options{Curve: elliptic.P384(), NoSKI: true}).X509
	if ec.KeyUsage != x509.KeyUsageKeyAgreement || ec.SubjectKeyId != nil || ec.CheckSignature(ec.SignatureAlgorithm, ec.RawTBSCertificate, ec.Signature) != nil {
		t.Errorf("%+v", ec)
	}
	if bare := SelfSigned(t, Options{NoKeyUsage: true}).X509; bare.KeyUsage != 0 {
		t.Error("a key usage came in")
	}
}

func TestKeysAreSharedByNumber(t *testing.T) {
	first, again := RSAKey(t, 2048, 0), RSAKey(t, 2048, 0)
	if first != again || first.Equal(RSAKey(t, 2048, 1)) {
		t.Error("keys are not kept by number")
	}
	if k := RSAKeyWithExponent(t, 2048, 3); k.E != 3 || k.Validate() != nil {
		t.Errorf("exponent %d", k.E)
	}
}

func TestNegativeSerialIsSigned(t *testing.T) {
	ca := NewCA(t, "AC")
	p := ca.Issue(t, Options{Serial: big.NewInt(-1)})
	if p.X509 != nil || len(p.DER) == 0 {
		t.Error("crypto/x509 was asked to read a negative serial number")
	}
	same := Rewrite(t, p.DER, ca.Key, func(tbs []byte) []byte { return tbs })
	if len(same) < len(p.DER)-8 {
		t.Error("rewriting lost something")
	}
}

func TestP12AndPEM(t *testing.T) {
	ca := NewCA(t, "AC")
	p := ca.Issue(t, Options{})
	for _, e := range []Encoding{Modern, Legacy, DES} {
		key, leaf, chain, err := pkcs12.DecodeChain(p.P12(t, "é", e, &ca.Pair), "é")
		if err != nil || !p.Key.(*rsa.PrivateKey).Equal(key) || !leaf.Equal(p.X509) || len(chain) != 1 {
			t.Errorf("%d: %v", e, err)
		}
	}
	if b, _ := pem.Decode(p.PEM()); b == nil || string(b.Bytes) != string(p.DER) {
		t.Error("PEM of the certificate")
	}
	b, _ := pem.Decode(p.KeyPEM(t))
	if key, err := x509.ParsePKCS8PrivateKey(b.Bytes); err != nil || !p.Key.(*rsa.PrivateKey).Equal(key) {
		t.Error(err)
	}
}
