package capi

import (
	"encoding/hex"
	"strings"

	"scelle/shared/fault"
)

// keyURI names a certificate, and the private key that goes with it, in one
// system store:
//
//	capi:store=MY;cert=<hex>
//
// cert is the SHA-256 of the certificate's DER in lower-case hex. The key's
// container stays out: Windows keeps it beside the certificate, and may move
// it to another provider.
type keyURI struct {
	store string
	cert  [32]byte
}

func (u keyURI) String() string {
	return ID + ":store=" + u.store + ";cert=" + hex.EncodeToString(u.cert[:])
}

// parseURI accepts exactly what String writes. Everything else is
// fault.KeyNotFound, as any name that nothing has.
func parseURI(s string) (keyURI, error) {
	var u keyURI
	rest, ok1 := strings.CutPrefix(s, ID+":store=")
	store, cert, ok2 := strings.Cut(rest, ";cert=")
	sum, err := hex.DecodeString(cert)
	if !ok1 || !ok2 || err != nil || len(sum) != len(u.cert) || !validStore(store) {
		return u, fault.New(fault.KeyNotFound)
	}
	u.store = store
	copy(u.cert[:], sum)
	if u.String() != s {
		return keyURI{}, fault.New(fault.KeyNotFound)
	}
	return u, nil
}

// validStore says whether a system store may have this name: one that needs no
// escaping in a URI, a registry path or the name of a mutex.
func validStore(name string) bool {
	for _, r := range name {
		if !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-') {
			return false
		}
	}
	return name != "" && len(name) <= 64
}
