package envelope_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scelle/shared/certtest"
	"scelle/shared/cms"
	"scelle/shared/envelope"
)

// recipient stands in for a certificate and a key that a program has read
// from somewhere. The certificate is DER.
func recipient() (certificate []byte, unwrapper envelope.KeyUnwrapper) {
	return recipientWithKey(0)
}

func recipientWithKey(number int) (certificate []byte, unwrapper envelope.KeyUnwrapper) {
	var t testing.T
	pair := certtest.NewCA(&t, "AC de l'exemple").Issue(&t, certtest.Options{Key: number})
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

// sealed stands in for an envelope that came from somewhere.
func sealed(content string, certificate []byte) []byte {
	var out bytes.Buffer
	_, err := envelope.Seal(context.Background(), &out, strings.NewReader(content), envelope.SealOptions{
		Recipients: []envelope.Recipient{{Certificate: certificate}},
		Length:     envelope.UnknownLength,
	})
	if err != nil {
		panic(err)
	}
	return out.Bytes()
}

// A file gets its name only after the whole envelope was checked.
func ExampleOpen() {
	certificate, unwrapper := recipient()
	folder, err := os.MkdirTemp("", "scelle")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	quarantine, err := os.CreateTemp(folder, ".scelle-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.Remove(quarantine.Name())
	defer quarantine.Close()

	report, err := envelope.Open(context.Background(), quarantine, bytes.NewReader(sealed("Offre", certificate)), envelope.OpenOptions{
		Unwrapper: unwrapper,
		Prefix:    []byte("Off"), // a pli has its own, 68 bytes long
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := os.Rename(quarantine.Name(), filepath.Join(folder, "offre.txt")); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(report.Size, report.Authenticated)
	// Output: 5 true
}

func ExampleInspect() {
	certificate, _ := recipient()
	info, err := envelope.Inspect(bytes.NewReader(sealed("Offre", certificate)))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info.Algorithm, info.Authenticated)
	for _, r := range info.Recipients {
		fmt.Println(r.Mechanism)
	}
	// Output:
	// aes-256-gcm true
	// rsa-oaep-sha256
}

// A renewed certificate replaces the old one; the content stays as it is.
func ExampleRewrap() {
	old, unwrapper := recipient()
	renewed, renewedUnwrapper := recipientWithKey(1)
	var again bytes.Buffer
	_, err := envelope.Rewrap(context.Background(), &again, bytes.NewReader(sealed("Offre", old)), envelope.RewrapOptions{
		Unwrapper: unwrapper,
		Keep:      func(r *cms.RecipientInfo) bool { return !unwrapper.Owns(r) },
		Add:       []envelope.Recipient{{Certificate: renewed}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	var quarantine bytes.Buffer
	if _, err := envelope.Open(context.Background(), &quarantine, &again, envelope.OpenOptions{Unwrapper: renewedUnwrapper}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(quarantine.String())
	// Output: Offre
}
