package envelope_test

import (
	"bytes"
	"context"
	"crypto/elliptic"
	"strings"
	"testing"

	der "scelle/shared/cms/dertest"
	"scelle/shared/envelope"
	"scelle/shared/fault"
)

// TestStaticOriginators: an originator named by its certificate, whose key is
// not in the envelope, is refused by name and not as an unknown algorithm.
func TestStaticOriginators(t *testing.T) {
	pair := ecPair(t, elliptic.P256())
	u := unwrapper(t, pair)
	sealed := seal(t, random(50), envelope.SealOptions{Recipients: to(pair), Length: 50})
	i, err := envelope.Inspect(bytes.NewReader(sealed))
	if err != nil {
		t.Fatal(err)
	}
	k := i.Header.RecipientInfos[0].KeyAgree
	for name, originator := range map[string][]byte{
		"issuer and serial":      issuerAndSerial(t, pair),
		"subject key identifier": der.TLV(0x80, random(20)),
	} {
		info := keyAgree(issuerAndSerial(t, pair), originator, k.KeyEncryptionAlgorithm.Raw, k.RecipientEncryptedKeys[0].EncryptedKey)
		_, err := u.Unwrap(context.Background(), recipientInfo(t, info), i.Content)
		wantCode(t, err, fault.EnvelopeUnsupported)
		if detail := fault.Of(err).Detail; detail != "static originator key" {
			t.Errorf("%s: %q", name, detail)
		}
	}
}

// TestPreambleLength: what stands before a PEM block counts with its line
// ends, up to 64 KiB and no further.
func TestPreambleLength(t *testing.T) {
	pair := rsaPair(t, 0)
	u := unwrapper(t, pair)
	block := "-----BEGIN CMS-----\n" + base64Lines(craftGCM(t, pair, random(100)).bytes()) + "-----END CMS-----\n"
	const most = 64 << 10
	if _, _, err := open([]byte(strings.Repeat("\n", most-1)+block), u); err != nil {
		t.Errorf("%d lines before the block: %v", most-1, err)
	}
	_, _, err := open([]byte(strings.Repeat("\n", most)+block), u)
	wantCode(t, err, fault.EnvelopeMalformed)
}
