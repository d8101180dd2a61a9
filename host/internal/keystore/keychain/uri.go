//go:build darwin || linux

package keychain

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/keypair"
)

// keyURI names a certificate and its private key:
//
//	keychain:id=<hex>;cert=<hex>
//
// id is kSecAttrApplicationLabel of the key, 20 bytes, by which macOS ties it
// to the certificate, and empty where the certificate's public key cannot be
// read; cert is the SHA-256 of the certificate's DER, as several certificates
// may share a key. Both are lower-case hex. The keychain file is not named: a
// user may move items from one to another.
type keyURI struct {
	id   string // bytes
	cert [sha256.Size]byte
}

func (u keyURI) String() string {
	return ID + ":id=" + hex.EncodeToString([]byte(u.id)) + ";cert=" + hex.EncodeToString(u.cert[:])
}

// uriOf is the name of a certificate in this store.
func uriOf(der []byte) keyURI {
	return keyURI{id: keyID(der), cert: sha256.Sum256(der)}
}

// parseURI accepts exactly what String writes. Everything else is
// fault.KeyNotFound, as any name that nothing has.
func parseURI(s string) (keyURI, error) {
	notFound := fault.New(fault.KeyNotFound)
	rest, ok1 := strings.CutPrefix(s, ID+":id=")
	id, cert, ok2 := strings.Cut(rest, ";cert=")
	if !ok1 || !ok2 || len(s) > 256 {
		return keyURI{}, notFound
	}
	label, err1 := hex.DecodeString(id)
	sum, err2 := hex.DecodeString(cert)
	u := keyURI{id: string(label)}
	if err1 != nil || err2 != nil || len(sum) != len(u.cert) {
		return keyURI{}, notFound
	}
	copy(u.cert[:], sum)
	if u.String() != s {
		return keyURI{}, notFound
	}
	return u, nil
}

// keyID is the label that macOS gives the private key of a certificate:
// SHA-1 of the subjectPublicKey without its tag, length and unused bits
// (method 1 of RFC 5280, 4.2.1.2). It is "" when der is no certificate.
func keyID(der []byte) string {
	c, err := keypair.Parse(der)
	if err != nil {
		return ""
	}
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	if rest, err := asn1.Unmarshal(c.SPKI, &info); err != nil || len(rest) > 0 {
		return ""
	}
	sum := sha1.Sum(info.Key.RightAlign())
	return string(sum[:])
}
