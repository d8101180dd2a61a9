package nss

import (
	"encoding/hex"
	"net/url"
	"strings"

	"scelle/shared/fault"
)

// keyURI names a certificate and its private key in one database:
//
//	nss:path=/home/anne/.local/share/pki/nssdb;id=<hex>;cert=<hex>
//
// path is percent-escaped (RFC 3986, path segments), id is CKA_ID in
// lower-case hex, by which NSS ties the private key to the certificate, and
// cert is the SHA-256 of the certificate's DER: several certificates may share
// a key. Slot numbers and token names change from run to run and stay out.
//
// The keys of a Firefox profile begin with firefox: instead.
type keyURI struct {
	scheme string
	path   string
	id     []byte
	cert   [32]byte
}

func (u keyURI) String() string {
	return u.scheme + ":path=" + escapePath(u.path) +
		";id=" + hex.EncodeToString(u.id) +
		";cert=" + hex.EncodeToString(u.cert[:])
}

// escapePath escapes the bytes of a path, not its slashes; "," and ";" too,
// which url.PathEscape takes care of.
func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}

// parseURI accepts exactly what String writes for this scheme: these attributes, in this
// order, in this spelling. Everything else is fault.KeyNotFound, as any name
// that nothing has.
func parseURI(scheme, s string) (keyURI, error) {
	notFound := fault.New(fault.KeyNotFound)
	rest, ok1 := strings.CutPrefix(s, scheme+":path=")
	path, rest, ok2 := strings.Cut(rest, ";id=")
	id, cert, ok3 := strings.Cut(rest, ";cert=")
	if !ok1 || !ok2 || !ok3 {
		return keyURI{}, notFound
	}
	u := keyURI{scheme: scheme}
	var err1, err2, err3 error
	u.path, err1 = url.PathUnescape(path)
	u.id, err2 = hex.DecodeString(id)
	sum, err3 := hex.DecodeString(cert)
	if err1 != nil || err2 != nil || err3 != nil || len(sum) != len(u.cert) || !strings.HasPrefix(u.path, "/") {
		return keyURI{}, notFound
	}
	copy(u.cert[:], sum)
	if u.String() != s {
		return keyURI{}, notFound
	}
	return u, nil
}
