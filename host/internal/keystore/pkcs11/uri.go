package pkcs11

import (
	"encoding/hex"
	"fmt"
	"strings"

	"scelle/shared/fault"
)

// tokenName is what tells tokens apart, as C_GetTokenInfo gives it. Slot
// numbers change from run to run and stay out.
type tokenName struct{ label, manufacturer, serial, model string }

// keyURI names a certificate and its private key on one token, as RFC 7512
// has it, with one attribute of our own:
//
//	pkcs11:token=Anne;manufacturer=SoftHSM%20project;serial=1a2b;model=x;id=%01%FF;x-scelle-cert=<hex>
//
// id is CKA_ID, which ties the private key to the certificate; the last is
// the SHA-256 of the certificate's DER in lower-case hex, since several
// certificates may share a key.
type keyURI struct {
	token tokenName
	id    []byte
	cert  [32]byte
}

// The attributes, in the order in which they are written.
const (
	attrToken        = ID + ":token="
	attrManufacturer = ";manufacturer="
	attrSerial       = ";serial="
	attrModel        = ";model="
	attrID           = ";id="
	attrCert         = ";x-scelle-cert="
)

func (u keyURI) String() string {
	return attrToken + escape([]byte(u.token.label)) +
		attrManufacturer + escape([]byte(u.token.manufacturer)) +
		attrSerial + escape([]byte(u.token.serial)) +
		attrModel + escape([]byte(u.token.model)) +
		attrID + escape(u.id) +
		attrCert + hex.EncodeToString(u.cert[:])
}

// escape percent-encodes all but the unreserved characters of RFC 3986, 2.3.
func escape(value []byte) string {
	var b strings.Builder
	for _, c := range value {
		if c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// maxURI bounds a URI, in bytes: token names are short, ids too.
const maxURI = 4096

// parseURI accepts exactly what String writes. Everything else is
// fault.KeyNotFound, as any name that nothing has.
func parseURI(s string) (keyURI, error) {
	notFound := fault.New(fault.KeyNotFound)
	if len(s) > maxURI {
		return keyURI{}, notFound
	}
	rest, ok := strings.CutPrefix(s, attrToken)
	var values [6][]byte
	for i, next := range []string{attrManufacturer, attrSerial, attrModel, attrID, attrCert, ""} {
		value := rest
		if next != "" {
			var found bool
			value, rest, found = strings.Cut(rest, next)
			ok = ok && found
		}
		var fine bool
		values[i], fine = unescape(value)
		ok = ok && fine
	}
	if !ok {
		return keyURI{}, notFound
	}
	u := keyURI{
		token: tokenName{string(values[0]), string(values[1]), string(values[2]), string(values[3])},
		id:    values[4],
	}
	sum, err := hex.DecodeString(string(values[5]))
	if err != nil || len(sum) != len(u.cert) {
		return keyURI{}, notFound
	}
	copy(u.cert[:], sum)
	if u.String() != s {
		return keyURI{}, notFound
	}
	return u, nil
}

func unescape(s string) ([]byte, bool) {
	out := make([]byte, 0, len(s))
	for len(s) > 0 {
		if s[0] != '%' {
			out, s = append(out, s[0]), s[1:]
			continue
		}
		if len(s) < 3 {
			return nil, false
		}
		b, err := hex.DecodeString(s[1:3])
		if err != nil {
			return nil, false
		}
		out, s = append(out, b...), s[3:]
	}
	return out, true
}
