package envelope_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/envelope"
)

// recipient stands in for a certificate and a key that a program has read
// from somewhere. The certificate is DER.
func recipient() (certificate []byte, unwrapper envelope.KeyUnwrapper) {
	var t testing.T
	pair := certtest.NewCA(&t, "AC de l'exemple").Issue(&t, certtest.Options{})
	u, err := envelope.NewPrivateKeyUnwrapper(pair.Key, pair.DER)
	if err != nil {
		panic(err)
	}
	return pair.DER, u
}

func ExampleSeal() {
	certificate, unwrapper := recipient()
	var sealed bytes.Buffer
	content := "Offre : 12 000 euros"
	receipt, err := envelope.Seal(context.Background(), &sealed, strings.NewReader(content), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: certificate}},
		Length:     int64(len(content)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receipt.Size == int64(sealed.Len()))

	var quarantine bytes.Buffer
	report, err := envelope.Open(context.Background(), &quarantine, &sealed, envelope.OpenOptions{Unwrapper: unwrapper})
	if err != nil {
		fmt.Println(err) // and destroy what is in the quarantine
		return
	}
	fmt.Println(quarantine.String(), report.Authenticated, report.ContentSHA256 == receipt.ContentSHA256)
	// Output:
	// true
	// Offre : 12 000 euros true true
}
