package envelope_test

import (
	"crypto/x509"
	"os"
	"strings"
	"testing"

	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// example reads a file of RFC 4134, appendix B, see testdata/README.md.
func example(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../testdata/rfc4134/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRFC4134 opens the RFC's enveloped-data with Bob's key: 5.1 is 3DES for
// one recipient, 5.3 the same as an S/MIME message, whose lines end in a bare
// LF. Both have no authentication, which is said. 5.2 has a second recipient,
// a mailing list's key, and content in RC2 of 40 bits, which is refused by name.
func TestRFC4134(t *testing.T) {
	key, err := x509.ParsePKCS8PrivateKey(example(t, "BobPrivRSAEncrypt.pri"))
	if err != nil {
		t.Fatal(err)
	}
	bob, err := envelope.NewPrivateKeyUnwrapper(key, example(t, "BobRSASignByCarl.cer"))
	if err != nil {
		t.Fatal(err)
	}
	content := example(t, "ExContent.bin")
	if string(content) != "This is some sample content." {
		t.Fatalf("the content is %q", content)
	}
	for _, name := range []string{"5.1.bin", "5.3.eml"} {
		report := mustOpen(t, example(t, name), content, bob)
		if report.Authenticated || report.Info.Algorithm != envelope.DESEDE3 {
			t.Errorf("%s: %s, authenticated %v", name, report.Info.Algorithm, report.Authenticated)
		}
	}
	got, report, err := open(example(t, "5.2.bin"), bob)
	wantCode(t, err, fault.EnvelopeUnsupported)
	if len(got) != 0 || report != nil || !strings.Contains(err.Error(), "rc2-cbc") {
		t.Errorf("5.2.bin: %q, %v, %v", got, report, err)
	}
}
