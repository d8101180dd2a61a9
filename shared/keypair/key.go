package keypair

import (
	"math"
	"math/bits"

	"scelle/shared/tlv"
)

// What a key needs to receive plis.
const (
	MinRSABits     = 2048  // shortest RSA modulus
	MaxRSABits     = 8192  // longest RSA modulus; more only costs time
	MinRSAExponent = 65537 // smallest RSA public exponent
)

const (
	oidRSAEncryption = "1.2.840.113549.1.1.1"
	oidECPublicKey   = "1.2.840.10045.2.1"
)

// curveOf returns the name of a supported curve and the length of its field in
// bits, by its dotted OID or by its name; for others the id itself, and 0.
// Nothing that [Parse] needs may link the curves' arithmetic, which is large.
func curveOf(id string) (name string, bits int) {
	switch id {
	case "1.2.840.10045.3.1.7", "P-256":
		return "P-256", 256
	case "1.3.132.0.34", "P-384":
		return "P-384", 384
	case "1.3.132.0.35", "P-521":
		return "P-521", 521
	}
	return id, 0
}

// SupportedCurve says whether plis can be sealed to keys on this curve, given
// by its name ("P-256") or dotted OID.
func SupportedCurve(id string) bool {
	_, bits := curveOf(id)
	return bits > 0
}

// spki is a SubjectPublicKeyInfo, taken apart.
type spki struct {
	oid        string
	parameters tlv.String // what follows the OID in the AlgorithmIdentifier
	key        tlv.String // the BIT STRING's octets
}

func parseSPKI(der []byte) (spki, bool) {
	var s spki
	var body, algorithm, key tlv.String
	var oid string
	input := tlv.String(der)
	if !input.Read(&body, tlv.Sequence) || !input.Empty() ||
		!body.Read(&algorithm, tlv.Sequence) ||
		!algorithm.ReadOID(&oid) ||
		!body.ReadBits(&key) || !body.Empty() {
		return s, false
	}
	return spki{oid, algorithm, key}, true
}

// rsaKey reads an RSAPublicKey, RFC 8017 A.1.1, as positive integers without
// leading zeros. What is not minimal DER is refused.
func (s spki) rsaKey() (n, e []byte, ok bool) {
	var body tlv.String
	key := s.key
	ok = key.Read(&body, tlv.Sequence) && key.Empty() &&
		readPositive(&body, &n) && readPositive(&body, &e) && body.Empty()
	return n, e, ok
}

// readPositive reads a minimal INTEGER above 0. cryptobyte's own way would link
// math/big.
func readPositive(s *tlv.String, out *[]byte) bool {
	var v tlv.String
	if !s.Read(&v, tlv.Integer) || len(v) == 0 || v[0]&0x80 != 0 || len(v) > 1 && v[0] == 0 && v[1]&0x80 == 0 {
		return false
	}
	if v[0] == 0 {
		v = v[1:]
	}
	*out = v
	return len(v) > 0
}

// bitLen is the length in bits of a number without leading zeros.
func bitLen(b []byte) int { return 8*(len(b)-1) + bits.Len8(b[0]) }

func (c *Certificate) readKey(der []byte) {
	c.Kind = Other
	s, ok := parseSPKI(der)
	if !ok {
		c.Odd = true
		return
	}
	switch s.oid {
	case oidRSAEncryption:
		c.Kind = RSA
		n, e, ok := s.rsaKey()
		if !ok {
			c.Odd = true
			return
		}
		c.Bits, c.Exponent = bitLen(n), math.MaxUint64
		if len(e) <= 8 {
			c.Exponent = 0
			for _, b := range e {
				c.Exponent = c.Exponent<<8 | uint64(b)
			}
		}
	case oidECPublicKey:
		c.Kind, c.Curve = EC, "explicit"
		var oid string
		if s.parameters.ReadOID(&oid) {
			c.Curve, c.Bits = curveOf(oid)
		}
	}
}
