package signeddata_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"strings"
	"time"

	"scelle/shared/fault"
	"scelle/shared/pli"
	"scelle/shared/signeddata"
	"scelle/shared/signeddata/lists"
)

// A portal signs the plis of an opening; an extension that knows the pin of
// the portal's key verifies them, and refuses them to anybody else.
func Example() {
	key, certificate := portalKey()
	now := time.Now()
	der, err := signeddata.Sign(&lists.Opening{
		Origin: "https://marches.exemple.fr", Tender: "2026-042", NotBefore: now.Add(-time.Minute), Issued: now,
		Plis: []lists.Pli{{ID: "17", SHA256: strings.Repeat("ab", 32), Label: "Entreprise Léa", Kind: pli.Offre}},
	}, key, certificate)
	if err != nil {
		fmt.Println(err)
		return
	}

	pin, _ := signeddata.Pin(certificate) // settled when the site was allowed
	expected := lists.Expected{Origin: "https://marches.exemple.fr", Tender: "2026-042", Now: time.Now()}
	list, _, err := signeddata.VerifyOpening(der, []string{pin}, expected)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(list.Plis[0].ID, list.Plis[0].Label)

	expected.Tender = "2026-043"
	_, _, err = signeddata.VerifyOpening(der, []string{pin}, expected)
	fmt.Println(fault.CodeOf(err), fault.Of(err).Detail)
	// Output:
	// 17 Entreprise Léa
	// list-other tender
}

// portalKey makes what a portal keeps: a key and its self-signed certificate.
func portalKey() (*ecdsa.PrivateKey, []byte) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Salle des marchés"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(3, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, nil
	}
	return key, certificate
}
