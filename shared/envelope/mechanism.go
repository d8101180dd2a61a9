package envelope

import "scelle/shared/envelope/mechanism"

// Mechanism is [mechanism.Mechanism].
type Mechanism = mechanism.Mechanism

// The mechanisms are described at package mechanism.
const (
	RSAOAEPSHA256 = mechanism.RSAOAEPSHA256
	RSAOAEPSHA1   = mechanism.RSAOAEPSHA1
	RSAPKCS1      = mechanism.RSAPKCS1
	RSAOAEPSHA384 = mechanism.RSAOAEPSHA384
	RSAOAEPSHA512 = mechanism.RSAOAEPSHA512
	ECDH          = mechanism.ECDH
)
