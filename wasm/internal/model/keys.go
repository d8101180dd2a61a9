package model

import (
	"bytes"
	"strings"

	"scelle/shared/fault"
	"scelle/shared/keypair"
	"scelle/shared/protocol"
	"scelle/shared/stable"
)

// keyList is every certificate of this computer that has a private key.
type keyList struct {
	certificates []protocol.Certificate
	failed       []protocol.StoreStatus
}

// listKeys asks for all pages of the list.
func listKeys(r *runs, then func(keyList, error) []Effect) Effect {
	var all keyList
	pages := 0
	var ask func(cursor string) Effect
	ask = func(cursor string) Effect {
		params := protocol.ListParams{Cursor: cursor, KeyOnly: true}
		return host(r, protocol.HostList, params, func(l protocol.ListResult, err error) []Effect {
			if err != nil {
				return then(keyList{}, err)
			}
			all.certificates = append(all.certificates, l.Certificates...)
			if pages++; l.Next != "" && pages < maxPages {
				return []Effect{ask(l.Next)}
			}
			all.failed = l.Failed
			return then(all, nil)
		})
	}
	return ask("")
}

// byExpiry sorts certificates: the one that expires first comes first.
func byExpiry(c []protocol.Certificate) {
	stable.Sort(c, func(a, b protocol.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
}

// usableFirst sorts for choosing: usable ones first, the longest validity on
// top.
func usableFirst(c []protocol.Certificate) {
	stable.Sort(c, func(a, b protocol.Certificate) int {
		if a.Usable != b.Usable {
			if a.Usable {
				return -1
			}
			return 1
		}
		return b.NotAfter.Compare(a.NotAfter)
	})
}

// ownKey is a certificate of this computer with a private key.
type ownKey struct {
	entry protocol.Certificate
	cert  *keypair.Certificate
}

// readKey checks that the host's bytes are the certificate that was asked for.
func readKey(c protocol.Certificate, der []byte, thumbprint string) (ownKey, error) {
	if keypair.Thumbprint(der) != thumbprint {
		return ownKey{}, fault.Newf(fault.Internal, "thumbprint")
	}
	cert, err := keypair.Parse(der)
	if err != nil {
		return ownKey{}, err
	}
	c.Thumbprint = thumbprint
	return ownKey{entry: c, cert: cert}, nil
}

// addressed reports whether the recipient names this certificate, byte for
// byte: by issuer and serial number, or by subject key identifier.
func (k ownKey) addressed(r RecipientInfo) bool {
	if len(r.KeyID) > 0 {
		return bytes.Equal(r.KeyID, k.cert.SubjectKeyID)
	}
	return len(r.Serial) > 0 && bytes.Equal(r.Serial, k.cert.SerialRaw) && bytes.Equal(r.Issuer, k.cert.IssuerRaw)
}

// key is one recipient of an envelope and the key of this computer that it
// names.
type key struct {
	own  ownKey
	info RecipientInfo
}

// findKeys returns the recipients that keys of this computer can open, at
// most protocol.UnwrapsPerPli: more are never tried.
func findKeys(info EnvelopeInfo, own []ownKey) []key {
	var found []key
	for _, r := range info.Recipients {
		for _, k := range own {
			if k.addressed(r) && len(found) < protocol.UnwrapsPerPli {
				found = append(found, key{k, r})
			}
		}
	}
	return found
}

// isThumbprint reports 64 lower-case hex digits.
func isThumbprint(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}
