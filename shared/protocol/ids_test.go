package protocol

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

// TestChromeIDFollowsItsKey makes the id from the key as Chromium does.
func TestChromeIDFollowsItsKey(t *testing.T) {
	der, err := base64.StdEncoding.DecodeString(ChromeKey)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := x509.ParsePKIXPublicKey(der); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	id := strings.Map(func(r rune) rune {
		return 'a' + rune(strings.IndexRune("0123456789abcdef", r))
	}, hex.EncodeToString(sum[:16]))
	if id != ChromeID {
		t.Errorf("ChromeID is %s, its key says %s", ChromeID, id)
	}
}
