package envelope

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
