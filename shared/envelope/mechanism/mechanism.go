// Package mechanism holds the names of the ways in which a content-encryption
// key is wrapped. It stands apart from package envelope, which can do them, so
// that what only passes the names on links no cryptography.
package mechanism

import "crypto"

// Mechanism names how a content-encryption key is wrapped to one recipient.
// The values are part of the portal's API and of the native-messaging protocol.
type Mechanism string

// The mechanisms. The three named for sealing and for proofs of possession
// are RSAOAEPSHA256, RSAOAEPSHA1 and RSAPKCS1, in that order of preference,
// and ECDH for elliptic-curve keys; the others are only read.
const (
	RSAOAEPSHA256 Mechanism = "rsa-oaep-sha256" // RFC 8017 7.1, SHA-256 and MGF1-SHA-256
	RSAOAEPSHA1   Mechanism = "rsa-oaep-sha1"   // RFC 8017 7.1, SHA-1 and MGF1-SHA-1
	RSAPKCS1      Mechanism = "rsa-pkcs1"       // RFC 8017 7.2, RSAES-PKCS1-v1_5
	RSAOAEPSHA384 Mechanism = "rsa-oaep-sha384" // read only
	RSAOAEPSHA512 Mechanism = "rsa-oaep-sha512" // read only
	ECDH          Mechanism = "ecdh"            // RFC 5753 dhSinglePass-stdDH, X9.63 KDF, AES key wrap
)

// Hash is the hash function of an OAEP mechanism, 0 for the others.
func (m Mechanism) Hash() crypto.Hash {
	switch m {
	case RSAOAEPSHA1:
		return crypto.SHA1
	case RSAOAEPSHA256:
		return crypto.SHA256
	case RSAOAEPSHA384:
		return crypto.SHA384
	case RSAOAEPSHA512:
		return crypto.SHA512
	}
	return 0
}

// RSA reports whether m is a mechanism of RSA keys.
func (m Mechanism) RSA() bool { return m == RSAPKCS1 || m.Hash() != 0 }
