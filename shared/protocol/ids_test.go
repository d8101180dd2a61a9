package protocol

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
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
	if id := idOf(der); id != ChromeID {
		t.Errorf("ChromeID is %s, its key says %s", ChromeID, id)
	}
}

func idOf(data []byte) string {
	sum := sha256.Sum256(data)
	return strings.Map(func(r rune) rune {
		return 'a' + rune(strings.IndexRune("0123456789abcdef", r))
	}, hex.EncodeToString(sum[:16]))
}

// TestChromiumOrigins: each is an id between Chromium's scheme and a slash,
// and Edge's is not Chrome's.
func TestChromiumOrigins(t *testing.T) {
	origin := regexp.MustCompile(`^chrome-extension://[a-p]{32}/$`)
	for _, o := range ChromiumOrigins() {
		if !origin.MatchString(o) {
			t.Errorf("%q is no origin of an extension", o)
		}
	}
	if ChromeID == EdgeID || !slices.Equal(ChromiumOrigins(), []string{ChromeOrigin, EdgeOrigin}) {
		t.Errorf("origins %q", ChromiumOrigins())
	}
}
